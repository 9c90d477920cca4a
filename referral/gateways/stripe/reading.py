"""Stripe's events in our own words: pure functions, one for each kind of object.

Shapes of several API versions are understood, because an endpoint's version may differ from the
SDK's: invoices and charges name each other before 2025-03-31 ("basil") and no longer after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from referral.domain.purchases import (
    Claim,
    CustomerFact,
    DisputeFact,
    DisputeOutcome,
    PurchaseFact,
    RefundFact,
)

Fact = CustomerFact | PurchaseFact | RefundFact | DisputeFact
Said = Mapping[str, Any]
_LONG_BEFORE = timedelta(days=1)
"""A customer made this long before the news about them was a customer already."""


def read(event: Said) -> list[Fact]:
    """Return what an event tells us, possibly nothing; unknown types are nothing."""
    reader = _READERS.get(str(event.get("type")))
    thing = (event.get("data") or {}).get("object")
    if reader is None or not isinstance(thing, Mapping):
        return []
    return reader(thing, _moment(event.get("created")))


def _session(one: Said, at: datetime) -> list[Fact]:
    """A finished checkout names the customer; it is money itself only when no invoice is."""
    claim = _claim_of_session(one)
    paid = one.get("payment_status") in ("paid", "no_payment_required")
    if one.get("mode") != "payment" or one.get("invoice") or not paid:
        return [CustomerFact(claim, at)]
    details = one.get("total_details") or {}
    return [
        PurchaseFact(
            claim=claim,
            keys=_ids(one.get("payment_intent"), one.get("id")),
            gross_minor=_whole(one.get("amount_total")),
            tax_minor=_whole(details.get("amount_tax")),
            currency=str(one.get("currency") or ""),
            occurred_at=at,
        )
    ]


def _failed_session(one: Said, at: datetime) -> list[Fact]:
    return [CustomerFact(_claim_of_session(one), at)]


def _invoice(one: Said, at: datetime) -> list[Fact]:
    parent = (one.get("parent") or {}).get("subscription_details") or {}
    marks = {
        **(one.get("subscription_details") or {}).get("metadata", {}),
        **(parent.get("metadata") or {}),
        **(one.get("metadata") or {}),
    }
    return [
        PurchaseFact(
            claim=Claim(
                customer_id=_id(one.get("customer")),
                email=one.get("customer_email"),
                name=one.get("customer_name"),
                external_id=marks.get("wom_person_external_id"),
                tokens=_tokens(marks.get("wom_token")),
            ),
            keys=_ids(one.get("id"), *_payments_of(one)),
            gross_minor=_whole(one.get("amount_paid")),
            tax_minor=_tax_of(one),
            currency=str(one.get("currency") or ""),
            occurred_at=_moment((one.get("status_transitions") or {}).get("paid_at"), at),
        )
    ]


def _customer(one: Said, at: datetime) -> list[Fact]:
    """A customer tells who they are; one we made ourselves stands for somebody we know."""
    marks = one.get("metadata") or {}
    if one.get("deleted") or marks.get("wom_person"):
        return []
    claim = Claim(
        customer_id=_id(one),
        email=one.get("email"),
        name=one.get("name"),
        external_id=marks.get("wom_person_external_id"),
        tokens=_tokens(marks.get("wom_token")),
    )
    made_at = _moment(one.get("created"), at)
    return [CustomerFact(claim, at, made_at if at - made_at > _LONG_BEFORE else None)]


def _charge(one: Said, at: datetime) -> list[Fact]:
    """A refunded charge tells the whole refunded so far; its list of refunds may be with it."""
    keys = _ids(one.get("payment_intent"), one.get("id"), one.get("invoice"))
    if _is_ours(one):
        return []
    return [RefundFact(keys=keys, at=at, total_minor=_whole(one.get("amount_refunded")))]


def _refund(one: Said, at: datetime) -> list[Fact]:
    if _is_ours(one):
        return []
    return [
        RefundFact(
            keys=_ids(one.get("payment_intent"), one.get("charge")),
            at=at,
            refund_id=_id(one),
            amount_minor=_whole(one.get("amount")),
            has_failed=one.get("status") in ("failed", "canceled"),
        )
    ]


def _dispute(one: Said, at: datetime) -> list[Fact]:
    outcome = {
        "won": DisputeOutcome.WON,
        "warning_closed": DisputeOutcome.WON,
        "prevented": DisputeOutcome.WON,
        "lost": DisputeOutcome.LOST,
    }.get(str(one.get("status")), DisputeOutcome.OPEN)
    return [
        DisputeFact(
            keys=_ids(one.get("payment_intent"), one.get("charge")),
            dispute_id=_id(one) or "",
            amount_minor=_whole(one.get("amount")),
            outcome=outcome,
            at=at,
        )
    ]


_READERS: dict[str, Callable[[Said, datetime], list[Fact]]] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _failed_session,
    "invoice.paid": _invoice,
    "invoice.payment_succeeded": _invoice,
    "customer.created": _customer,
    "customer.updated": _customer,
    "charge.refunded": _charge,
    "charge.refund.updated": _refund,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
}


def _claim_of_session(one: Said) -> Claim:
    details = one.get("customer_details") or {}
    marks = one.get("metadata") or {}
    return Claim(
        customer_id=_id(one.get("customer")),
        email=details.get("email") or one.get("customer_email"),
        name=details.get("name"),
        external_id=marks.get("wom_person_external_id"),
        tokens=_tokens(one.get("client_reference_id"), marks.get("wom_token")),
    )


def _tokens(*texts: object) -> tuple[str, ...]:
    """Keep what looks like our token; a business may use the reference field for itself."""
    found = [text for text in texts if isinstance(text, str) and text.startswith("wom_")]
    return tuple(dict.fromkeys(found))


def _payments_of(invoice: Said) -> list[object]:
    """Return the payments an invoice names, in the old shape and the new."""
    named: list[object] = [invoice.get("payment_intent"), invoice.get("charge")]
    payments = invoice.get("payments")
    if isinstance(payments, Mapping):
        for one in payments.get("data") or []:
            paid = one.get("payment") or {}
            named += [paid.get("payment_intent"), paid.get("charge")]
    return named


def _tax_of(invoice: Said) -> int:
    """Return the tax in an invoice: the listed taxes, or the older field, or the difference."""
    listed = invoice.get("total_taxes")
    if isinstance(listed, list):
        return sum(_whole(one.get("amount")) for one in listed)
    if invoice.get("tax") is not None:
        return _whole(invoice.get("tax"))
    if invoice.get("total_excluding_tax") is not None:
        return max(0, _whole(invoice.get("total")) - _whole(invoice.get("total_excluding_tax")))
    return 0


def _is_ours(one: Said) -> bool:
    """Tell whether we made this refund ourselves, as a reward; it takes nobody's reward back."""
    return bool((one.get("metadata") or {}).get("wom_reward"))


def _ids(*things: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found for found in map(_id, things) if found))


def _id(thing: object) -> str | None:
    if isinstance(thing, Mapping):
        return str(thing["id"]) if thing.get("id") else None
    return thing if isinstance(thing, str) and thing else None


def _whole(value: object) -> int:
    return value if type(value) is int else 0


def _moment(seconds: object, otherwise: datetime | None = None) -> datetime:
    if type(seconds) is int:
        return datetime.fromtimestamp(seconds, UTC)
    if otherwise is None:
        raise ValueError("an event without a time")
    return otherwise
