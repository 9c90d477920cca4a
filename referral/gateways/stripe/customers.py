"""Customers and their credit.

A customer's balance is negative when they have credit, so a credit is a negative balance
transaction and a debit a positive one (I-18).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from referral.gateways.stripe.asking import LONGEST_LIST, Asking
from referral.gateways.stripe.client import call
from referral.gateways.stripe.errors import NotFoundThere
from referral.gateways.stripe.made import Made, about, first_with, id_of, id_with, marks_in, own_id
from referral.gateways.stripe.units import at_stripe, from_stripe, payable


class Customers(Asking):
    """What we ask about customers and what is credited to them."""

    def make_customer(
        self, *, email: str | None, name: str | None, marks: Mapping[str, str], key: str
    ) -> str:
        """Make a customer for somebody who has none yet, so that a discount can wait for them."""
        params: dict[str, Any] = {"metadata": dict(marks)}
        if email:
            params["email"] = email
        if name:
            params["name"] = name
        return call(
            lambda: id_with(
                marks,
                self._client.v1.customers.create(
                    params=params,  # type: ignore[arg-type]
                    options={"idempotency_key": key},
                ).to_dict(),
                email=email,
            ),
            changes=True,
        )

    def adjust_balance(
        self,
        customer: str,
        amount_minor: int,
        currency: str,
        *,
        note: str,
        marks: Mapping[str, str],
        key: str,
    ) -> Made:
        """Change a customer's balance: below nothing gives credit, above takes it back."""
        return call(
            lambda: _balance_change(
                self._client.v1.customers.balance_transactions.create(
                    customer,
                    params={
                        "amount": at_stripe(amount_minor, currency),
                        "currency": currency,
                        "description": note[:350],
                        "metadata": dict(marks),
                    },
                    options={"idempotency_key": key},
                ).to_dict()
            ),
            changes=True,
        )

    def find_balance_change(self, customer: str, marks: Mapping[str, str]) -> Made | None:
        """Look for a balance change by our marks."""
        return first_with(marks, self.balance_changes(customer))

    def balance_changes(self, customer: str) -> list[Made]:
        """List what changed a customer's balance, the newest first."""
        return call(
            lambda: [
                _balance_change(one.to_dict())
                for one in self._client.v1.customers.balance_transactions.list(
                    customer, params={"limit": LONGEST_LIST}
                ).auto_paging_iter()
            ],
            changes=False,
        )

    def credit_left(self, customer: str, currency: str) -> int:
        """Return how much credit a customer has left in a currency; nothing when they owe."""
        try:
            said = self._customer(customer)
        except NotFoundThere:
            return 0
        if said.get("deleted"):
            return 0
        if said.get("currency") in (None, currency):
            return _credit_in(int(said.get("balance") or 0), currency)
        return self._left_of_another(customer, currency)

    def is_deleted(self, customer: str) -> bool:
        """Tell whether a customer was deleted; one Stripe never heard of was not."""
        try:
            return bool(self._customer(customer).get("deleted"))
        except NotFoundThere:
            return False

    def currency_of(self, customer: str) -> str | None:
        """Return the currency a customer is billed in, or None while it is still open.

        Raises NotFoundThere for one who does not exist or was deleted.
        """
        said = self._customer(customer)
        if said.get("deleted"):
            raise NotFoundThere(f"The customer {customer} was deleted.")
        return str(said["currency"]) if said.get("currency") else None

    def _customer(self, customer: str) -> Mapping[str, Any]:
        return call(
            lambda: about(customer, self._client.v1.customers.retrieve(customer).to_dict()),
            changes=False,
        )

    def _left_of_another(self, customer: str, currency: str) -> int:
        """Return what is left in a currency that is not the customer's own, by its last change."""
        changes = (one for one in self.balance_changes(customer) if one.currency == currency)
        last = next(changes, None)
        return _credit_in(int(last.details["ending_balance"] or 0), currency) if last else 0


def _balance_change(one: Mapping[str, Any]) -> Made:
    return Made(
        object_id=own_id(one),
        amount_minor=from_stripe(int(one["amount"]), str(one["currency"])),
        currency=str(one["currency"]),
        customer_id=id_of(one["customer"]) or "",
        details={"ending_balance": one.get("ending_balance")},
        marks=marks_in(one),
        gives=-1,
    )


def _credit_in(balance: int, currency: str) -> int:
    """Return the credit of a balance that can be taken back; one above nothing is owed."""
    return payable(max(0, from_stripe(-balance, currency)), currency)
