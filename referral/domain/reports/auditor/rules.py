"""Amounts and what is asked outside, computed again from what was kept (I-17, I-18, I-30)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from referral.domain.currencies import OLDEST, ExchangeRate
from referral.domain.programs import Offer
from referral.domain.purchases import Purchase
from referral.domain.reports.auditor.asking import Question, ask, named
from referral.domain.reports.auditor.report import Violation
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.amounts import Inputs, inputs_of, worth_now
from referral.domain.rewards.grants import GrantState
from referral.domain.rewards.operations import WITHOUT_AMOUNT
from referral.domain.rewards.qualifying import Qualification
from referral.domain.rewards.rewards import REPLACED, RESTORED, SUPERSEDED
from referral.foundation.ids import public_id

Rates = set[tuple[Any, ...]]
_QUESTIONS = (
    Question(
        "I-30",
        "reward",
        "Its offer is not the one promised to this side at the referral.",
        """
        SELECT w.id FROM reward w
        JOIN referral r ON r.id = w.referral_id JOIN offer o ON o.id = w.offer_id
        WHERE o.side <> w.side OR (o.kind <> w.kind AND o.kind <> 'choice'
                AND (w.fell_back_at IS NULL OR w.kind IS DISTINCT FROM o.fallback_kind))
            OR w.offer_id IS DISTINCT FROM
            CASE w.side WHEN 'advocate' THEN r.advocate_offer_id ELSE r.friend_offer_id END
        """,
    ),
    Question(
        "I-30",
        "reward",
        "It is for another person than the {side} of its referral.",
        """
        SELECT w.id, w.side FROM reward w JOIN referral r ON r.id = w.referral_id
        WHERE w.person_id <> CASE w.side WHEN 'advocate' THEN r.advocate_id ELSE r.friend_id END
        """,
    ),
    Question(
        "I-30",
        "reward",
        "Somebody other than the friend paid for it.",
        """
        SELECT w.id FROM reward w JOIN referral r ON r.id = w.referral_id
        JOIN purchase p ON p.id = w.purchase_id WHERE p.person_id <> r.friend_id
        """,
    ),
    Question(
        "I-30",
        "purchase",
        "{base_minor} is not what was paid less tax.",
        """
        SELECT id, base_minor FROM purchase WHERE base_minor <>
            CASE WHEN gross_minor > tax_minor THEN gross_minor - tax_minor ELSE 0 END
        """,
    ),
)
_REWARDS: Select[*tuple[Any, ...]] = (
    select(
        Reward.id,
        Reward.business_id,
        Reward.amount_minor,
        Reward.inputs,
        Reward.slot,
        Reward.offer_id,
        Reward.earned_at,
        Reward.expected_at,
        Purchase.base_minor,
        Purchase.currency,
        Purchase.occurred_at,
        Qualification.place,
    )
    .outerjoin(Purchase, Purchase.id == Reward.purchase_id)
    .outerjoin(Qualification, Qualification.referral_id == Reward.referral_id)
)
_RATES: Select[*tuple[Any, ...]] = select(
    ExchangeRate.business_id,
    ExchangeRate.base,
    ExchangeRate.quote,
    ExchangeRate.day,
    ExchangeRate.rate,
    ExchangeRate.source,
)
_GRANTS: Select[*tuple[Any, ...]] = select(
    Grant.id,
    Grant.reward_id,
    Grant.operation,
    Grant.attempt,
    Grant.amount_minor,
    Grant.idempotency_key,
    Grant.parameters,
    Grant.state,
)


def check(connection: Connection) -> Iterator[Violation]:
    """Yield what does not follow from the rules it was made under."""
    yield from ask(connection, _QUESTIONS)
    offers = {row.id: Offer(**row._mapping) for row in connection.execute(select(Offer.__table__))}
    rates = {tuple(row) for row in connection.execute(_RATES)}
    for reward in connection.execution_options(yield_per=2000).execute(_REWARDS):
        for invariant, said in _reward_faults(reward, offers[reward.offer_id], rates):
            yield Violation(invariant, named("reward", reward.id), said)
    for grant in connection.execution_options(yield_per=2000).execute(_GRANTS):
        for said in _grant_faults(grant):
            yield Violation("I-18", named("grant", grant.id), said)


def _reward_faults(
    row: Row[*tuple[Any, ...]], offer: Offer, rates: Rates
) -> Iterator[tuple[str, str]]:
    """The kept inputs are those of the offer and the purchase, and give amount and date again."""
    kept = Inputs.read(row.inputs)
    yield from _conversion_faults(row, kept, offer, rates)
    base = row.base_minor or 0
    if kept.conversion is not None:
        base = kept.conversion.into(offer.currency)
    was_given_up = row.place is None or row.slot.startswith(SUPERSEDED)
    place = kept.place if was_given_up else row.place
    expected = inputs_of(
        offer, base, place=place if offer.counts_friends else None, conversion=kept.conversion
    )
    if row.slot.startswith((REPLACED, RESTORED)):
        expected = replace(expected, restored_minor=kept.restored_minor)
    amount = worth_now(offer, expected)
    if row.inputs != expected.as_json():
        yield "I-30", f"Its inputs are {row.inputs}, and the rule has {expected.as_json()}."
    elif amount != row.amount_minor:
        yield "I-30", f"It is {row.amount_minor}, and its inputs give {amount}."
    if row.base_minor is not None and base < max(1, offer.minimum_minor):
        yield "I-30", f"{base} was paid, and the offer asks for {offer.minimum_minor}."
    hold = timedelta(days=0 if row.base_minor is None else offer.hold_days)
    if row.expected_at - row.earned_at != hold:
        yield "I-30", f"Its hold is {row.expected_at - row.earned_at}, and {hold} was promised."


def _conversion_faults(
    row: Row[*tuple[Any, ...]], kept: Inputs, offer: Offer, rates: Rates
) -> Iterator[tuple[str, str]]:
    """What was paid in another currency was converted by a rate that was told, of its own week."""
    used = kept.conversion
    if row.currency in (None, offer.currency) and used is None:
        return
    if used is None:
        yield "I-17", f"It is in {offer.currency} and what was paid for it in {row.currency}."
    elif (used.currency, used.amount_minor) != (row.currency, row.base_minor):
        yield "I-17", f"{used.amount_minor} {used.currency} was converted, which was not paid."
    else:
        pair = (used.currency, offer.currency)
        base, quote = reversed(pair) if used.is_inverse else pair
        if (row.business_id, base, quote, used.day, used.rate, used.source) not in rates:
            yield "I-17", f"Nobody told its rate of {used.rate} on {used.day}."
        paid_on = row.occurred_at.date()
        if not used.day <= paid_on <= used.day + OLDEST:
            yield "I-17", f"Its rate is of {used.day}, and it was paid on {paid_on}."


def _grant_faults(row: Row[*tuple[Any, ...]]) -> Iterator[str]:
    """What is asked is a positive amount, the grant's own, under the key made for it."""
    key = f"{public_id(Reward.prefix, row.reward_id)}:{row.operation}:{row.attempt}"
    if row.idempotency_key != key:
        yield f"Its key is {row.idempotency_key} and not {key}."
    asked = row.parameters
    if asked is None:
        if row.state in (GrantState.SENDING, GrantState.DONE):
            yield f"It is {row.state} and nothing says what was asked."
        return
    if asked.get("amount") != row.amount_minor:
        yield f"{asked.get('amount')} was asked for an amount of {row.amount_minor}."
    is_netted = row.amount_minor == 0 and asked.get("netted")
    if row.amount_minor <= 0 and row.operation not in WITHOUT_AMOUNT and not is_netted:
        yield f"A {row.operation} of {row.amount_minor} has the wrong sign."
