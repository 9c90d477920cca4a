"""How a check asks: one query for the rows that break a promise, and one sentence about each."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, select, text

from referral.domain.attribution import Referral, Signup
from referral.domain.businesses import Business
from referral.domain.people import Person
from referral.domain.programs import Offer, Program
from referral.domain.purchases import Purchase, Refund
from referral.domain.reports.auditor.report import Violation
from referral.domain.rewards import CreditLot, Grant, Redemption, Reward
from referral.domain.rewards.operations import TAKING
from referral.foundation.db import db
from referral.foundation.ids import public_id

_SHOWN = (
    Business,
    CreditLot,
    Grant,
    Offer,
    Person,
    Program,
    Purchase,
    Redemption,
    Referral,
    Refund,
    Reward,
    Signup,
)
PREFIXES = {model.__tablename__: model.prefix for model in _SHOWN}

TAKINGS = "(" + ", ".join(f"'{operation}'" for operation in sorted(TAKING)) + ")"
"""What stands for TAKINGS in a query."""

COUNTED = """
    counted AS MATERIALIZED (
        SELECT id, program_id, offer_id, state, owed_minor, amount_minor, withheld_minor,
            debited_minor, settled_minor, expired_minor, scope, period,
            CASE scope WHEN 'household' THEN household
                ELSE REPLACE(CAST(person_id AS VARCHAR(36)), '-', '') END AS holder
        FROM (
            SELECT r.*, s.scope, CASE s.scope WHEN 'day' THEN r.counted_on
                WHEN 'month' THEN SUBSTR(r.counted_on, 1, 7) ELSE '' END AS period
            FROM reward r CROSS JOIN (
                SELECT 'person' AS scope UNION ALL SELECT 'day'
                UNION ALL SELECT 'month' UNION ALL SELECT 'household') s) scoped)
"""
"""What stands for COUNTED in a query: each reward under each allowance it counts in.

It has no index of its own, so it is grouped, or leads to one: SQLite would look through it anew for
each row that is joined from the other side.
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A query for rows that break an invariant; it selects their `id` and what `said` names.

    TAKINGS stands in it for the operations that take something back, COUNTED for a table of each
    reward under each allowance.
    """

    invariant: str
    noun: str
    said: str
    sql: str

    @property
    def _whole(self) -> str:
        return self.sql.replace("TAKINGS", TAKINGS).replace("COUNTED", COUNTED)

    def answers(self, connection: Connection) -> Iterator[Violation]:
        """Yield a violation for each row found."""
        for row in connection.execute(text(self._whole)).mappings():
            yield Violation(self.invariant, named(self.noun, row["id"]), self.said.format_map(row))


def ask(connection: Connection, questions: Iterable[Question]) -> Iterator[Violation]:
    """Ask each question in turn."""
    for question in questions:
        yield from question.answers(connection)


def named(noun: str, key: Any) -> str:
    """Return how people find a row: its public id, or its table and key."""
    whole = key if isinstance(key, uuid.UUID) else uuid.UUID(str(key))
    prefix = PREFIXES.get(noun)
    return public_id(prefix, whole) if prefix else f"{noun} {whole}"


def doubled(
    connection: Connection, invariant: str, table: Table, *columns: str
) -> Iterator[Violation]:
    """Yield a violation for each combination of values that more than one row has."""
    chosen = [table.c[column] for column in columns]
    query = select(*chosen, func.count().label("times")).group_by(*chosen).having(func.count() > 1)
    for *values, times in connection.execute(query):
        subject = f"{table.name} {', '.join(str(value) for value in values)}"
        yield Violation(invariant, subject, f"It is kept {times} times.")


def table_named(name: str) -> Table:
    """Return a table of any part of the product by its name."""
    return db.metadata.tables[name]
