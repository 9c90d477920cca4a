"""The application on real databases, and a client to visit it with."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import Settings
from referral import create_app
from referral.domain.reports.auditor import audit
from referral.foundation import clock
from referral.foundation.db import db, session
from tests.databases import Kind, cloned_database, drop_database
from tests.servers import session_folder

BASE_URL = "http://localhost"


def settings_for(url: str, **changes: object) -> Settings:
    """Return settings for a test, with limits far away unless asked otherwise."""
    chosen = {
        "referral_env": "test",
        "database_url": url,
        "base_url": BASE_URL,
        "secret_key": "a secret for tests only, long enough",
        "rate_limit_scale": 1000,
        "mail_url": f"file:{session_folder() / 'outbox'}",
        **changes,
    }
    return Settings(**chosen)  # type: ignore[arg-type]


def migrate(url: str) -> None:
    """Make all tables in an empty database."""
    app = create_app(settings_for(url))
    with app.app_context():
        db.create_all()
        session.remove()
        db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database of its own, once on SQLite and once on PostgreSQL."""
    kind: Kind = request.param
    url = cloned_database(kind, migrate=migrate)
    yield url
    drop_database(url)


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    """The application on that database, with its context open; not for testing stale objects."""
    built = create_app(settings_for(database_url))
    with built.app_context():
        yield built
        session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor without cookies."""
    return app.test_client()


@pytest.fixture
def audited(app: Flask) -> Iterator[None]:
    """When the test has ended, no promise about money is broken."""
    yield
    session.rollback()
    report = audit(clock.now())
    assert [str(found) for found in report.violations] == []
