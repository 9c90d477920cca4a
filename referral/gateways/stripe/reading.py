"""Stripe's events in our own words: pure functions, one for each kind of object.

Shapes of several API versions are understood, because an endpoint's version may differ from the
SDK's: invoices and charges name each other before 2025-03-31 ("basil") and no longer after.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from referral.domain.businesses import Business
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
from referral.gateways.stripe.fields import (
    Said,
    address_in,
    currency_in,
    id_in,
    ids_in,
    items,
    moment,
    name_in,
    own_id_in,
    table,
    text_in,
    whole,
)


@dataclass(frozen=True, slots=True)
class PayeeNews:
    """Something changed with the account of somebody who is paid; what, only asking tells."""

    account_id: str


@dataclass(frozen=True, slots=True)
class BalanceNews:
    """More money is available to pay with; how much, only asking tells."""


Told = CustomerFact | PurchaseFact | SameMoney | RefundFact | DisputeFact | CameBack
Fact = Told | PayeeNews | BalanceNews
_LONG_BEFORE = timedelta(days=1)
"""A customer made this long before the news about them was a customer already."""


def read(event: Said, *, business: str = "") -> list[Fact]:
    """Return what an event tells a business, possibly nothing; unknown types are nothing.

    Several businesses may share an account: what says that another sold it tells this one nothing.
    `business` is the public id; without it nothing is passed over.
    """
    if event.get("type") in _ABOUT_PAYEES:
        account_id = id_in(event.get("account"))
        return [PayeeNews(account_id)] if account_id else []
    if event.get("account"):
        return []  # What a connected account sells is not this business's.
    reader = _READERS.get(str(event.get("type")))
    thing = table(event.get("data")).get("object")
    if reader is None or not isinstance(thing, Mapping):
        return []
    if business and is_sold_by_another(thing, business):
        return []
    return reader(thing, moment(event.get("created")))


def is_sold_by_another(one: Said, business: str) -> bool:
    """Tell whether the shop wrote that another business sold this; nonsense names nobody."""
    seller = text_in(_marks_of(one).get("wom_seller")) or ""
    return seller.startswith(f"{Business.prefix}_") and seller != business


def _session(one: Said, at: datetime) -> list[Fact]:
    """A finished checkout names the customer; it is money itself only when no invoice is."""
    claim = _claim_of_session(one)
    keys = ids_in(one.get("invoice"), one.get("payment_intent"), one.get("id"))
    if one.get("payment_status") not in ("paid", "no_payment_required"):
        return [CustomerFact(claim, at)]
    if one.get("invoice"):
        return [CustomerFact(claim, at), SameMoney(keys)]
    currency = currency_in(one)
    if one.get("mode") != "payment" or currency is None:
        return [CustomerFact(claim, at)]
    details = table(one.get("total_details"))
    return [
        PurchaseFact(
            claim=claim,
            keys=keys,
            gross_minor=whole(one.get("amount_total"), currency),
            tax_minor=whole(details.get("amount_tax"), currency),
            currency=currency,
            occurred_at=at,
        )
    ]


def _failed_session(one: Said, at: datetime) -> list[Fact]:
    return [CustomerFact(_claim_of_session(one), at)]


def _invoice(one: Said, at: datetime) -> list[Fact]:
    marks = _marks_of(one)
    claim = Claim(
        customer_id=id_in(one.get("customer")),
        email=address_in(one.get("customer_email")),
        name=name_in(one.get("customer_name")),
        external_id=own_id_in(marks),
        tokens=_tokens(marks.get("wom_token")),
    )
    currency = currency_in(one)
    if currency is None:
        return [CustomerFact(claim, at)]
    return [
        PurchaseFact(
            claim=claim,
            keys=ids_in(one.get("id"), *_payments_of(one)),
            gross_minor=whole(one.get("amount_paid"), currency),
            tax_minor=_tax_of(one, currency),
            currency=currency,
            occurred_at=moment(table(one.get("status_transitions")).get("paid_at"), at),
            is_renewal=one.get("billing_reason") == "subscription_cycle",
        )
    ]


def _invoice_payment(one: Said, at: datetime) -> list[Fact]:
    """An invoice does not name its payment any more (since 2025); this says which it is."""
    paid = table(one.get("payment"))
    keys = ids_in(one.get("invoice"), paid.get("payment_intent"), paid.get("charge"))
    return [SameMoney(keys, may_be_none=True)] if len(keys) > 1 else []


def _customer(one: Said, at: datetime) -> list[Fact]:
    """A customer tells who they are; one we made ourselves stands for somebody we know."""
    marks = table(one.get("metadata"))
    if one.get("deleted") or marks.get("wom_person"):
        return []
    claim = Claim(
        customer_id=id_in(one),
        email=address_in(one.get("email")),
        name=name_in(one.get("name")),
        external_id=own_id_in(marks),
        tokens=_tokens(marks.get("wom_token")),
    )
    made_at = moment(one.get("created"), at)
    return [CustomerFact(claim, at, made_at if at - made_at > _LONG_BEFORE else None)]


def _charge(one: Said, at: datetime) -> list[Fact]:
    """A refunded charge tells the whole refunded so far; its list of refunds may be with it."""
    keys = ids_in(one.get("payment_intent"), one.get("id"), one.get("invoice"))
    if _is_ours(one):
        return []
    total = whole(one.get("amount_refunded"), currency_in(one))
    return [RefundFact(keys=keys, at=at, total_minor=total)]


def _refund(one: Said, at: datetime) -> list[Fact]:
    has_failed = one.get("status") in ("failed", "canceled")
    if _is_ours(one):
        made_by = name_in(table(one.get("metadata")).get("wom_grant"))
        return [CameBack(id_in(one) or "", made_by)] if has_failed else []
    return [
        RefundFact(
            keys=ids_in(one.get("payment_intent"), one.get("charge")),
            at=at,
            refund_id=id_in(one),
            amount_minor=whole(one.get("amount"), currency_in(one)),
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
            keys=ids_in(one.get("payment_intent"), one.get("charge")),
            dispute_id=id_in(one) or "",
            currency=currency_in(one),
            amount_minor=whole(one.get("amount"), currency_in(one)),
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
    "invoice_payment.paid": _invoice_payment,
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
    details = table(one.get("customer_details"))
    marks = table(one.get("metadata"))
    return Claim(
        customer_id=id_in(one.get("customer")),
        email=address_in(details.get("email") or one.get("customer_email")),
        name=name_in(details.get("name")),
        external_id=own_id_in(marks),
        tokens=_tokens(one.get("client_reference_id"), marks.get("wom_token")),
    )


def _marks_of(one: Said) -> Said:
    """Return the metadata of something; an invoice has its subscription's below its own."""
    parent = table(table(one.get("parent")).get("subscription_details"))
    return {
        **table(table(one.get("subscription_details")).get("metadata")),
        **table(parent.get("metadata")),
        **table(one.get("metadata")),
    }


def _tokens(*texts: object) -> tuple[str, ...]:
    """Keep what looks like our token; a business may use the reference field for itself."""
    found = [text for text in texts if isinstance(text, str) and text.startswith("wom_")]
    return tuple(dict.fromkeys(found))


def _payments_of(invoice: Said) -> list[object]:
    """Return the payments an invoice names, in the old shape and the new."""
    named: list[object] = [invoice.get("payment_intent"), invoice.get("charge")]
    for one in items(table(invoice.get("payments")).get("data")):
        paid = table(table(one).get("payment"))
        named += [paid.get("payment_intent"), paid.get("charge")]
    return named


def _tax_of(invoice: Said, currency: str) -> int:
    """Return the tax in an invoice: the listed taxes, or the older field, or the difference."""
    listed = invoice.get("total_taxes")
    if isinstance(listed, list):
        return sum(whole(table(one).get("amount"), currency) for one in listed)
    if invoice.get("tax") is not None:
        return whole(invoice.get("tax"), currency)
    if invoice.get("total_excluding_tax") is not None:
        total = whole(invoice.get("total"), currency)
        return max(0, total - whole(invoice.get("total_excluding_tax"), currency))
    return 0


def _is_ours(one: Said) -> bool:
    """Tell whether we made this refund ourselves, as a reward; it takes nobody's reward back."""
    return bool(table(one.get("metadata")).get("wom_reward"))
