"""Amounts, promises, windows and what is asked outside, again (I-4, I-18, I-30, I-32)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, DateTime, Row, Select, Table, func, or_, select, type_coerce
from sqlalchemy.types import String

from referral.domain.attribution import Referral, Touch
from referral.domain.people import Person
from referral.domain.programs import Offer
from referral.domain.purchases import Purchase
from referral.domain.reports.auditor.asking import named
from referral.domain.reports.auditor.report import Violation
from referral.domain.rewards import Grant, Operation, Reward
from referral.domain.rewards.amounts import Inputs, worth
from referral.domain.rewards.grants import GrantState
from referral.foundation.clock import to_second
from referral.foundation.db import UTCDateTime, db
from referral.foundation.ids import public_id

_SQLITE_MOMENT = 26
"""The length of `2026-11-01 12:00:00.000000`, the one way SQLite keeps a moment: UTC, no zone."""


def check(connection: Connection) -> Iterator[Violation]:
    """Yield what does not follow from the rules it was made under."""
    for reward in connection.execution_options(yield_per=2000).execute(_REWARDS):
        for invariant, said in _reward_faults(reward):
            yield Violation(invariant, named("reward", reward.id), said)
    for grant in connection.execution_options(yield_per=2000).execute(_GRANTS):
        for said in _grant_faults(grant):
            yield Violation("I-18", named("grant", grant.id), said)
    yield from _windows(connection)
    if connection.dialect.name == "sqlite":
        for table in db.metadata.sorted_tables:
            yield from _moments(connection, table)


_REWARDS: Select[*tuple[Any, ...]] = (
    select(
        Reward.id,
        Reward.side,
        Reward.kind,
        Reward.state,
        Reward.amount_minor,
        Reward.inputs,
        Reward.offer_id,
        Reward.person_id,
        Reward.earned_at,
        Reward.expected_at,
        Offer.side.label("offer_side"),
        Offer.kind.label("offer_kind"),
        Offer.version,
        Offer.amount_minor.label("offer_amount_minor"),
        Offer.rate_bp,
        Offer.cap_minor,
        Offer.minimum_minor,
        Offer.hold_days,
        Purchase.id.label("purchase_id"),
        Purchase.base_minor,
        Purchase.gross_minor,
        Purchase.tax_minor,
        Purchase.occurred_at,
        Purchase.person_id.label("buyer_id"),
        Referral.at,
        Referral.qualify_by,
        Referral.advocate_id,
        Referral.friend_id,
        Referral.advocate_offer_id,
        Referral.friend_offer_id,
        Touch.at.label("touch_at"),
        Person.known_since,
    )
    .join(Offer, Offer.id == Reward.offer_id)
    .join(Referral, Referral.id == Reward.referral_id)
    .join(Touch, Touch.id == Referral.touch_id)
    .join(Person, Person.id == Referral.friend_id)
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


def _reward_faults(row: Row[*tuple[Any, ...]]) -> Iterator[tuple[str, str]]:
    yield from _amount(row)
    yield from _promise(row)
    yield from _window(row)
    is_waiting = row.state in ("pending", "approved")
    if is_waiting and row.known_since and row.known_since < to_second(min(row.touch_at, row.at)):
        yield "I-4", "The friend was a customer before the touch that was credited."


def _amount(row: Row[*tuple[Any, ...]]) -> Iterator[tuple[str, str]]:
    """The kept inputs are those of the offer and the purchase, and give the amount again."""
    expected = Inputs(
        amount_minor=row.offer_amount_minor,
        rate_bp=row.rate_bp,
        cap_minor=row.cap_minor,
        base_minor=row.base_minor or 0,
        offer_version=row.version,
    )
    if row.inputs != expected.as_json():
        yield "I-30", f"Its inputs are {row.inputs}, and the rule has {expected.as_json()}."
    elif worth(expected) != row.amount_minor:
        yield "I-30", f"It is {row.amount_minor}, and its inputs give {worth(expected)}."


def _promise(row: Row[*tuple[Any, ...]]) -> Iterator[tuple[str, str]]:
    """The offer is the one frozen at the referral, for that side's person, with its hold."""
    promised, person = {
        "advocate": (row.advocate_offer_id, row.advocate_id),
        "friend": (row.friend_offer_id, row.friend_id),
    }[row.side]
    if (row.offer_id, row.side, row.kind) != (promised, row.offer_side, row.offer_kind):
        yield "I-30", "Its offer is not the one promised at the referral."
    if row.person_id != person:
        yield "I-30", f"It is for another person than the {row.side}."
    hold = timedelta(days=row.hold_days if row.purchase_id else 0)
    if row.expected_at - row.earned_at != hold:
        yield "I-30", f"Its hold is {row.expected_at - row.earned_at} and {hold} was promised."


def _window(row: Row[*tuple[Any, ...]]) -> Iterator[tuple[str, str]]:
    """What was paid lies in the half-open window from the touch, and is the friend's."""
    if row.purchase_id is None:
        if row.earned_at != row.at:
            yield "I-32", "It was not earned at the signup."
        return
    if row.earned_at != row.occurred_at:
        yield "I-32", "It was not earned when the friend paid."
    if not to_second(row.touch_at) <= row.occurred_at < row.qualify_by:
        yield "I-32", f"What was paid at {row.occurred_at} lies outside the window."
    if row.buyer_id != row.friend_id:
        yield "I-30", "Somebody other than the friend paid for it."
    if row.base_minor != max(0, row.gross_minor - row.tax_minor):
        yield "I-30", f"{row.base_minor} is not what was paid less tax."
    if row.base_minor < max(1, row.minimum_minor):
        yield "I-30", f"{row.base_minor} was paid, below the minimum of {row.minimum_minor}."


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
    if row.amount_minor <= 0 and row.operation != Operation.PROMOTION_CODE:
        yield f"A {row.operation} of {row.amount_minor} has the wrong sign."


def _windows(connection: Connection) -> Iterator[Violation]:
    """A referral's window ends whole days after it, and its touch lies before it."""
    query = select(Referral.id, Referral.at, Referral.qualify_by, Touch.at.label("touch_at")).join(
        Touch, Touch.id == Referral.touch_id
    )
    for row in connection.execution_options(yield_per=2000).execute(query):
        length = row.qualify_by - row.at
        if length % timedelta(days=1) or length < timedelta(days=1):
            yield Violation("I-32", named("referral", row.id), f"Its window is {length} long.")
        if row.touch_at > row.at + timedelta(minutes=10):
            yield Violation("I-32", named("referral", row.id), "Its touch lies after the signup.")


def _moments(connection: Connection, table: Table) -> Iterator[Violation]:
    """On SQLite a moment is a text: it must be UTC to the microsecond, without a zone."""
    columns = [one for one in table.c if isinstance(one.type, UTCDateTime | DateTime)]
    if not columns:
        return
    wrong = [func.length(type_coerce(column, String)) != _SQLITE_MOMENT for column in columns]
    for key in connection.scalars(select(table.c.id).where(or_(*wrong))):
        yield Violation("I-32", named(table.name, key), "A moment is not kept as UTC.")
