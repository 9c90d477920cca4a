"""Two businesses with customers, codes and accounts of their own never meet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from referral import create_app
from referral.domain.businesses import connect_stripe, within
from referral.foundation.db import db, session, transaction
from tests.fixtures import settings_for
from tests.stories.books import assert_one_object_each, books_of
from tests.stories.trade import SECRET, Trade, assert_clean, open_trade
from tools.practice_stripe import PracticeStripe, start


@pytest.fixture
def elsewhere() -> Iterator[PracticeStripe]:
    """The account of the other business."""
    with start() as running:
        yield running.practice


@pytest.fixture
def app(database_url: str, practice: PracticeStripe, elsewhere: PracticeStripe) -> Iterator[Flask]:
    """The application with two practice accounts behind it."""
    built = create_app(
        settings_for(database_url, stripe_api_base=practice.url, practice_stripe_url=elsewhere.url)
    )
    with built.app_context():
        yield built
        session.remove()
        db.engine.dispose()


@pytest.fixture
def both(app: Flask, practice: PracticeStripe, elsewhere: PracticeStripe) -> tuple[Trade, Trade]:
    """Two shops, each connected to its own account."""
    coffee = open_trade(app, practice)
    tea = open_trade(app, elsewhere, name="Tea House")
    with within(tea.shop.business.id), transaction():
        connect_stripe(
            tea.shop.business.id,
            secret_key="sk_test_practice",
            webhook_secret=SECRET,
            is_practice=True,
            at=tea.shop.now,
        )
    return coffee, tea


def buy(trade: Trade, token: str) -> None:
    bought = trade.practice.buy(
        12000,
        currency="eur",
        email="bob@mail.example",
        client_reference_id=f"wom_{token}",
        deliver=False,
    )
    trade.tell(bought["events"], times=2)


def test_the_same_people_in_two_businesses_are_two_stories(both: tuple[Trade, Trade]) -> None:
    for trade in both:
        buy(trade, trade.token_of(trade.advocate("alice")))
    for trade in both:
        trade.settle()
    for trade in both:
        assert books_of(trade)["at_stripe"] == [("alice@mail.example", -1000)]
        assert_one_object_each(trade)
    assert_clean()


def test_a_token_of_another_business_credits_nobody(both: tuple[Trade, Trade]) -> None:
    coffee, tea = both
    alice = coffee.advocate("alice")
    buy(tea, coffee.token_of(alice))
    tea.settle()
    for trade in both:
        assert (books_of(trade)["referrals"], books_of(trade)["rewards"]) == ([], [])
    assert books_of(tea)["people"] == ["bob@mail.example"]
    assert books_of(coffee)["people"] == ["alice@mail.example"]
    assert_clean()


def test_the_same_ids_at_two_accounts_are_different_money(both: tuple[Trade, Trade]) -> None:
    coffee, tea = both
    told = coffee.practice.buy(12000, currency="eur", email="bob@mail.example", deliver=False)
    coffee.tell(told["events"])
    back = coffee.practice.refund(told["charge"]["id"], deliver=False)
    tea.tell(told["events"])
    tea.settle()
    coffee.tell(back["events"])
    coffee.settle()
    assert books_of(coffee)["purchases"] == [("bob@mail.example", 12000, 12000, "eur", 12000)]
    assert books_of(tea)["purchases"] == [("bob@mail.example", 12000, 12000, "eur", 0)]
    assert_clean()
