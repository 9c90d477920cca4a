"""Amounts and what is asked outside, computed again from what was kept (I-18, I-30)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from referral.domain.programs import Offer
from referral.domain.purchases import Purchase
from referral.domain.reports.auditor.asking import Question, ask, named
from referral.domain.reports.auditor.report import Violation
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.amounts import Inputs, worth
from referral.domain.rewards.grants import GrantState
from referral.domain.rewards.operations import WITHOUT_AMOUNT
from referral.domain.rewards.rewards import REPLACED, RESTORED
from referral.foundation.ids import public_id

_QUESTIONS = (
    Question(
        "I-30",
        "reward",
        "Its offer is not the one promised to this side at the referral.",
        """
        SELECT w.id FROM reward w
        JOIN referral r ON r.id = w.referral_id JOIN offer o ON o.id = w.offer_id
        WHERE o.side <> w.side OR (o.kind <> w.kind AND o.kind <> 'choice')
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
        "reward",
        "{base_minor} was paid, and the offer asks for {minimum_minor}.",
        """
        SELECT w.id, p.base_minor, o.minimum_minor FROM reward w
        JOIN purchase p ON p.id = w.purchase_id JOIN offer o ON o.id = w.offer_id
        WHERE p.base_minor <= 0 OR p.base_minor < o.minimum_minor
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
        Reward.amount_minor,
        Reward.inputs,
        Reward.slot,
        Reward.earned_at,
        Reward.expected_at,
        Offer.amount_minor.label("offer_amount_minor"),
        Offer.rate_bp,
        Offer.cap_minor,
        Offer.version,
        Offer.hold_days,
        Purchase.base_minor,
    )
    .join(Offer, Offer.id == Reward.offer_id)
    .outerjoin(Purchase, Purchase.id == Reward.purchase_id)
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
    for reward in connection.execution_options(yield_per=2000).execute(_REWARDS):
        for said in _reward_faults(reward):
            yield Violation("I-30", named("reward", reward.id), said)
    for grant in connection.execution_options(yield_per=2000).execute(_GRANTS):
        for said in _grant_faults(grant):
            yield Violation("I-18", named("grant", grant.id), said)


def _reward_faults(row: Row[*tuple[Any, ...]]) -> Iterator[str]:
    """The kept inputs are those of the offer and the purchase, and give amount and date again."""
    expected = {
        "amount_minor": row.offer_amount_minor,
        "rate_bp": row.rate_bp,
        "cap_minor": row.cap_minor,
        "base_minor": row.base_minor or 0,
        "offer_version": row.version,
    }
    if row.slot.startswith((REPLACED, RESTORED)) and "restored_minor" in row.inputs:
        expected["restored_minor"] = row.inputs["restored_minor"]
    amount = worth(Inputs(**expected))
    if row.inputs != expected:
        yield f"Its inputs are {row.inputs}, and the rule has {expected}."
    elif amount != row.amount_minor:
        yield f"It is {row.amount_minor}, and its inputs give {amount}."
    hold = timedelta(days=0 if row.base_minor is None else row.hold_days)
    if row.expected_at - row.earned_at != hold:
        yield f"Its hold is {row.expected_at - row.earned_at}, and {hold} was promised."


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
