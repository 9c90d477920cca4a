"""What was paid and refunded at the provider beside what we know of it (F-21)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from referral.domain.businesses import Business, connection_of
from referral.domain.purchases import Purchase, PurchaseFact, Refund, RefundFact, bare_payments
from referral.domain.purchases.purchases import PurchaseKey
from referral.domain.reports.reconciliations import (
    SETTLING,
    Difference,
    Differs,
    Reconciliation,
    Stage,
)
from referral.foundation.clock import to_second
from referral.foundation.db import session
from referral.foundation.ids import parse_public_id, public_id
from referral.gateways.stripe import StripeAccount, listing, read
from referral.gateways.stripe.listing import ObjectPage

LONG_OPEN = timedelta(days=35)
"""How long before its payment an invoice may have been made; the list knows only its making."""

_LISTS: dict[Stage, Callable[[StripeAccount, datetime, str | None], ObjectPage]] = {
    Stage.INVOICES: listing.paid_invoices,
    Stage.SESSIONS: listing.finished_sessions,
    Stage.REFUNDS: listing.refunds,
}
_EVENTS = {
    Stage.INVOICES: "invoice.paid",
    Stage.SESSIONS: "checkout.session.completed",
    Stage.REFUNDS: "refund.created",
}
NEXT: dict[Stage, Stage | None] = {
    Stage.INVOICES: Stage.SESSIONS,
    Stage.SESSIONS: Stage.REFUNDS,
    Stage.REFUNDS: None,
}


@dataclass(frozen=True, slots=True)
class Looked:
    """What one page of objects showed, and where the next one begins."""

    found: list[Difference]
    next: str | None


def look_at_page(run: Reconciliation, account: StripeAccount) -> Looked:
    """Ask for the next page of what was paid or refunded, and compare it; raises StripeTrouble."""
    stage, since = Stage(run.stage), to_second(run.since)
    until = (run.began_at or run.since) - SETTLING
    made_since = since if stage == Stage.REFUNDS else since - LONG_OPEN
    earliest = since if stage != Stage.SESSIONS else _begun_since(run, since)
    page = _LISTS[stage](account, made_since, run.place)
    found = [
        difference
        for one in page.objects
        for difference in _compare(account, stage, one)
        if difference.at is not None and earliest <= difference.at < until
    ]
    session.commit()
    return Looked(found, page.next)


def take_over(run: Reconciliation, before: Iterable[Difference]) -> Iterator[Difference]:
    """Yield what an earlier comparison found and is still so, and this one did not come by."""
    listed = select(Difference.object_id).where(Difference.run_id == run.id)
    known = set(session.scalars(listed))
    for one in before:
        if one.object_id not in known and not _is_settled(run.business_id, one):
            yield Difference(
                kind=one.kind,
                object_id=one.object_id,
                customer_id=one.customer_id,
                ours_minor=one.ours_minor,
                theirs_minor=one.theirs_minor,
                currency=one.currency,
                at=one.at,
                purchase=one.purchase,
            )


def counted_twice(account: StripeAccount, *, since: datetime) -> Iterator[Difference]:
    """Yield the invoices made since a moment that stand here as two purchases.

    Stripe is asked only where payments were told of by their own id alone, since it is those that
    may be an invoice's as well. Raises StripeTrouble.
    """
    is_any = session.scalar(bare_payments(account.business_id, since=since).limit(1)) is not None
    session.commit()
    place = None
    while is_any:
        page = listing.paid_invoices(account, since, place)
        for one in page.objects:
            found = _compare(account, Stage.INVOICES, one)
            yield from (each for each in found if each.kind == Differs.PURCHASE_TWICE)
        session.commit()
        is_any, place = page.next is not None, page.next


def _begun_since(run: Reconciliation, since: datetime) -> datetime:
    """Return from when on checkouts are compared: Stripe tells when one was begun, not when paid.

    One may be paid a day later, and with a bank's debit two weeks; what was begun before the
    business came here is none of ours.
    """
    connection = connection_of(run.business_id)
    came_at = to_second(connection.changed_at) if connection else since
    return max(since - LONG_OPEN, came_at)


def _compare(account: StripeAccount, stage: Stage, one: dict[str, Any]) -> Iterator[Difference]:
    """Read an object as the event would tell of it, and yield what we know otherwise."""
    event = {"type": _EVENTS[stage], "created": one.get("created"), "data": {"object": one}}
    whose = public_id(Business.prefix, account.business_id)
    for fact in read(event, business=whose):
        if isinstance(fact, PurchaseFact) and _names_somebody(fact):
            yield from _compare_purchase(account.business_id, str(one["id"]), fact)
        elif isinstance(fact, RefundFact) and not fact.has_failed:
            yield from _compare_refund(account, fact, str(one.get("currency")))


def _names_somebody(fact: PurchaseFact) -> bool:
    claim = fact.claim
    return bool(claim.customer_id or claim.email or claim.external_id)


def _compare_purchase(
    business_id: uuid.UUID, object_id: str, fact: PurchaseFact
) -> Iterator[Difference]:
    known = _purchases(business_id, fact.keys)
    counted = [one for one in known if _counts(one)]
    kind, ours_minor = Differs.PURCHASE_UNKNOWN, None
    if len(counted) > 1:
        kind, ours_minor = Differs.PURCHASE_TWICE, sum(one.gross_minor for one in counted)
    elif known:
        kind, ours_minor = Differs.PURCHASE_AMOUNT, known[0].gross_minor
    if ours_minor == fact.gross_minor:
        return
    own = _purchase(business_id, (object_id,))
    other = next((one for one in counted if one is not own), None)
    yield Difference(
        kind=kind,
        object_id=object_id,
        customer_id=fact.claim.customer_id,
        ours_minor=ours_minor,
        theirs_minor=fact.gross_minor,
        currency=fact.currency,
        at=fact.occurred_at.astimezone(UTC),
        purchase=other.public_id if other and kind == Differs.PURCHASE_TWICE else None,
    )


def _counts(purchase: Purchase) -> bool:
    """Tell whether anything is left of a purchase; staff end one of two by refunding it whole."""
    return purchase.refunded_minor < purchase.gross_minor


def _compare_refund(
    account: StripeAccount, fact: RefundFact, currency: str
) -> Iterator[Difference]:
    """A refund is known by its id, or in the whole a charge told of; of unknown money it is not."""
    if _refund(account.business_id, fact.refund_id) is not None:
        return
    purchase = _purchase(account.business_id, fact.keys) or _by_sale(account, fact.keys)
    if purchase is None:
        return
    if _told_in_all(purchase) >= fact.amount_minor:
        return
    yield Difference(
        kind=Differs.REFUND_UNKNOWN,
        object_id=fact.refund_id,
        ours_minor=purchase.refunded_minor,
        theirs_minor=fact.amount_minor,
        currency=currency,
        at=fact.at,
    )


def _by_sale(account: StripeAccount, keys: tuple[str, ...]) -> Purchase | None:
    """Find a purchase by what its payment was for, which a refund does not name (since 2025)."""
    payment = next((one for one in keys if one.startswith("pi_")), None)
    session.commit()
    sale = account.sale_of(payment) if payment else None
    return _purchase(account.business_id, (str(sale["id"]),)) if sale else None


def _told_in_all(purchase: Purchase) -> int:
    """Return what a charge told of as refunded beyond the refunds we know one by one."""
    query = select(func.coalesce(func.sum(Refund.amount_minor), 0))
    one_by_one = session.scalar(query.where(Refund.purchase_id == purchase.id))
    return purchase.charge_refunded_minor - int(one_by_one or 0)


def _is_settled(business_id: uuid.UUID, one: Difference) -> bool:
    object_id = one.object_id or ""
    if one.kind == Differs.REFUND_UNKNOWN:
        return _refund(business_id, object_id) is not None
    known = _purchase(business_id, (object_id,))
    if one.kind == Differs.PURCHASE_TWICE and one.purchase:
        other = session.get(Purchase, parse_public_id(Purchase.prefix, one.purchase))
        return not (known and other and _counts(known) and _counts(other))
    return known is not None and known.gross_minor == one.theirs_minor


def _purchase(business_id: uuid.UUID, keys: Iterable[str]) -> Purchase | None:
    return next(iter(_purchases(business_id, keys)), None)


def _purchases(business_id: uuid.UUID, keys: Iterable[str]) -> Sequence[Purchase]:
    """List the purchases some ids lead to, the first told first."""
    mine = select(PurchaseKey.purchase_id).where(
        PurchaseKey.business_id == business_id, PurchaseKey.key.in_([*keys])
    )
    query = select(Purchase).where(Purchase.id.in_(mine)).order_by(Purchase.id)
    return session.scalars(query).all()


def _refund(business_id: uuid.UUID, refund_id: str | None) -> Refund | None:
    query = select(Refund).where(Refund.business_id == business_id)
    return session.scalar(query.where(Refund.external_id == refund_id))
