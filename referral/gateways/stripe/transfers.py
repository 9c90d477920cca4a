"""Cash: transfers to connected accounts, their reversals, and what there is to pay them from.

A transfer happens at once or not at all. The refusal for want of money is stored under its key
for a day, so a later try needs a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from referral.gateways.stripe.asking import LONGEST_LIST, Asking
from referral.gateways.stripe.client import call
from referral.gateways.stripe.errors import Blocked, Needs, NotFoundThere
from referral.gateways.stripe.made import Made, about, first_with, id_of, marks_in, own_id
from referral.gateways.stripe.units import at_stripe, from_stripe


class Transfers(Asking):
    """What we ask about money for payees."""

    def balance(self) -> dict[str, int]:
        """Return what the business can pay out at once, in minor units by currency."""
        return call(self._available, changes=False)

    def transfer(
        self,
        payee: str,
        amount_minor: int,
        currency: str,
        *,
        group: str,
        marks: Mapping[str, str],
        key: str,
    ) -> Made:
        """Pay a payee; `group` is what it is found by. Raises Blocked when they or we cannot."""
        try:
            return call(
                lambda: _transfer(
                    self._client.v1.transfers.create(
                        params={
                            "amount": at_stripe(amount_minor, currency),
                            "currency": currency,
                            "destination": payee,
                            "transfer_group": group,
                            "metadata": dict(marks),
                        },
                        options={"idempotency_key": key},
                    ).to_dict()
                ),
                changes=True,
            )
        except NotFoundThere as gone:
            raise Blocked(gone.said, needs=Needs.PAYEE) from gone

    def read_transfer(self, transfer_id: str) -> Made:
        """Read a transfer; raises NotFoundThere for an unknown one."""
        return call(
            lambda: _transfer(
                about(transfer_id, self._client.v1.transfers.retrieve(transfer_id).to_dict())
            ),
            changes=False,
        )

    def find_transfer(self, group: str, marks: Mapping[str, str]) -> Made | None:
        """Look for a transfer by its group and our marks; such a list is never behind."""
        return first_with(marks, self._transfers({"transfer_group": group}))

    def transfers_to(self, payee: str) -> list[Made]:
        """List what a payee was paid, the newest first."""
        return self._transfers({"destination": payee})

    def reverse_transfer(
        self,
        transfer_id: str,
        amount_minor: int,
        *,
        marks: Mapping[str, str],
        key: str,
        currency: str | None = None,
    ) -> Made:
        """Take a transfer back, at most what was not taken back before.

        Two currencies need to be named, since Stripe counts them otherwise: see `units.py`. Raises
        Blocked when the payee holds less, as after a payout to their bank.
        """
        return call(
            lambda: _reversal(
                self._client.v1.transfers.reversals.create(
                    transfer_id,
                    params={
                        "amount": at_stripe(amount_minor, currency),
                        "metadata": dict(marks),
                        "expand": ["transfer"],
                    },
                    options={"idempotency_key": key},
                ).to_dict()
            ),
            changes=True,
        )

    def find_reversal(self, transfer_id: str, marks: Mapping[str, str]) -> Made | None:
        """Look for a reversal of a transfer by our marks."""
        return first_with(marks, self.reversals_of(transfer_id))

    def reversals_of(self, transfer_id: str) -> list[Made]:
        """List what was taken back of a transfer, the newest first."""
        return call(
            lambda: [
                _reversal(one.to_dict())
                for one in self._client.v1.transfers.reversals.list(
                    transfer_id, params={"limit": LONGEST_LIST, "expand": ["data.transfer"]}
                ).auto_paging_iter()
            ],
            changes=False,
        )

    def _available(self) -> dict[str, int]:
        said = self._client.v1.balance.retrieve()
        return {
            str(one.currency): from_stripe(int(one.amount), str(one.currency))
            for one in said.available
        }

    def _transfers(self, only: Mapping[str, str]) -> list[Made]:
        params: dict[str, Any] = {**only, "limit": LONGEST_LIST}
        return call(
            lambda: [
                _transfer(one.to_dict())
                for one in self._client.v1.transfers.list(params=params).auto_paging_iter()  # type: ignore[arg-type]
            ],
            changes=False,
        )


def _transfer(one: Mapping[str, Any]) -> Made:
    return Made(
        object_id=own_id(one),
        amount_minor=from_stripe(int(one["amount"]), str(one["currency"])),
        currency=str(one["currency"]),
        customer_id=id_of(one["destination"]) or "",
        details={"amount_reversed": from_stripe(int(one["amount_reversed"]), str(one["currency"]))},
        marks=marks_in(one),
    )


def _reversal(one: Mapping[str, Any]) -> Made:
    transfer = one["transfer"]
    payee = transfer.get("destination") if isinstance(transfer, Mapping) else None
    return Made(
        object_id=own_id(one),
        amount_minor=from_stripe(int(one["amount"]), str(one["currency"])),
        currency=str(one["currency"]),
        customer_id=id_of(payee) or "",
        details={"transfer": id_of(transfer)},
        marks=marks_in(one),
        gives=-1,
    )
