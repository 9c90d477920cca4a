"""Stripe's events, read one by one into the journey; asking Stripe first where it must."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import update

from referral.domain import journey
from referral.domain.businesses import Business, across_businesses, within
from referral.domain.businesses.providers import beside_on_account
from referral.domain.purchases import (
    CameBack,
    CustomerFact,
    DisputeFact,
    PurchaseFact,
    RefundFact,
    SameMoney,
    find_purchase,
    join_keys,
    payments_like,
)
from referral.domain.purchases.purchases import UnknownPurchase
from referral.domain.rewards.grants import given_back_of
from referral.domain.rewards.recovering import recovery_of
from referral.foundation import clock, due, failpoints
from referral.foundation.db import session, transaction
from referral.foundation.errors import NotYet
from referral.foundation.ids import public_id
from referral.gateways.stripe import StripeEvent, is_sold_by_another, read
from referral.gateways.stripe.errors import StripeTrouble
from referral.gateways.stripe.reading import BalanceNews, Fact, PayeeNews
from referral.worker.accounts import account_of
from referral.worker.payees import hear_of_balance, hear_of_payee

PATIENCE = timedelta(days=4)
"""Stripe delivers for up to three days; after that a refund of something unknown is let go."""

MEMORY = timedelta(days=90)
"""For so long each day looks whether the purchase was told after all, as by an import."""

JUST_NOW = timedelta(minutes=10)
"""News this old asks again on its own every few minutes; a purchase need not wake it.

What only says which ids are of one payment is let go then: it may be nobody's here.
"""


def read_event(key: uuid.UUID, token: uuid.UUID) -> None:
    """Apply what an event tells us; news of what is not known yet waits for it."""
    event = session.get_one(StripeEvent, key, execution_options=across_businesses())
    with within(event.business_id):
        whose = public_id(Business.prefix, event.business_id)
        facts = read(json.loads(event.payload), business=whose)
        if not _heard(event, token, facts):
            return
        unasked = None
        try:
            facts = [_with_payment(event, fact) for fact in facts]
        except StripeTrouble as trouble:
            with transaction():
                due.postpone(event, token, at=clock.now(), reason=trouble.said, patient=True)
            return
        try:
            facts = [
                found
                for fact in facts
                if (found := _with_sale(event, _without_ours(event, fact), whose)) is not None
            ]
        except StripeTrouble as trouble:
            unasked = trouble.said
        try:
            with transaction():
                if _apply(event, facts):
                    due.finish(event, token)
                else:
                    _wait(event, token, facts, UnknownPurchase.message, unasked)
                failpoints.reached("event.worked")
        except NotYet as not_yet:
            with transaction():
                _wait(event, token, facts, not_yet.message, unasked)


def _heard(event: StripeEvent, token: uuid.UUID, facts: list[Fact]) -> bool:
    """Follow up news of payees and of the balance; False when Stripe must be asked again later."""
    try:
        for fact in facts:
            if isinstance(fact, PayeeNews):
                hear_of_payee(event.business_id, fact.account_id)
            elif isinstance(fact, BalanceNews):
                hear_of_balance(event.business_id)
    except StripeTrouble as trouble:
        with transaction():
            due.postpone(event, token, at=clock.now(), reason=trouble.said, patient=True)
        return False
    return True


def _apply(event: StripeEvent, facts: list[Fact]) -> bool:
    """Tell the journey each fact; False when one is of a purchase that is not known yet."""
    at, is_whole = clock.now(), True
    business = session.get_one(Business, event.business_id)
    for fact in facts:
        if isinstance(fact, CustomerFact):
            journey.tell_customer(business, fact, at=at)
        elif isinstance(fact, PurchaseFact):
            journey.buy(business, fact, at=at)
            _wake_waiting(event.business_id)
        elif isinstance(fact, RefundFact):
            journey.refund(business, fact, at=at)
        elif isinstance(fact, CameBack):
            journey.come_back(fact, at=at)
        elif isinstance(fact, SameMoney):
            is_whole = join_keys(event.business_id, fact.keys)
        elif isinstance(fact, DisputeFact):
            journey.dispute(business, fact, at=at)
    if is_whole:
        event.read_at = at
        event.outcome = ", ".join(type(fact).__name__ for fact in facts) or "ignored"
        session.flush()
    return is_whole


def _with_payment(event: StripeEvent, fact: Fact) -> Fact:
    """Ask Stripe whether an invoice is what the business told us by the payment's id already.

    Asked only where somebody told of as much in those days and by no other id.
    """
    if not isinstance(fact, PurchaseFact) or not fact.keys or not fact.keys[0].startswith("in_"):
        return fact
    told = payments_like(event.business_id, fact)
    account = account_of(event.business_id) if told else None
    session.commit()
    if account is None:
        return fact
    for payment in told:
        sale = account.sale_of(payment)
        if sale is not None and sale["id"] == fact.keys[0]:
            return replace(fact, keys=(*fact.keys, payment))
    return fact


def _without_ours(event: StripeEvent, fact: Fact) -> Fact:
    """Tell what we gave back of a payment as a reward: it takes nobody's reward back.

    Stripe knows better after a restore (F-40), and where another business gave of it, too.
    """
    if not isinstance(fact, RefundFact) or fact.total_minor is None:
        return fact
    own_minor = given_back_of(fact.keys, by=[event.business_id])
    beside = beside_on_account(event.business_id)
    is_shared = bool(beside) and given_back_of(fact.keys, by=beside) > 0
    asks = is_shared or recovery_of(event.business_id) is not None
    session.commit()
    account = account_of(event.business_id) if asks else None
    payment = _payment_in(fact.keys)
    if account is not None and payment is not None:
        rewards = [one for one in account.refunds_of(payment) if one.marks.get("wom_reward")]
        own_minor = max(own_minor, sum(one.amount_minor for one in rewards))
    return replace(fact, own_minor=own_minor)


def _payment_in(keys: tuple[str, ...]) -> str | None:
    return next((one for one in keys if one.startswith("pi_")), None)


def _with_sale(event: StripeEvent, fact: Fact, whose: str) -> Fact | None:
    """Ask Stripe what a payment we do not know was for; since 2025 a charge does not say.

    Returns None for news of what another business on the account sold.
    """
    if not isinstance(fact, RefundFact | DisputeFact):
        return fact
    fact = replace(fact, keys=(*fact.keys, *_kept_keys(event)))
    if event.read_at is not None or _is_known(event, fact.keys):
        return fact
    payment, account = _payment_in(fact.keys), account_of(event.business_id)
    sale = account.sale_of(payment) if account is not None and payment is not None else None
    if sale is None:
        return fact
    if is_sold_by_another(sale, whose):
        return None
    return replace(fact, keys=(*fact.keys, str(sale["id"])))


def _kept_keys(event: StripeEvent) -> list[str]:
    """Return what is known of the purchase of news that was let go."""
    said = event.outcome or ""
    was_let_go = said.startswith(UnknownPurchase.message)
    return said.removeprefix(UnknownPurchase.message).split() if was_let_go else []


def _is_known(event: StripeEvent, keys: tuple[str, ...]) -> bool:
    known = find_purchase(event.business_id, keys) is not None
    session.commit()
    return known


def _wait(
    event: StripeEvent, token: uuid.UUID, facts: list[Fact], reason: str, unasked: str | None
) -> None:
    """Wait for what it is about; `unasked` is why Stripe could not be asked which that is.

    News nobody could be asked about is not let go: it stays for somebody to look at.
    """
    at, is_brief = clock.now(), any(getattr(fact, "may_be_none", False) for fact in facts)
    if unasked is not None:
        reason = f"{reason} Stripe could not be asked for its invoice: {unasked}"
    if at < event.received_at + (JUST_NOW if is_brief else PATIENCE):
        due.postpone(event, token, at=at, reason=reason, patient=True)
    elif unasked is not None:
        due.bury(event, token, at=at, reason=reason)
    else:
        keys = [key for fact in facts for key in getattr(fact, "keys", ())]
        event.read_at, event.outcome = at, " ".join((reason, *dict.fromkeys(keys)))[:200]
        session.flush()
        is_kept = not is_brief and at < event.received_at + MEMORY
        due.finish(event, token, again_at=at + timedelta(days=1) if is_kept else None)


def _wake_waiting(business_id: uuid.UUID) -> None:
    """Have refunds and disputes that overtook their purchase tried again: it may have come.

    Older ones are left alone: refunds of what was sold before we came would ask Stripe each time.
    """
    at = clock.now()
    session.execute(
        update(StripeEvent)
        .where(StripeEvent.business_id == business_id)
        .where(StripeEvent.last_error.startswith(UnknownPurchase.message))
        .where(StripeEvent.read_at.is_(None), StripeEvent.dead_at.is_(None))
        .where(StripeEvent.received_at > at - JUST_NOW)
        .values(due_at=at)
        .execution_options(synchronize_session=False)
    )
