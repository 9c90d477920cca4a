"""The application on a database of its own with practice Stripe behind it, as fixtures."""

from collections.abc import Iterator

import pytest
from flask import Flask

from referral import create_app
from referral.foundation.db import db, session
from tests.fixtures import settings_for
from tests.stories.trade import Trade, open_trade
from tools.practice_stripe import PracticeStripe, start


@pytest.fixture
def practice() -> Iterator[PracticeStripe]:
    """A practice Stripe of its own."""
    with start() as running:
        yield running.practice


@pytest.fixture
def app(database_url: str, practice: PracticeStripe) -> Iterator[Flask]:
    """The application with its context open; what it asks of Stripe goes to practice Stripe."""
    built = create_app(settings_for(database_url, stripe_api_base=practice.url))
    with built.app_context():
        yield built
        session.remove()
        db.engine.dispose()


@pytest.fixture
def trade(app: Flask, practice: PracticeStripe) -> Trade:
    """A shop connected to practice Stripe, whose rewards are due at once."""
    return open_trade(app, practice)
