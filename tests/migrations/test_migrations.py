"""A migrated database is exactly what the models say, and every migration can be taken back."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Inspector, inspect, text

from config import ROOT
from referral import create_app
from referral.foundation.db import db, session
from tests.databases import Kind, drop_database, fresh_database
from tests.fixtures import settings_for

DIRECTORY = str(ROOT / "migrations")


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


@pytest.fixture
def empty(kind: Kind) -> Iterator[Flask]:
    """The application on an empty database."""
    yield from _application(kind)


@pytest.fixture
def modelled(kind: Kind) -> Iterator[Flask]:
    """The application on a database made from the models."""
    for app in _application(kind):
        db.create_all()
        yield app


def _application(kind: Kind) -> Iterator[Flask]:
    url = fresh_database(kind)
    app = create_app(settings_for(url))
    with app.app_context():
        yield app
        session.remove()
        db.engine.dispose()
    drop_database(url)


def described(app: Flask) -> dict[str, Any]:
    """Describe every table, constraint, index and trigger of a database."""
    with app.app_context():
        found = inspect(db.engine)
        tables = {
            name: _table(found, name)
            for name in found.get_table_names()
            if name != "alembic_version"
        }
        return {"tables": tables, "triggers": _triggers()}


def _table(found: Inspector, name: str) -> dict[str, Any]:
    return {
        "columns": [
            (one["name"], repr(one["type"]), one["nullable"], one["default"])
            for one in found.get_columns(name)
        ],
        "checks": sorted(
            (one["name"], re.sub(r"\s+", " ", one["sqltext"]))
            for one in found.get_check_constraints(name)
        ),
        "uniques": sorted(
            (one["name"], one["column_names"]) for one in found.get_unique_constraints(name)
        ),
        "keys": sorted(
            (one["name"], one["constrained_columns"], one["referred_table"])
            for one in found.get_foreign_keys(name)
        ),
        "indexes": sorted(
            (one["name"], one["column_names"], bool(one["unique"]))
            for one in found.get_indexes(name)
        ),
    }


def _triggers() -> list[tuple[str, str]]:
    sqlite = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    postgresql = (
        "SELECT t.tgname, pg_get_triggerdef(t.oid) || p.prosrc FROM pg_trigger t"
        " JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal"
    )
    query = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    with db.engine.connect() as connection:
        return sorted((name, said) for name, said in connection.execute(text(query)))


def test_the_migrations_build_exactly_the_models(empty: Flask, modelled: Flask) -> None:
    with empty.app_context():
        upgrade(directory=DIRECTORY)
    assert described(empty) == described(modelled)


def test_every_migration_can_be_taken_back(empty: Flask) -> None:
    with empty.app_context():
        upgrade(directory=DIRECTORY)
        built = described(empty)
        downgrade(directory=DIRECTORY, revision="base")
        assert described(empty) == {"tables": {}, "triggers": []}
        upgrade(directory=DIRECTORY)
    assert described(empty) == built


def test_migrating_twice_changes_nothing(empty: Flask) -> None:
    with empty.app_context():
        upgrade(directory=DIRECTORY)
        built = described(empty)
        upgrade(directory=DIRECTORY)
    assert described(empty) == built
