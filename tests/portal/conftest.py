"""The portal with a shop in it, and the cast of its visitors."""

from collections.abc import Iterator

import pytest

from referral import create_app
from referral.foundation.db import db
from tests.fixtures import settings_for
from tests.portal.visiting import World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A shop with alice as its customer; no context stays open between requests."""
    app = create_app(settings_for(database_url))
    made = World(app)
    with made.at_work():
        made.shop.link_of(made.shop.customer("alice", full_name="Alice Sommer"))
    yield made
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def portal_request() -> Iterator[None]:
    """A request to some page, for what only needs the addresses."""
    with create_app(settings_for("sqlite:////nowhere")).test_request_context("/portal/shop"):
        yield
