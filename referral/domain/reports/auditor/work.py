"""Work that was accepted: none of it lost (I-29, I-36), and what of it is late or dead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, select

from referral.domain.reports.auditor.asking import Question, ask, named
from referral.domain.reports.auditor.report import MOST_KEPT, Violation
from referral.domain.rewards import Grant, Reward, RewardMove, RewardState
from referral.foundation.db import db

LONGEST_GRANTING = timedelta(minutes=15)
LONGEST_APPROVED = timedelta(hours=24)
LONGEST_DUE = timedelta(hours=1)

_QUESTIONS = (
    Question(
        "I-29",
        "reward",
        "It is pending in a closed program and nothing will look at it again.",
        """
        SELECT r.id FROM reward r JOIN program p ON p.id = r.program_id
        WHERE p.state = 'closed' AND r.state = 'pending' AND r.due_at IS NULL
          AND r.open_holds = 0 AND NOT r.awaits_staff
        """,
    ),
    Question(
        "I-36",
        "reward",
        "It is pending and nothing will look at it again.",
        """
        SELECT r.id FROM reward r JOIN program p ON p.id = r.program_id
        WHERE p.state <> 'closed' AND r.state = 'pending' AND r.due_at IS NULL
          AND r.open_holds = 0 AND NOT r.awaits_staff
        """,
    ),
    Question(
        "I-36",
        "reward",
        "It is {state} and no act is under way.",
        """
        SELECT r.id, r.state FROM reward r
        WHERE r.state IN ('approved', 'granting') AND NOT EXISTS (
            SELECT 1 FROM "grant" g WHERE g.reward_id = r.id AND g.operation NOT IN TAKINGS
               AND g.state IN ('waiting', 'sending', 'done'))
        """,
    ),
    Question(
        "I-36",
        "referral",
        "The friend of place {place} makes a milestone, and nothing was earned for it.",
        """
        SELECT q.referral_id AS id, q.place FROM qualification q
        JOIN referral r ON r.id = q.referral_id JOIN offer o ON o.id = r.advocate_offer_id
        WHERE o.trigger = 'milestone' AND q.place IS NOT NULL
          AND (q.place = o.milestone_at OR q.place % o.milestone_every = 0)
          AND NOT EXISTS (
            SELECT 1 FROM reward w WHERE w.referral_id = q.referral_id
               AND w.slot = 'milestone:' || q.place)
        """,
    ),
    Question(
        "I-36",
        "grant",
        "It is {state} and nothing will try it again.",
        """
        SELECT id, state FROM "grant"
        WHERE state IN ('waiting', 'sending') AND due_at IS NULL AND dead_at IS NULL
        """,
    ),
    Question(
        "I-36",
        "stripe_event",
        "It was never read and nothing will read it.",
        """
        SELECT id FROM stripe_event
        WHERE read_at IS NULL AND due_at IS NULL AND dead_at IS NULL
        """,
    ),
    Question(
        "I-36",
        "notice",
        "It was never sent and nothing will send it.",
        """
        SELECT id FROM notice
        WHERE sent_at IS NULL AND due_at IS NULL AND dead_at IS NULL AND sealed <> ''
        """,
    ),
)


def check(connection: Connection) -> Iterator[Violation]:
    """Yield work that nobody would ever do."""
    return ask(connection, _QUESTIONS)


def warnings(connection: Connection, *, at: datetime) -> Iterator[Violation]:
    """Yield what waits for too long, and what was given up until somebody looks."""
    yield from _slow(connection, RewardState.GRANTING, at - LONGEST_GRANTING)
    yield from _slow(connection, RewardState.APPROVED, at - LONGEST_APPROVED)
    for table in db.metadata.sorted_tables:
        if "dead_at" in table.c:
            yield from _dead(connection, table)
            yield from _late(connection, table, at - LONGEST_DUE)


def _dead(connection: Connection, table: Table) -> Iterator[Violation]:
    query = select(table.c.id, table.c.last_error).where(table.c.dead_at.is_not(None))
    for key, last_error in connection.execute(query.limit(MOST_KEPT)):
        yield Violation("dead", named(table.name, key), f"It was given up: {last_error}")


def _late(connection: Connection, table: Table, before: datetime) -> Iterator[Violation]:
    query = select(table.c.id, table.c.due_at, table.c.last_error).where(
        table.c.due_at < before, table.c.dead_at.is_(None)
    )
    for key, due_at, last_error in connection.execute(query.limit(MOST_KEPT)):
        why = f"; {last_error}" if last_error else ""
        said = f"It has been due since {due_at:%Y-%m-%d %H:%M} UTC{why}."
        yield Violation("late", named(table.name, key), said)


def _slow(connection: Connection, state: RewardState, before: datetime) -> Iterator[Violation]:
    query = (
        select(Reward.id, RewardMove.at, Grant.waits_for)
        .join(RewardMove, RewardMove.reward_id == Reward.id)
        .outerjoin(Grant, (Grant.reward_id == Reward.id) & Grant.state.in_(("waiting", "sending")))
        .where(Reward.state == state, Reward.open_holds == 0)
        .where(RewardMove.to_state == state, RewardMove.at < before)
    )
    for row in connection.execute(query.limit(MOST_KEPT)):
        why = f"; it waits for {row.waits_for}" if row.waits_for else ""
        said = f"It has been {state} since {row.at:%Y-%m-%d %H:%M} UTC{why}."
        yield Violation("late", named("reward", row.id), said)
