"""A discount whose code ends: told in time, found unused, back in the budget."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import within
from referral.domain.notices import Notice
from referral.domain.programs import OfferTerms, Program
from referral.domain.reports.discounts import discounts_of
from referral.domain.reports.portal import code_given
from referral.domain.rewards import LedgerTransaction, Reward
from referral.foundation import clock
from referral.foundation.db import session
from tests.cast import discount
from tests.stories.trade import Thing, Trade, assert_clean, at_stripe, connect, later, open_trade
from tools.practice_stripe import PracticeStripe
from tools.practice_stripe.driver import Refused

DAY_S = 24 * 3600
FIXED = replace(discount(), rate_bp=None, amount_minor=500, discount_days=30)


def welcomed(app: Flask, practice: PracticeStripe, offer: OfferTerms) -> tuple[Trade, Thing]:
    """Have bob sign up; returns the code that waits for him at Stripe."""
    trade = open_trade(app, practice, friend=offer, budget_minor=100_000)
    trade.shop.signup("bob", token=trade.token_of(trade.advocate("alice")))
    trade.settle()
    (code,) = at_stripe(practice, "GET", "/v1/promotion_codes")["data"]
    return trade, code


def bobs(trade: Trade) -> Reward:
    session.expire_all()
    return session.scalars(select(Reward).where(Reward.side == "friend")).one()


def told() -> list[bool]:
    """Return of each mail about the end whether it was sent."""
    query = select(Notice).where(Notice.kind == "discount_ends")
    return [one.sent_at is not None for one in session.scalars(query)]


def at_day(trade: Trade, days: float) -> None:
    with later(int(days * DAY_S)):
        trade.work()


def test_the_code_carries_its_end_and_who_may_use_it_for_what(
    app: Flask, practice: PracticeStripe
) -> None:
    offer = replace(FIXED, discount_minimum_minor=5000, first_order_only=True)
    _, code = welcomed(app, practice, offer)
    assert (code["max_redemptions"], code["restrictions"]) == (
        1,
        {
            "first_time_transaction": True,
            "minimum_amount": 5000,
            "minimum_amount_currency": "eur",
        },
    )
    assert abs(code["expires_at"] - clock.now().timestamp() - 30 * DAY_S) < 60
    known = {"currency": "eur", "customer": code["customer"], "promotion_code": code["code"]}
    with pytest.raises(Refused):
        practice.buy(4999, **known)
    assert practice.buy(5000, **known)["session"]["amount_total"] == 4500
    assert_clean()


def test_without_terms_the_code_has_none(app: Flask, practice: PracticeStripe) -> None:
    trade, code = welcomed(app, practice, discount())
    assert code["expires_at"] is None
    assert code["restrictions"]["minimum_amount"] is None
    with within(trade.shop.business.id):
        assert (bobs(trade).use_by, bobs(trade).due_at) == (None, None)


def test_who_has_not_used_it_hears_of_it_two_weeks_before_and_then_it_lapses(
    app: Flask, practice: PracticeStripe
) -> None:
    trade, code = welcomed(app, practice, FIXED)
    at_day(trade, 15)
    with within(trade.shop.business.id):
        assert told() == []
    at_day(trade, 16.1)
    at_day(trade, 17)
    at_day(trade, 30.5)
    with within(trade.shop.business.id):
        assert told() == [True]
        reward = bobs(trade)
        assert reward.use_by is not None
        assert int(reward.use_by.timestamp()) == code["expires_at"]
        assert (reward.lapsed_at, code_given(reward)) == (None, code["code"])
        assert discounts_of(reward.person, at=reward.use_by) == []
        assert session.get_one(Program, trade.shop.program.id).committed_minor == 500
    at_day(trade, 31.1)
    at_day(trade, 40)
    with within(trade.shop.business.id):
        reward = bobs(trade)
        assert (reward.state, reward.expired_minor, code_given(reward)) == ("granted", 500, None)
        assert reward.lapsed_at is not None
        assert discounts_of(reward.person, at=clock.now()) == []
        assert session.get_one(Program, trade.shop.program.id).committed_minor == 0
        query = select(LedgerTransaction.kind).where(LedgerTransaction.reward_id == reward.id)
        assert list(session.scalars(query.order_by(LedgerTransaction.id))) == [
            "reserve",
            "approve",
            "grant",
            "expire",
        ]
        assert told() == [True]
    assert_clean()


def test_a_share_that_nobody_used_moves_no_money(app: Flask, practice: PracticeStripe) -> None:
    trade, _ = welcomed(app, practice, replace(discount(), discount_days=4))
    at_day(trade, 2.1)
    at_day(trade, 5.1)
    with within(trade.shop.business.id):
        reward = bobs(trade)
        assert (told(), reward.expired_minor) == ([True], 0)
        assert reward.lapsed_at is not None
    assert_clean()


def test_who_used_it_hears_nothing_and_keeps_it(app: Flask, practice: PracticeStripe) -> None:
    trade, code = welcomed(app, practice, FIXED)
    practice.buy(
        9000, currency="eur", customer=code["customer"], promotion_code=code["code"], deliver=False
    )
    for days in (17, 32, 40):
        at_day(trade, days)
    with within(trade.shop.business.id):
        reward = bobs(trade)
        assert (told(), reward.lapsed_at, reward.expired_minor) == ([], None, 0)
        assert session.get_one(Program, trade.shop.program.id).committed_minor == 500
    assert_clean()


def test_what_stripe_cannot_say_now_is_asked_later(app: Flask, practice: PracticeStripe) -> None:
    trade, code = welcomed(app, practice, FIXED)
    at_day(trade, 17)
    practice.fault("reset_before", "GET", f"/v1/promotion_codes/{code['id']}")
    at_day(trade, 32)
    with within(trade.shop.business.id):
        assert bobs(trade).lapsed_at is None
    at_day(trade, 33)
    with within(trade.shop.business.id):
        assert bobs(trade).lapsed_at is not None
    assert_clean()


@pytest.mark.parametrize("offer", [FIXED, discount()], ids=["ends", "never ends"])
def test_a_used_code_is_found_after_the_purchase_and_no_longer_offered(
    app: Flask, practice: PracticeStripe, offer: OfferTerms
) -> None:
    trade, code = welcomed(app, practice, offer)
    known = {"currency": "eur", "customer": code["customer"], "deliver": False}
    trade.tell(practice.buy(2000, **known)["events"])
    trade.work()
    with within(trade.shop.business.id):
        reward = bobs(trade)
        assert (reward.used_at, code_given(reward)) == (None, code["code"])
        assert len(discounts_of(reward.person, at=clock.now())) == 1
    trade.tell(practice.buy(9000, **known, promotion_code=code["code"])["events"])
    trade.work()
    with within(trade.shop.business.id):
        reward = bobs(trade)
        assert (reward.state, reward.due_at, code_given(reward)) == ("granted", None, None)
        assert reward.used_at is not None
        assert discounts_of(reward.person, at=clock.now()) == []
    at_day(trade, 40)
    with within(trade.shop.business.id):
        assert (told(), bobs(trade).lapsed_at) == ([], None)
    assert_clean()


def test_a_code_of_an_account_that_is_not_connected_any_more_is_asked_for_once_a_day(
    app: Flask, practice: PracticeStripe
) -> None:
    trade, _ = welcomed(app, practice, discount())
    connect(trade.shop, key="sk_test_another")
    trade.shop.purchase("bob")
    trade.work()
    with within(trade.shop.business.id):
        reward = bobs(trade)
        assert (reward.used_at, reward.last_error) == (None, None)
        assert reward.due_at is not None
        assert reward.due_at - clock.now() > timedelta(hours=23)
