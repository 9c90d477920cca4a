"""A program whose rewards sum to more than one amount can be goes on through Stripe's events."""

import pytest
from flask import Flask

from referral.foundation.money import LIMIT_MINOR
from tests.cast import store_credit
from tests.stories.books import books_of
from tests.stories.trade import assert_clean, open_trade
from tools.practice_stripe import PracticeStripe


def test_sums_go_on_and_then_stop_in_good_order(
    app: Flask, practice: PracticeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("referral.domain.programs.budget.SUM_LIMIT_MINOR", 2 * LIMIT_MINOR)
    trade = open_trade(app, practice, advocate=store_credit(LIMIT_MINOR))
    trade.shop.signup("bob", token=trade.token_of(trade.advocate("alice")))
    for _ in range(3):
        bought = practice.buy(12000, currency="eur", email="bob@mail.example", deliver=False)
        trade.tell(bought["events"])
        trade.settle()
    books = books_of(trade)
    assert len(books["purchases"]) == 3
    assert ("granted", "alice@mail.example", 2 * LIMIT_MINOR) in books["ledger"]
    assert_clean()
