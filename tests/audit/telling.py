"""The stories, told once for each kind of database and copied for each test."""

from collections.abc import Iterator

import pytest
from flask import Flask

from referral import create_app
from referral.foundation.db import db, session
from tests.audit.stories import tell
from tests.databases import Kind, cloned_database, drop_database
from tests.fixtures import migrate, settings_for


def tell_into(url: str) -> None:
    """Make all tables in an empty database and tell the stories into them."""
    migrate(url)
    app = create_app(settings_for(url))
    with app.app_context():
        tell()
        session.remove()
        db.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def told(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application on a database of its own in which the stories have happened."""
    kind: Kind = request.param
    url = cloned_database(kind, migrate=tell_into)
    app = create_app(settings_for(url))
    with app.app_context():
        yield app
        session.remove()
        db.engine.dispose()
    drop_database(url)
