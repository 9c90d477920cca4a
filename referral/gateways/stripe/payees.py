"""People who are paid cash: their connected accounts, made by us and filled in by them at Stripe.

Stripe may want more of somebody at any time, so the state is read again before each payment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from referral.gateways.stripe.asking import LONGEST_LIST, Asking
from referral.gateways.stripe.client import call
from referral.gateways.stripe.made import about, id_with, marks_in


@dataclass(frozen=True, slots=True)
class PayeeStatus:
    """What a connected account can do and what Stripe still wants, most urgent first.

    `can_be_paid` says that transfers reach it, `payouts_enabled` that money leaves it for the
    bank. After `deadline` it is stopped unless the needs are met.
    """

    can_be_paid: bool
    payouts_enabled: bool
    needs: tuple[str, ...]
    disabled_reason: str | None
    deadline: datetime | None


class Payees(Asking):
    """What we ask about connected accounts."""

    def make_payee(
        self, *, email: str | None, country: str, marks: Mapping[str, str], key: str
    ) -> str:
        """Make a connected account for somebody in a country (ISO 3166, two letters).

        Abroad they are recipients, who can be paid and nothing else; Stripe is asked first which
        country the business is in.
        """
        home = call(lambda: self._client.v1.accounts.retrieve_current().country, changes=False)
        agreement = "full" if country.upper() == home else "recipient"
        params: dict[str, Any] = {
            "capabilities": {"transfers": {"requested": True}},
            "controller": {
                "fees": {"payer": "application"},
                "losses": {"payments": "application"},
                "requirement_collection": "stripe",
                "stripe_dashboard": {"type": "express"},
            },
            "country": country.upper(),
            "metadata": dict(marks),
            "tos_acceptance": {"service_agreement": agreement},
        }
        if email:
            params["email"] = email
        return call(
            lambda: id_with(
                marks,
                self._client.v1.accounts.create(
                    params=params,  # type: ignore[arg-type]
                    options={"idempotency_key": key},
                ).to_dict(),
                email=email,
            ),
            changes=True,
        )

    def find_payee(self, marks: Mapping[str, str], *, since: datetime) -> str | None:
        """Look for a connected account by our marks among those made since a moment."""

        def found() -> str | None:
            listed = self._client.v1.accounts.list(
                params={"created": {"gte": int(since.timestamp())}, "limit": LONGEST_LIST}
            )
            for one in listed.auto_paging_iter():
                theirs = marks_in(one.to_dict())
                if all(theirs.get(name) == value for name, value in marks.items()):
                    return str(one.id)
            return None

        return call(found, changes=False)

    def payee_link(self, payee: str, *, refresh_url: str, return_url: str) -> str:
        """Return the address where a payee gives Stripe what it wants; never send it by mail.

        It works once, for minutes: afterwards it leads to `refresh_url`, which must make another.
        Whoever arrives at `return_url` may have given nothing. Raises NotFoundThere when the
        account is not connected any more.
        """
        made = call(
            lambda: (
                self._client.v1.account_links.create(
                    params={
                        "account": payee,
                        "refresh_url": refresh_url,
                        "return_url": return_url,
                        "type": "account_onboarding",
                    }
                ).url
            ),
            changes=False,
        )
        return str(made)

    def payee_status(self, payee: str) -> PayeeStatus:
        """Read how a connected account stands; raises NotFoundThere when it left the business."""
        return call(
            lambda: read_payee(about(payee, self._client.v1.accounts.retrieve(payee).to_dict())),
            changes=False,
        )


def read_payee(account: Mapping[str, Any]) -> PayeeStatus:
    """Return how an account stands, as Stripe describes it in an answer or an event."""
    wants = account.get("requirements") or {}
    needs = [*(wants.get("past_due") or ()), *(wants.get("currently_due") or ())]
    deadline = wants.get("current_deadline")
    return PayeeStatus(
        can_be_paid=(account.get("capabilities") or {}).get("transfers") == "active",
        payouts_enabled=bool(account.get("payouts_enabled")),
        needs=tuple(dict.fromkeys(map(str, needs))),
        disabled_reason=wants.get("disabled_reason") or None,
        deadline=datetime.fromtimestamp(deadline, UTC) if deadline else None,
    )
