"""The database's own guards: triggers, whole numbers, known currencies (I-12, I-13)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, Table, func, or_, select, text

from referral.domain.attribution import Referral, Touch
from referral.domain.businesses import AuditEntry
from referral.domain.programs import Offer
from referral.domain.reports.auditor.asking import named
from referral.domain.reports.auditor.report import Violation
from referral.domain.rewards import (
    CreditEntry,
    Hold,
    HoldRelease,
    LedgerEntry,
    LedgerTransaction,
    Redemption,
    RedemptionReversal,
    RewardMove,
)
from referral.foundation.db import Total, db
from referral.foundation.money import LIMIT_MINOR, SUM_LIMIT_MINOR, is_code

_APPEND_ONLY = (
    AuditEntry,
    CreditEntry,
    Hold,
    HoldRelease,
    LedgerEntry,
    LedgerTransaction,
    Offer,
    Redemption,
    RedemptionReversal,
    Referral,
    RewardMove,
    Touch,
)
_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
}
_NO_WHOLE_NUMBERS = r"""
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND column_name LIKE '%\_minor' AND data_type <> 'bigint'
"""


def check(connection: Connection) -> Iterator[Violation]:
    """Yield each guard that is missing and each amount that is not a whole number in range."""
    yield from _guards(connection)
    yield from _types(connection)
    for table in db.metadata.sorted_tables:
        yield from _amounts(connection, table)
        yield from _currencies(connection, table)


def _guards(connection: Connection) -> Iterator[Violation]:
    present = set(connection.scalars(text(_TRIGGERS[connection.dialect.name])))
    wanted = {
        f"{model.__tablename__}_no_{act}" for model in _APPEND_ONLY for act in ("update", "delete")
    }
    for name in sorted((wanted | {"reward_state_forward"}) - present):
        yield Violation("I-12", f"trigger {name}", "It is missing or switched off.")


def _types(connection: Connection) -> Iterator[Violation]:
    """Yield each column of PostgreSQL that could keep parts of a minor unit; SQLite's rows tell."""
    if connection.dialect.name != "postgresql":
        return
    for table, column in connection.execute(text(_NO_WHOLE_NUMBERS)):
        yield Violation("I-13", f"{table}.{column}", "It is no whole number.")


def _amounts(connection: Connection, table: Table) -> Iterator[Violation]:
    columns = [one for one in table.c if one.name.endswith("_minor")]
    if not columns:
        return
    wrong = [or_(one > _limit_of(one), one < -_limit_of(one)) for one in columns]
    if connection.dialect.name == "sqlite":
        wrong += [func.typeof(column).not_in(("integer", "null")) for column in columns]
    for key in connection.scalars(select(table.c.id).where(or_(*wrong))):
        said = "An amount is no whole number of minor units in range."
        yield Violation("I-13", named(table.name, key), said)


def _limit_of(column: Column[Any]) -> int:
    return SUM_LIMIT_MINOR if isinstance(column.type, Total) else LIMIT_MINOR


def _currencies(connection: Connection, table: Table) -> Iterator[Violation]:
    if "currency" not in table.c:
        return
    for code in connection.scalars(select(table.c.currency).distinct()):
        if not is_code(code):
            yield Violation("I-13", f"{table.name} in {code}", "We cannot count in this currency.")
