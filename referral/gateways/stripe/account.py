"""What we ask of one business's Stripe account; each act is safe to repeat with its key.

Amounts are whole minor units. A customer's balance is negative when they have credit, so a
credit is a negative balance transaction and a debit a positive one (I-18).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from referral.gateways.stripe.client import call, client_for
from referral.gateways.stripe.endpoint import EVENTS
from referral.gateways.stripe.errors import NotFoundThere, Permanent
from referral.gateways.stripe.inbox import is_event

if TYPE_CHECKING:
    from stripe import StripeClient

EVENTS_A_PAGE = 100
"""The most that Stripe lists at a time."""


@dataclass(frozen=True, slots=True)
class Made:
    """An object at Stripe, in our words; the amount is signed as Stripe signs it."""

    object_id: str
    amount_minor: int
    currency: str
    customer_id: str
    details: dict[str, Any]
    marks: dict[str, str]

    def bears(self, marks: Mapping[str, str]) -> bool:
        """Tell whether it is the object that was made with these marks."""
        return all(self.marks.get(name) == value for name, value in marks.items())


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events as Stripe lists them, the newest first, and whether older ones follow."""

    events: list[dict[str, Any]]
    has_more: bool


@dataclass(frozen=True, slots=True)
class StripeAccount:
    """The account of one business, by its key."""

    business_id: uuid.UUID
    secret_key: str
    api_base: str = ""

    @property
    def _client(self) -> StripeClient:
        return client_for(self.secret_key, api_base=self.api_base)

    def whose(self) -> str:
        """Return the id of the Stripe account the key belongs to."""
        return str(call(self._client.v1.accounts.retrieve_current, changes=False).id)

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
        made = call(
            lambda: self._client.v1.customers.balance_transactions.create(
                customer,
                params={
                    "amount": amount_minor,
                    "currency": currency,
                    "description": note[:350],
                    "metadata": dict(marks),
                },
                options={"idempotency_key": key},
            ),
            changes=True,
        )
        return _balance_change(made.to_dict())

    def find_balance_change(self, customer: str, marks: Mapping[str, str]) -> Made | None:
        """Look for a balance change by our marks; the list has no filter for them."""
        return next((one for one in self.balance_changes(customer) if one.bears(marks)), None)

    def credit_left(self, customer: str, currency: str) -> int:
        """Return how much credit a customer has left in a currency; nothing when they owe."""
        try:
            found = call(lambda: self._client.v1.customers.retrieve(customer), changes=False)
        except NotFoundThere:
            return 0
        said = found.to_dict()
        if said.get("deleted"):
            return 0
        if said.get("currency") in (None, currency):
            return max(0, -int(said.get("balance") or 0))
        return self._left_of_another(customer, currency)

    def _left_of_another(self, customer: str, currency: str) -> int:
        """Return what is left in a currency that is not the customer's own, by its last change."""
        changes = (one for one in self.balance_changes(customer) if one.currency == currency)
        last = next(changes, None)
        return max(0, -int(last.details["ending_balance"] or 0)) if last else 0

    def balance_changes(self, customer: str) -> list[Made]:
        """List what changed a customer's balance, the newest first; the list has no filter."""
        return call(
            lambda: [
                _balance_change(one.to_dict())
                for one in self._client.v1.customers.balance_transactions.list(
                    customer, params={"limit": 100}
                ).auto_paging_iter()
            ],
            changes=False,
        )

    def make_customer(
        self, *, email: str | None, name: str | None, marks: Mapping[str, str], key: str
    ) -> str:
        """Make a customer for somebody who has none yet, so that a discount can wait for them."""
        params: dict[str, Any] = {"metadata": dict(marks)}
        if email:
            params["email"] = email
        if name:
            params["name"] = name
        made = call(
            lambda: self._client.v1.customers.create(
                params=params,  # type: ignore[arg-type]
                options={"idempotency_key": key},
            ),
            changes=True,
        )
        return str(made.id)

    def ensure_coupon(self, coupon_id: str, terms: Mapping[str, Any]) -> None:
        """Make a coupon of our own id unless it is there; its terms never change."""
        try:
            call(lambda: self._client.v1.coupons.retrieve(coupon_id), changes=False)
            return
        except NotFoundThere:
            pass
        params: dict[str, Any] = {"id": coupon_id, "duration": "once", **terms}
        try:
            call(lambda: self._client.v1.coupons.create(params=params), changes=True)  # type: ignore[arg-type]
        except Permanent as refused:
            if "already exists" not in refused.said:
                raise

    def make_promotion_code(
        self, coupon_id: str, customer: str, *, marks: Mapping[str, str], key: str
    ) -> Made:
        """Make a code only this customer can use, once."""
        made = call(
            lambda: self._client.v1.promotion_codes.create(
                params={
                    "promotion": {"type": "coupon", "coupon": coupon_id},
                    "customer": customer,
                    "max_redemptions": 1,
                    "metadata": dict(marks),
                },
                options={"idempotency_key": key},
            ),
            changes=True,
        )
        return _promotion_code(made.to_dict())

    def find_promotion_code(self, customer: str, marks: Mapping[str, str]) -> Made | None:
        """Look for a customer's code by our marks."""
        return next((one for one in self.promotion_codes(customer) if one.bears(marks)), None)

    def promotion_codes(self, customer: str) -> list[Made]:
        """List the codes only this customer can use."""
        return call(
            lambda: [
                _promotion_code(one.to_dict())
                for one in self._client.v1.promotion_codes.list(
                    params={"customer": customer, "limit": 100}
                ).auto_paging_iter()
            ],
            changes=False,
        )

    def events(self, since: datetime, *, after: str | None = None) -> EventPage:
        """List a page of the events we read that were made since a moment, the newest first.

        `after` is the last event of the page before. Raises NotFoundThere when it is gone.
        """
        params: dict[str, Any] = {
            "created": {"gte": int(since.timestamp())},
            "types": list(EVENTS),
            "limit": EVENTS_A_PAGE,
        }
        if after:
            params["starting_after"] = after

        def listed() -> EventPage:
            page = self._client.v1.events.list(params=params)  # type: ignore[arg-type]
            return _event_page(page, after)

        return call(listed, changes=False)

    def invoice_of_payment(self, payment_intent: str) -> str | None:
        """Return the invoice a payment was for; a charge does not say it any more (since 2025)."""
        try:
            listed = call(
                lambda: self._client.v1.invoice_payments.list(
                    params={
                        "payment": {"type": "payment_intent", "payment_intent": payment_intent},
                        "limit": 1,
                    }
                ),
                changes=False,
            )
        except Permanent:
            return None
        found = next(iter(listed.data), None)
        if found is None:
            return None
        invoice = found.to_dict().get("invoice")
        return _id(invoice)


def _event_page(listed: Any, after: str | None) -> EventPage:
    """Read a page; one that leads no further than the last would never come to an end."""
    events = [one.to_dict() for one in listed.data if is_event(one.to_dict())]
    leads_on = bool(events) and events[-1]["id"] != after
    return EventPage(events, leads_on and bool(listed.has_more))


def _balance_change(one: Mapping[str, Any]) -> Made:
    return Made(
        object_id=str(one["id"]),
        amount_minor=int(one["amount"]),
        currency=str(one["currency"]),
        customer_id=_id(one["customer"]) or "",
        details={"ending_balance": one.get("ending_balance")},
        marks=dict(one.get("metadata") or {}),
    )


def _promotion_code(one: Mapping[str, Any]) -> Made:
    return Made(
        object_id=str(one["id"]),
        amount_minor=0,
        currency="",
        customer_id=_id(one.get("customer")) or "",
        details={"code": one.get("code")},
        marks=dict(one.get("metadata") or {}),
    )


def _id(thing: object) -> str | None:
    """Return the id of something that may be an id, an expanded object, or nothing."""
    if isinstance(thing, Mapping):
        return str(thing["id"]) if thing.get("id") else None
    return str(thing) if thing else None
