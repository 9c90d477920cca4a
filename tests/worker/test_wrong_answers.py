"""Answers about another object than was asked for: nothing is booked until somebody has looked."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.people.customers import StripeCustomer
from referral.domain.programs import Kind, Side
from referral.domain.rewards import Reward
from referral.domain.rewards.ledger import LedgerTransaction
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.cast import credit
from tests.crash.scenes import NEVER_MINOR, assert_granted_once, earn
from tests.stories.books import grants_of
from tests.stories.test_periods_and_refunds import earned, paid_back, subscribed, trade_with
from tests.stories.trade import Trade, assert_clean, at_stripe, connect, open_trade
from tests.worker.payouts import earn_cash, onboard, open_paying_trade, paid
from tools.practice_stripe import PracticeStripe

TEAS_OWN = "sk_test_oftea"
_OTHERS = {"metadata": {"wom_grant": "another act"}}


def assert_stopped(trade: Trade, operation: str) -> None:
    """Check that the last act is stopped and its reward held, with nothing moved."""
    assert grants_of(trade)[-1] == (operation, "sending", "wrong_answer")
    with within(trade.shop.business.id):
        reward = session.scalars(select(Reward).order_by(Reward.id.desc()).limit(1)).one()
        moves = select(func.count()).select_from(LedgerTransaction)
        granted = session.scalar(
            moves.where(LedgerTransaction.kind == "grant", LedgerTransaction.reward_id == reward.id)
        )
    session.remove()
    assert (reward.state, reward.is_held, granted) == ("granting", True, 0)


def release(trade: Trade) -> None:
    """Have Olive look and let everything go on."""
    with within(trade.shop.business.id), transaction():
        for reward in session.scalars(select(Reward).where(Reward.open_holds > 0)).all():
            journey.release_reward(
                reward, actor=Actor("operator", "Olive"), reason="I looked.", at=clock.now()
            )
    session.remove()


@pytest.mark.parametrize("left_out", [{"metadata": {}}, {"metadata": None}])
def test_an_answer_that_leaves_our_marks_out_is_about_the_act_it_answers(
    trade: Trade, left_out: dict[str, Any]
) -> None:
    alice = earn(trade)
    trade.practice.fault("wrong_amount", "POST", "/v1/customers/", change=left_out)
    trade.settle()
    assert_granted_once(trade, alice)


def test_f10_credit_that_bears_another_acts_mark_stops(trade: Trade) -> None:
    alice = earn(trade)
    trade.practice.fault("wrong_amount", "POST", "/v1/customers/", change=_OTHERS)
    trade.settle()
    assert_stopped(trade, "credit")
    release(trade)
    trade.work()
    assert_granted_once(trade, alice)


def two_shops(app: Flask, practice: PracticeStripe) -> tuple[Trade, Trade]:
    """Open two shops that thank advocates with credit."""
    friend = credit(side=Side.FRIEND, minimum_minor=NEVER_MINOR)

    def shop(name: str) -> Trade:
        return open_trade(app, practice, name=name, advocate=credit(), friend=friend)

    return shop("Coffee"), shop("Tea")


def test_f10_an_object_that_another_act_made_is_not_booked_twice(
    app: Flask, practice: PracticeStripe
) -> None:
    """The other act may be of another business, on the same account."""
    coffee, tea = two_shops(app, practice)
    alice = earn(coffee)
    coffee.settle()
    (known,) = coffee.credits_of(alice)
    anna = tea.advocate("anna")
    tea.shop.signup("ben", token=tea.token_of(anna))
    tea.shop.purchase("ben")
    practice.fault("wrong_amount", "POST", "/v1/customers/", change={"id": known["id"]})
    tea.settle()
    assert_stopped(tea, "credit")
    release(tea)
    tea.work()
    assert [one["amount"] for one in tea.credits_of(anna)] == [-1000]
    assert_clean()


def test_an_id_that_another_account_has_too_is_another_object(
    app: Flask, practice: PracticeStripe
) -> None:
    coffee, tea = two_shops(app, practice)
    connect(tea.shop, key=TEAS_OWN)
    alice = earn(coffee)
    coffee.settle()
    (known,) = coffee.credits_of(alice)
    made = requests.post(f"{practice.url}/v1/customers", auth=(TEAS_OWN, ""), timeout=10).json()
    anna = tea.shop.customer("anna", customer=made["id"])
    tea.shop.signup("ben", token=tea.token_of(anna))
    tea.shop.purchase("ben")
    practice.fault("wrong_amount", "POST", "/v1/customers/", change={"id": known["id"]})
    tea.settle()
    assert grants_of(tea)[-1] == ("credit", "done", None)


@pytest.mark.parametrize("missing", [{"id": None}, {"id": ""}, {"customer": None}])
def test_f10_an_answer_without_what_it_is_about_is_asked_for_again(
    trade: Trade, missing: dict[str, Any]
) -> None:
    alice = earn(trade)
    trade.practice.fault("wrong_amount", "POST", "/v1/customers/", change=missing)
    trade.settle()
    if "customer" in missing:
        assert_stopped(trade, "credit")
        release(trade)
        trade.work()
    assert_granted_once(trade, alice)


def test_f10_a_transfer_of_another_act_stops(app: Flask, practice: PracticeStripe) -> None:
    trade = open_paying_trade(app, practice)
    onboard(trade, earn_cash(trade))
    practice.fault("wrong_amount", "POST", "/v1/transfers", change=_OTHERS)
    trade.settle()
    assert_stopped(trade, "transfer")
    release(trade)
    trade.work()
    assert paid(trade) == [(1000, "eur", 0)]
    assert_clean()


def test_f10_a_code_of_another_coupon_stops(app: Flask, practice: PracticeStripe) -> None:
    trade = open_trade(app, practice)
    trade.shop.signup("bob", token=trade.token_of(trade.advocate("alice")))
    other = {"promotion": {"type": "coupon", "coupon": "half_off"}}
    trade.practice.fault("wrong_amount", "POST", "/v1/promotion_codes", change=other)
    trade.settle()
    assert_stopped(trade, "promotion_code")


def test_f10_a_refund_of_another_payment_stops(app: Flask, practice: PracticeStripe) -> None:
    trade = trade_with(app, practice, Kind.REFUND)
    paid_back(trade)
    practice.fault("wrong_amount", "POST", "/v1/refunds", change={"payment_intent": "pi_other"})
    trade.settle()
    assert_stopped(trade, "refund")


def test_f10_another_subscription_stops(app: Flask, practice: PracticeStripe) -> None:
    trade = trade_with(app, practice, Kind.FREE_PERIOD, periods=1)
    subscribed(trade, earned(trade))
    practice.fault("wrong_amount", "POST", "/v1/subscriptions/", change={"id": "sub_other"})
    trade.settle()
    assert_stopped(trade, "extension")


def test_f10_somebody_elses_customer_is_tied_to_nobody(
    app: Flask, practice: PracticeStripe
) -> None:
    """Their discount would be Mallory's to use."""
    trade = open_trade(app, practice)
    trade.shop.signup("bob", token=trade.token_of(trade.advocate("alice")))
    mallory = at_stripe(trade.practice, "POST", "/v1/customers", email="mallory@mail.example")
    trade.practice.fault("wrong_amount", "POST", "/v1/customers", change=mallory)
    trade.settle()
    with within(trade.shop.business.id):
        known = session.scalars(select(StripeCustomer.customer_id)).all()
    session.remove()
    (code,) = at_stripe(trade.practice, "GET", "/v1/promotion_codes")["data"]
    assert mallory["id"] not in known
    assert code["customer"] in known
    assert_clean()
