"""Times: kept as UTC, in half-open windows, and no old customer credited (I-4, I-32)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, DateTime, Select, Table, func, or_, select, type_coerce
from sqlalchemy.types import String

from referral.domain.attribution import Referral, Touch
from referral.domain.people import Person
from referral.domain.purchases import Purchase
from referral.domain.reports.auditor.asking import Question, ask, named
from referral.domain.reports.auditor.report import Violation
from referral.domain.rewards import Reward, RewardState
from referral.foundation.clock import to_second
from referral.foundation.db import UTCDateTime, db

_SQLITE_MOMENT = 26
"""The length of `2026-11-01 12:00:00.000000`, the one way SQLite keeps a moment: UTC, no zone."""

_QUESTIONS = (
    Question(
        "I-32",
        "reward",
        "It was not earned when what it is for happened.",
        """
        SELECT w.id FROM reward w JOIN referral r ON r.id = w.referral_id
        LEFT JOIN purchase p ON p.id = w.purchase_id
        JOIN offer o ON o.id = w.offer_id
        LEFT JOIN qualification q ON q.referral_id = r.id AND o.trigger = 'milestone'
        WHERE w.earned_at <> COALESCE(p.occurred_at, q.counted_at, r.at)
          AND NOT (w.slot LIKE 'superseded:%' AND w.purchase_id IS NULL)
        """,
    ),
    Question(
        "I-32",
        "reward",
        "What was paid lies at or after the end of the window.",
        """
        SELECT w.id FROM reward w JOIN referral r ON r.id = w.referral_id
        JOIN purchase p ON p.id = w.purchase_id WHERE p.occurred_at >= r.qualify_by
        """,
    ),
)
_EARLY: Select[*tuple[Any, ...]] = (
    select(Reward.id, Purchase.occurred_at, Touch.at)
    .join(Purchase, Purchase.id == Reward.purchase_id)
    .join(Referral, Referral.id == Reward.referral_id)
    .join(Touch, Touch.id == Referral.touch_id)
    .where(Purchase.occurred_at < Touch.at)
)
_OLD: Select[*tuple[Any, ...]] = (
    select(Reward.id, Person.known_since, Touch.at, Referral.at)
    .join(Referral, Referral.id == Reward.referral_id)
    .join(Touch, Touch.id == Referral.touch_id)
    .join(Person, Person.id == Referral.friend_id)
    .where(Reward.state.in_((RewardState.PENDING, RewardState.APPROVED)))
    .where(Person.known_since < Touch.at)
)
_REFERRALS: Select[*tuple[Any, ...]] = select(
    Referral.id, Referral.at, Referral.qualify_by, Touch.at
).join(Touch, Touch.id == Referral.touch_id)


def check(connection: Connection) -> Iterator[Violation]:
    """Yield what happened outside its window, and moments that are not kept as UTC."""
    yield from ask(connection, _QUESTIONS)
    for key, occurred_at, touched_at in connection.execute(_EARLY):
        if occurred_at < to_second(touched_at):
            yield Violation("I-32", named("reward", key), "What was paid lies before the touch.")
    for key, since, touched_at, at in connection.execute(_OLD):
        if since < to_second(min(touched_at, at)):
            said = "The friend was a customer before the touch that was credited."
            yield Violation("I-4", named("reward", key), said)
    for key, *moments in connection.execution_options(yield_per=2000).execute(_REFERRALS):
        for said in _referral_faults(*moments):
            yield Violation("I-32", named("referral", key), said)
    if connection.dialect.name == "sqlite":
        for table in db.metadata.sorted_tables:
            yield from _moments(connection, table)


def _referral_faults(at: datetime, qualify_by: datetime, touched_at: datetime) -> Iterator[str]:
    """The window ends whole days after the referral, and the touch lies before it."""
    length = qualify_by - at
    if length % timedelta(days=1) or length < timedelta(days=1):
        yield f"Its window is {length} long."
    if touched_at > at + timedelta(minutes=10):
        yield "Its touch lies after the signup."


def _moments(connection: Connection, table: Table) -> Iterator[Violation]:
    """On SQLite a moment is a text: it must be UTC to the microsecond, without a zone."""
    columns = [one for one in table.c if isinstance(one.type, UTCDateTime | DateTime)]
    if not columns:
        return
    wrong = [func.length(type_coerce(column, String)) != _SQLITE_MOMENT for column in columns]
    for key in connection.scalars(select(table.c.id).where(or_(*wrong))):
        yield Violation("I-32", named(table.name, key), "A moment is not kept as UTC.")
