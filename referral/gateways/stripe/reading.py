"""Stripe's events in our own words: pure functions, one for each kind of object.

Shapes of several API versions are understood, because an endpoint's version may differ from the
SDK's: invoices and charges name each other before 2025-03-31 ("basil") and no longer after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from referral.domain.people.people import canonical_email
from referral.domain.purchases import (
    CameBack,
    Claim,
    CustomerFact,
    DisputeFact,
    DisputeOutcome,
    PurchaseFact,
    RefundFact,
    SameMoney,
)
from referral.foundation.errors import Invalid
from referral.foundation.money import is_currency
from referral.foundation.text import plain
from referral.gateways.stripe.units import from_stripe


@dataclass(frozen=True, slots=True)
class PayeeNews:
    """Something changed with the account of somebody who is paid; what, only asking tells."""

    account_id: str


@dataclass(frozen=True, slots=True)
class BalanceNews:
    """More money is available to pay with; how much, only asking tells."""


Told = CustomerFact | PurchaseFact | SameMoney | RefundFact | DisputeFact | CameBack
Fact = Told | PayeeNews | BalanceNews
Said = Mapping[str, Any]
_LONG_BEFORE = timedelta(days=1)
"""A customer made this long before the news about them was a customer already."""


def read(event: Said) -> list[Fact]:
    """Return what an event tells us, possibly nothing; unknown types are nothing."""
    if event.get("type") in _ABOUT_PAYEES:
        account_id = _id(event.get("account"))
        return [PayeeNews(account_id)] if account_id else []
    reader = _READERS.get(str(event.get("type")))
    thing = _table(event.get("data")).get("object")
    if reader is None or not isinstance(thing, Mapping):
        return []
    return reader(thing, _moment(event.get("created")))


def _session(one: Said, at: datetime) -> list[Fact]:
    """A finished checkout names the customer; it is money itself only when no invoice is."""
    claim = _claim_of_session(one)
    keys = _ids(one.get("invoice"), one.get("payment_intent"), one.get("id"))
    if one.get("payment_status") not in ("paid", "no_payment_required"):
        return [CustomerFact(claim, at)]
    if one.get("invoice"):
        return [CustomerFact(claim, at), SameMoney(keys)]
    currency = _currency(one)
    if one.get("mode") != "payment" or currency is None:
        return [CustomerFact(claim, at)]
    details = _table(one.get("total_details"))
    return [
        PurchaseFact(
            claim=claim,
            keys=keys,
            gross_minor=_whole(one.get("amount_total"), currency),
            tax_minor=_whole(details.get("amount_tax"), currency),
            currency=currency,
            occurred_at=at,
        )
    ]


def _failed_session(one: Said, at: datetime) -> list[Fact]:
    return [CustomerFact(_claim_of_session(one), at)]


def _invoice(one: Said, at: datetime) -> list[Fact]:
    parent = _table(_table(one.get("parent")).get("subscription_details"))
    marks = {
        **_table(_table(one.get("subscription_details")).get("metadata")),
        **_table(parent.get("metadata")),
        **_table(one.get("metadata")),
    }
    claim = Claim(
        customer_id=_id(one.get("customer")),
        email=_address(one.get("customer_email")),
        name=_name(one.get("customer_name")),
        external_id=_own_id(marks),
        tokens=_tokens(marks.get("wom_token")),
    )
    currency = _currency(one)
    if currency is None:
        return [CustomerFact(claim, at)]
    return [
        PurchaseFact(
            claim=claim,
            keys=_ids(one.get("id"), *_payments_of(one)),
            gross_minor=_whole(one.get("amount_paid"), currency),
            tax_minor=_tax_of(one, currency),
            currency=currency,
            occurred_at=_moment(_table(one.get("status_transitions")).get("paid_at"), at),
            is_renewal=one.get("billing_reason") == "subscription_cycle",
        )
    ]


def _customer(one: Said, at: datetime) -> list[Fact]:
    """A customer tells who they are; one we made ourselves stands for somebody we know."""
    marks = _table(one.get("metadata"))
    if one.get("deleted") or marks.get("wom_person"):
        return []
    claim = Claim(
        customer_id=_id(one),
        email=_address(one.get("email")),
        name=_name(one.get("name")),
        external_id=_own_id(marks),
        tokens=_tokens(marks.get("wom_token")),
    )
    made_at = _moment(one.get("created"), at)
    return [CustomerFact(claim, at, made_at if at - made_at > _LONG_BEFORE else None)]


def _charge(one: Said, at: datetime) -> list[Fact]:
    """A refunded charge tells the whole refunded so far; its list of refunds may be with it."""
    keys = _ids(one.get("payment_intent"), one.get("id"), one.get("invoice"))
    if _is_ours(one):
        return []
    total = _whole(one.get("amount_refunded"), _currency(one))
    return [RefundFact(keys=keys, at=at, total_minor=total)]


def _refund(one: Said, at: datetime) -> list[Fact]:
    has_failed = one.get("status") in ("failed", "canceled")
    if _is_ours(one):
        made_by = _name(_table(one.get("metadata")).get("wom_grant"))
        return [CameBack(_id(one) or "", made_by)] if has_failed else []
    return [
        RefundFact(
            keys=_ids(one.get("payment_intent"), one.get("charge")),
            at=at,
            refund_id=_id(one),
            amount_minor=_whole(one.get("amount"), _currency(one)),
            has_failed=has_failed,
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
            amount_minor=_whole(one.get("amount"), _currency(one)),
            outcome=outcome,
            at=at,
        )
    ]


def _nothing(one: Said, at: datetime) -> list[Fact]:
    """News about what we made ourselves tells nothing of what people paid."""
    return []


def _balance(one: Said, at: datetime) -> list[Fact]:
    return [BalanceNews()]


_ABOUT_PAYEES = ("account.updated", "account.application.deauthorized")
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
    "customer.subscription.updated": _nothing,
    "customer.subscription.deleted": _nothing,
    "promotion_code.updated": _nothing,
    "transfer.reversed": _nothing,
    "balance.available": _balance,
}


EVENTS_READ = (*_READERS, *_ABOUT_PAYEES)
"""Every event that is read; anything else is kept and ignored."""


def _claim_of_session(one: Said) -> Claim:
    details = _table(one.get("customer_details"))
    marks = _table(one.get("metadata"))
    return Claim(
        customer_id=_id(one.get("customer")),
        email=_address(details.get("email") or one.get("customer_email")),
        name=_name(details.get("name")),
        external_id=_own_id(marks),
        tokens=_tokens(one.get("client_reference_id"), marks.get("wom_token")),
    )


def _tokens(*texts: object) -> tuple[str, ...]:
    """Keep what looks like our token; a business may use the reference field for itself."""
    found = [text for text in texts if isinstance(text, str) and text.startswith("wom_")]
    return tuple(dict.fromkeys(found))


def _payments_of(invoice: Said) -> list[object]:
    """Return the payments an invoice names, in the old shape and the new."""
    named: list[object] = [invoice.get("payment_intent"), invoice.get("charge")]
    for one in _list(_table(invoice.get("payments")).get("data")):
        paid = _table(_table(one).get("payment"))
        named += [paid.get("payment_intent"), paid.get("charge")]
    return named


def _tax_of(invoice: Said, currency: str) -> int:
    """Return the tax in an invoice: the listed taxes, or the older field, or the difference."""
    listed = invoice.get("total_taxes")
    if isinstance(listed, list):
        return sum(_whole(_table(one).get("amount"), currency) for one in listed)
    if invoice.get("tax") is not None:
        return _whole(invoice.get("tax"), currency)
    if invoice.get("total_excluding_tax") is not None:
        total = _whole(invoice.get("total"), currency)
        return max(0, total - _whole(invoice.get("total_excluding_tax"), currency))
    return 0


def _is_ours(one: Said) -> bool:
    """Tell whether we made this refund ourselves, as a reward; it takes nobody's reward back."""
    return bool(_table(one.get("metadata")).get("wom_reward"))


def _ids(*things: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found for found in map(_id, things) if found))


def _id(thing: object) -> str | None:
    return _text(thing.get("id")) if isinstance(thing, Mapping) else _text(thing)


def _table(thing: object) -> Said:
    return thing if isinstance(thing, Mapping) else {}


def _list(thing: object) -> list[object]:
    return thing if isinstance(thing, list) else []


def _text(thing: object) -> str | None:
    return thing if isinstance(thing, str) and thing.strip() else None


def _currency(one: Said) -> str | None:
    """Return the currency of some money, or None for one nobody can count in."""
    text = (_text(one.get("currency")) or "").lower()
    return text if is_currency(text) else None


def _name(thing: object) -> str | None:
    """Return a name at the length we keep; Stripe allows longer ones."""
    return plain(_text(thing) or "")[:200] or None


def _own_id(marks: Said) -> str | None:
    """Return the business's own id of a person; one longer than we keep names nobody here."""
    text = _text(marks.get("wom_person_external_id"))
    return text if text and len(text) <= 200 else None


def _address(thing: object) -> str | None:
    """Return an email address we can use; Stripe takes some that name nobody, and those do not."""
    text = _text(thing)
    try:
        return canonical_email(text) if text else None
    except Invalid:
        return None


def _whole(value: object, currency: str | None) -> int:
    """Return an amount in our minor units."""
    return from_stripe(value, currency) if type(value) is int else 0


def _moment(seconds: object, otherwise: datetime | None = None) -> datetime:
    if type(seconds) is int:
        return datetime.fromtimestamp(seconds, UTC)
    if otherwise is None:
        raise ValueError("an event without a time")
    return otherwise
