"""The ledger that the bench audits is one whose books are right."""

import secrets
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from bench import ledger
from bench.auditing import audit_books
from bench.table import audits_table
from referral.domain.reports.auditor import audit
from referral.foundation import clock
from referral.foundation.db import db, session


def test_copied_stories_break_no_promise(tmp_path: Path) -> None:
    settings = {
        "REFERRAL_ENV": "test",
        "SECRET_KEY": secrets.token_hex(32),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'books.sqlite3'}",
        "BASE_URL": "https://referral.example",
    }
    audited = audit_books(settings, 40)
    assert (audited.rewards, audited.violations) == (40, 0)
    assert audited.entries == 160
    assert audits_table([("SQLite", audited)]).splitlines()[1].startswith("SQLite")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_audit_of_four_times_the_rewards_takes_about_four_times_the_steps(app: Flask) -> None:
    """SQLite counts the steps of its queries: a join without an index takes sixteen times."""
    few = steps_of_audit(50)
    assert steps_of_audit(150) < 6 * few


def steps_of_audit(stories: int) -> int:
    """Tell so many more stories, audit everything, and count by hundreds what it took."""
    ledger.fill(stories)
    session.remove()
    ticks = 0

    def tick() -> int:
        nonlocal ticks
        ticks += 1
        return 0

    def count(connection: Any, *_: Any) -> None:
        connection.set_progress_handler(tick, 100)

    db.engine.dispose()
    event.listen(db.engine, "connect", count)
    report = audit(clock.now())
    event.remove(db.engine, "connect", count)
    db.engine.dispose()
    assert report.violations == []
    return ticks
