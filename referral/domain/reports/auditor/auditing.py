"""Runs every check in one unchanging view of the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, func, select

from referral.domain.reports.auditor import (
    books,
    chain,
    credit,
    decisions,
    gifts,
    history,
    limits,
    once,
    pages,
    positions,
    rules,
    schema,
    windows,
    work,
)
from referral.domain.reports.auditor.asking import table_named
from referral.domain.reports.auditor.promises import PROMISES
from referral.domain.reports.auditor.report import MOST_KEPT, Report, Violation
from referral.foundation.db import db

_CHECKS: tuple[Callable[[Connection], Iterator[Violation]], ...] = (
    once.check,
    books.check,
    positions.check,
    gifts.check,
    credit.check,
    schema.check,
    history.check,
    limits.check,
    rules.check,
    windows.check,
    decisions.check,
    work.check,
    chain.check,
)
_COUNTED = {
    "signup": "signups",
    "referral": "referrals",
    "purchase": "purchases",
    "reward": "rewards",
    "grant": "grants",
    "ledger_entry": "ledger entries",
    "credit_entry": "credit entries",
    "audit_entry": "audit entries",
}


def audit(
    at: datetime, *, most_kept: int = MOST_KEPT, between: Callable[[], None] = lambda: None
) -> Report:
    """Check every invariant that data can show, over all businesses; only reads.

    `at` is the present moment: what is late by then becomes a warning. Everything is read from
    one snapshot, so work that goes on meanwhile is seen whole or not at all. `between` is called
    after each group of checks: a worker says there that it is still at it. Where pages of the
    database are damaged nothing else can be judged, and the report has only that.
    """
    report = Report(at, PROMISES, most_kept=most_kept)
    with _snapshot() as connection:
        damages = list(pages.check(connection))
        if damages:
            return _damaged(at, damages)
        for name, noun in _COUNTED.items():
            count = connection.scalar(select(func.count()).select_from(table_named(name)))
            report.seen[noun] = int(count or 0)
        for check in _CHECKS:
            for violation in check(connection):
                report.add(violation)
            between()
        report.warnings.extend(work.warnings(connection, at=at))
    return report


def _damaged(at: datetime, damages: list[Violation]) -> Report:
    report = Report(at, {pages.PAGES: PROMISES[pages.PAGES]})
    for damage in damages:
        report.add(damage)
    return report


@contextmanager
def _snapshot() -> Iterator[Connection]:
    """Open a connection that sees one state of the database throughout and cannot change it."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        yield connection
        connection.rollback()
