"""A migration that is killed half-way leaves a version to start from; a second run completes it."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event as events
from sqlalchemy import inspect, text
from sqlalchemy.engine import Engine

from config import ROOT
from referral import create_app
from referral.foundation.db import db, session
from tests.databases import Kind, drop_database, fresh_database
from tests.fixtures import settings_for

DIRECTORY = str(ROOT / "migrations")
PLACES = int(os.environ.get("FAILURES_PLACES", "2"))
"""At how many statements a migration is killed; a night may take every one."""


class Killed(BaseException):
    """The process is gone."""


@contextmanager
def statements(kill_at: int | None = None) -> Iterator[list[str]]:
    """Gather what changes the schema; die before one of them."""
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("CREATE", "ALTER", "DROP", "INSERT", "UPDATE")):
            if len(asked) == kill_at:
                raise Killed
            asked.append(statement)

    events.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        events.remove(Engine, "before_cursor_execute", note)


@contextmanager
def empty(kind: Kind) -> Iterator[Flask]:
    url = fresh_database(kind)
    app = create_app(settings_for(url))
    with app.app_context():
        yield app
        session.remove()
        db.engine.dispose()
    drop_database(url)


def tables() -> dict[str, list[str]]:
    found = inspect(db.engine)
    return {
        name: sorted(one["name"] for one in found.get_columns(name))
        for name in found.get_table_names()
    }


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_f29_a_migration_that_is_killed_is_completed_by_the_next_run(kind: Kind) -> None:
    with empty(kind), statements() as asked:
        upgrade(directory=DIRECTORY)
        whole, count = tables(), len(asked)
    places = sorted(random.Random().sample(range(count), min(PLACES, count)))
    for place in places:
        with empty(kind):
            with statements(kill_at=place), pytest.raises(Killed):
                upgrade(directory=DIRECTORY)
            session.remove()
            db.engine.dispose()
            assert_a_version_is_whole()
            upgrade(directory=DIRECTORY)
            assert tables() == whole, f"killed at statement {place}"


def assert_a_version_is_whole() -> None:
    """Check that what stands is what its version says: nothing before the first, or all of it."""
    found = tables()
    if "alembic_version" not in found:
        assert found == {}
        return
    with db.engine.connect() as connection:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    assert (version is None) == (set(found) == {"alembic_version"})
