"""The gateway in this process, asking practice Stripe with the real SDK."""

import uuid
from collections.abc import Iterator

import pytest

from referral.gateways.stripe import StripeAccount, client
from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate
from tests.stories.settings import app, practice
from tests.stories.trade import at_stripe
from tools.practice_stripe import PracticeStripe

__all__ = ["app", "practice"]


@pytest.fixture
def database_url() -> Iterator[str]:
    """One database is enough here: the gateway only sees to it that no transaction is open."""
    url = cloned_database("sqlite", migrate=migrate)
    yield url
    drop_database(url)


@pytest.fixture
def account(
    app: object, practice: PracticeStripe, monkeypatch: pytest.MonkeyPatch
) -> StripeAccount:
    """A business's account at practice Stripe, with little patience."""
    monkeypatch.setattr(client, "TIMEOUT_S", (0.5, 0.5))
    return StripeAccount(uuid.uuid4(), "sk_test_practice", practice.url)


@pytest.fixture
def alice(practice: PracticeStripe) -> str:
    """A customer at practice Stripe."""
    made = at_stripe(practice, "POST", "/v1/customers", email="alice@mail.example")
    return str(made["id"])
