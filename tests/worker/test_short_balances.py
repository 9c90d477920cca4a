"""Payouts that wait for the business's balance go on together once it is enough, and only those."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import within
from referral.domain.businesses.audit import SYSTEM
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.waking import wake_what_fits
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.stories.trade import Trade, assert_clean
from tests.worker.payouts import (
    acts,
    balance_news,
    earn_cash,
    onboard,
    open_paying_trade,
    states,
)
from tools.practice_stripe import PracticeStripe


@pytest.fixture
def trade(app: Flask, practice: PracticeStripe) -> Trade:
    return open_paying_trade(app, practice)


def short_trade(trade: Trade, count: int) -> None:
    """Have so many payouts of 10.00 wait for a balance of 4.00."""
    onboard(trade, earn_cash(trade, count))
    trade.practice.set_balance("eur", 400)
    trade.work()
    assert acts(trade) == [("transfer", "waiting", "balance")] * count


def asked(trade: Trade) -> list[int]:
    """Count how often Stripe was asked for the balance, and for a transfer."""
    return [len(trade.practice.calls(path=path)) for path in ("/v1/balance", "/v1/transfers")]


def test_one_payout_that_finds_money_wakes_the_others_it_is_enough_for(trade: Trade) -> None:
    short_trade(trade, 4)
    trade.practice.set_balance("eur", 3500)
    with within(trade.shop.business.id), transaction():
        newest = session.scalars(select(Reward).order_by(Reward.id.desc())).first()
        journey.retry_reward(newest, actor=SYSTEM, reason="", at=clock.now())
    trade.work()
    assert states(trade) == ["granted", "granted", "approved", "granted"]
    assert acts(trade)[2] == ("transfer", "waiting", "balance")
    assert asked(trade) == [4 + 3, 3]
    assert_clean()


def test_news_of_the_balance_wakes_only_what_it_is_enough_for(trade: Trade) -> None:
    short_trade(trade, 5)
    trade.practice.set_balance("eur", 2000)
    trade.tell([balance_news()])
    trade.work()
    assert states(trade) == ["granted"] * 2 + ["approved"] * 3
    assert asked(trade) == [5 + 3, 2]


def test_a_payout_that_is_too_large_keeps_nobody_waiting(trade: Trade) -> None:
    short_trade(trade, 3)
    session.remove()
    with within(trade.shop.business.id), transaction():
        large, small, other = session.scalars(select(Grant).order_by(Grant.id)).all()
        large.amount_minor, other.currency = 9000, "usd"
    with within(trade.shop.business.id), transaction():
        wake_what_fits({"eur": 1500}, at=clock.now())
        session.expire_all()
        woken = [one for one in (large, small, other) if one.waits_for is None]
        assert woken == [small, other], "Of dollars nothing is known, so their oldest one asks."
        large.waits_for = small.waits_for = other.waits_for = "balance"
        session.flush()
        wake_what_fits({"eur": 500, "usd": 500}, at=clock.now())
        session.expire_all()
        assert {one.waits_for for one in (large, small, other)} == {"balance"}
