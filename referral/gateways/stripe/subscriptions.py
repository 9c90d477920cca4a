"""Subscriptions, and time for nothing: the end is set to an absolute moment, so twice is once.

Stripe calls the free time a trial: the subscription is `trialing` until then, and is billed from
there on. The end of a period stands with each item (since 2025).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from referral.gateways.stripe.asking import LONGEST_LIST, Asking
from referral.gateways.stripe.client import call
from referral.gateways.stripe.made import Made, about, id_of, marks_in, own_id

_RUNNING = ("active", "trialing")


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as it stands; `price_minor` is what one period costs.

    `ends_at` is the end of what is paid or given, the moment to count free time from.
    """

    subscription_id: str
    customer_id: str
    status: str
    ends_at: datetime
    trial_end: datetime | None
    interval: str
    interval_count: int
    price_minor: int
    currency: str
    is_ending: bool
    marks: dict[str, str]


class Subscriptions(Asking):
    """What we ask about subscriptions."""

    def subscription_of(self, customer: str) -> Subscription | None:
        """Return a customer's newest running subscription that is not about to end."""

        def found() -> Subscription | None:
            listed = self._client.v1.subscriptions.list(
                params={"customer": customer, "limit": LONGEST_LIST}
            )
            known = (_subscription(one.to_dict()) for one in listed.auto_paging_iter())
            lasting = (one for one in known if one.status in _RUNNING and not one.is_ending)
            return next(lasting, None)

        return call(found, changes=False)

    def subscription(self, subscription_id: str) -> Subscription:
        """Read a subscription; raises NotFoundThere for an unknown one."""
        said = self._retrieved(subscription_id)
        return call(lambda: _subscription(said), changes=False)

    def extend_subscription(
        self, subscription_id: str, until: datetime, *, marks: Mapping[str, str], key: str
    ) -> Made:
        """Give a subscription for nothing until a moment, at most five years ahead.

        The moment is absolute: count it from `ends_at`, or time already paid is lost.
        """
        return call(
            lambda: _extension(
                self._client.v1.subscriptions.update(
                    subscription_id,
                    params={
                        "trial_end": int(until.timestamp()),
                        "proration_behavior": "none",
                        "metadata": dict(marks),
                    },
                    options={"idempotency_key": key},
                ).to_dict()
            ),
            changes=True,
        )

    def extensions_of(self, customer: str) -> list[Made]:
        """List the last extension of each of a customer's subscriptions, by its marks."""
        return call(
            lambda: [
                _extension(one.to_dict())
                for one in self._client.v1.subscriptions.list(
                    params={"customer": customer, "limit": LONGEST_LIST}
                ).auto_paging_iter()
            ],
            changes=False,
        )

    def find_extension(self, subscription_id: str, marks: Mapping[str, str]) -> Made | None:
        """Look whether the last extension of a subscription was the one with these marks."""
        said = self._retrieved(subscription_id)
        last = call(lambda: _extension(said), changes=False)
        return last if last.bears(marks) else None

    def _retrieved(self, subscription_id: str) -> Mapping[str, Any]:
        return call(
            lambda: about(
                subscription_id,
                self._client.v1.subscriptions.retrieve(subscription_id).to_dict(),
            ),
            changes=False,
        )


def _subscription(one: Mapping[str, Any]) -> Subscription:
    items = one["items"]["data"]
    recurring = items[0]["price"]["recurring"]
    ends = [int(item["current_period_end"]) for item in items]
    trial_end = one.get("trial_end")
    return Subscription(
        subscription_id=str(one["id"]),
        customer_id=id_of(one["customer"]) or "",
        status=str(one["status"]),
        ends_at=_moment(max(*ends, trial_end or 0)),
        trial_end=_moment(trial_end) if trial_end else None,
        interval=str(recurring["interval"]),
        interval_count=int(recurring["interval_count"]),
        price_minor=sum(_price(item) for item in items),
        currency=str(one["currency"]),
        is_ending=bool(one.get("cancel_at_period_end") or one.get("cancel_at")),
        marks=marks_in(one),
    )


def _price(item: Mapping[str, Any]) -> int:
    """Return what an item costs; one without a whole price, as by use, counts nothing."""
    return int(item["price"].get("unit_amount") or 0) * int(item.get("quantity") or 1)


def _extension(one: Mapping[str, Any]) -> Made:
    trial_end = one.get("trial_end")
    return Made(
        object_id=own_id(one),
        amount_minor=0,
        currency=str(one["currency"]),
        customer_id=id_of(one["customer"]) or "",
        details={"until": _moment(trial_end).isoformat() if trial_end else None},
        marks=marks_in(one),
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
