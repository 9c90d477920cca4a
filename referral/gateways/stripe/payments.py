"""Payments people made, and giving a part of one back as a reward.

A refund cannot be undone, and it may fail days later (`refund.failed`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from referral.gateways.stripe.asking import LONGEST_LIST, Asking
from referral.gateways.stripe.client import call
from referral.gateways.stripe.errors import LacksRight, Permanent
from referral.gateways.stripe.made import Made, first_with, id_of, marks_in, own_id
from referral.gateways.stripe.units import at_stripe, from_stripe


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment of which something can be given back."""

    payment_intent: str
    left_minor: int
    currency: str
    paid_at: datetime


class Payments(Asking):
    """What we ask about payments and refunds."""

    def last_payment(
        self, customer: str, currency: str | None = None, *, least_minor: int = 1
    ) -> Payment | None:
        """Return the last payment of a customer with so much left to refund, not disputed.

        `currency` passes over payments in another. The last hundred charges are looked at.
        """

        def found() -> Payment | None:
            listed = self._client.v1.charges.list(
                params={"customer": customer, "limit": LONGEST_LIST}
            )
            payments = (_refundable(one.to_dict()) for one in listed.data)
            wanted = (
                one
                for one in payments
                if one and currency in (None, one.currency) and one.left_minor >= least_minor
            )
            return next(wanted, None)

        return call(found, changes=False)

    def refund_payment(
        self,
        payment_intent: str,
        amount_minor: int,
        *,
        marks: Mapping[str, str],
        key: str,
        currency: str | None = None,
    ) -> Made:
        """Give a part of a payment back, at most what is left of it.

        Two currencies need to be named, since Stripe counts them otherwise: see `units.py`.
        """
        return call(
            lambda: _refund(
                self._client.v1.refunds.create(
                    params={
                        "payment_intent": payment_intent,
                        "amount": at_stripe(amount_minor, currency),
                        "metadata": dict(marks),
                        "expand": ["charge"],
                    },
                    options={"idempotency_key": key},
                ).to_dict()
            ),
            changes=True,
        )

    def find_refund(self, payment_intent: str, marks: Mapping[str, str]) -> Made | None:
        """Look for a refund of a payment by our marks."""
        return first_with(marks, self.refunds_of(payment_intent))

    def refunds_of(self, payment_intent: str) -> list[Made]:
        """List the refunds of a payment, the newest first, ours and the business's own."""
        return call(
            lambda: [
                _refund(one.to_dict())
                for one in self._client.v1.refunds.list(
                    params={
                        "payment_intent": payment_intent,
                        "limit": LONGEST_LIST,
                        "expand": ["data.charge"],
                    }
                ).auto_paging_iter()
            ],
            changes=False,
        )

    def refunds_to(self, customer: str) -> list[Made]:
        """List what a customer got back of their last hundred charges, by us and by others."""
        payments = call(
            lambda: [
                id_of(one.payment_intent)
                for one in self._client.v1.charges.list(
                    params={"customer": customer, "limit": LONGEST_LIST}
                ).data
                if one.amount_refunded
            ],
            changes=False,
        )
        return [made for payment in payments if payment for made in self.refunds_of(payment)]

    def sale_of(self, payment_intent: str) -> Mapping[str, Any] | None:
        """Return what a payment was for: its invoice, or else the checkout it was made at.

        A charge says neither any more (since 2025). A checkout that may not be read is none.
        """

        def found() -> Mapping[str, Any] | None:
            listed = self._client.v1.invoice_payments.list(
                params={
                    "payment": {"type": "payment_intent", "payment_intent": payment_intent},
                    "limit": 1,
                    "expand": ["data.invoice"],
                }
            )
            one = next(iter(listed.data), None)
            return invoice_of(payment_intent, one.to_dict()) if one is not None else None

        try:
            return call(found, changes=False) or self._checkout_of(payment_intent)
        except Permanent:
            return None

    def _checkout_of(self, payment_intent: str) -> Mapping[str, Any] | None:
        def found() -> Mapping[str, Any] | None:
            listed = self._client.v1.checkout.sessions.list(
                params={"payment_intent": payment_intent, "limit": 1}
            )
            one = next(iter(listed.data), None)
            if one is not None and id_of(one.payment_intent) != payment_intent:
                raise ValueError("an answer about another payment")
            return one.to_dict() if one is not None else None

        try:
            return call(found, changes=False)
        except LacksRight:
            return None


def invoice_of(payment_intent: str, one: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the invoice a payment is listed with, at least its id.

    Raises ValueError for one that is listed with another payment.
    """
    paid = (one.get("payment") or {}).get("payment_intent")
    if id_of(paid) not in (None, payment_intent):
        raise ValueError("an answer about another payment")
    invoice = one["invoice"]
    told: Mapping[str, Any] = invoice if isinstance(invoice, Mapping) else {"id": invoice}
    own_id(told)
    return told


def _refundable(charge: Mapping[str, Any]) -> Payment | None:
    left = int(charge["amount_captured"]) - int(charge["amount_refunded"])
    left_minor = from_stripe(left, str(charge["currency"]))
    intent = id_of(charge.get("payment_intent"))
    if charge["status"] != "succeeded" or charge["disputed"] or left_minor <= 0 or intent is None:
        return None
    paid_at = datetime.fromtimestamp(charge["created"], UTC)
    return Payment(intent, left_minor, str(charge["currency"]), paid_at)


def _refund(one: Mapping[str, Any]) -> Made:
    charge = one.get("charge")
    customer = charge.get("customer") if isinstance(charge, Mapping) else None
    return Made(
        object_id=own_id(one),
        amount_minor=from_stripe(int(one["amount"]), str(one["currency"])),
        currency=str(one["currency"]),
        customer_id=id_of(customer) or "",
        details={"status": one.get("status"), "payment_intent": id_of(one.get("payment_intent"))},
        marks=marks_in(one),
    )
