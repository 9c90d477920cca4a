"""Somebody who never becomes a customer at Stripe, as the worker meets them."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import within
from referral.domain.people import Person
from referral.domain.programs import Kind
from referral.domain.rewards import Grant, Reward
from referral.foundation import clock
from referral.foundation.db import session
from tests.cast import credit
from tests.stories.books import grants_of
from tests.stories.trade import Trade, assert_clean, at_stripe, later, open_trade
from tools.practice_stripe import PracticeStripe

TWO_WEEKS_S = 14 * 24 * 3600


def earned(app: Flask, practice: PracticeStripe, **terms: object) -> tuple[Trade, Person]:
    """Have alice, whom Stripe does not know, earn credit that becomes store credit."""
    offer = credit(fallback_kind=Kind.STORE_CREDIT, **terms)
    trade = open_trade(app, practice, advocate=offer)
    alice = trade.shop.customer("alice", customer="")
    trade.shop.signup("bob", token=trade.token_of(alice))
    trade.shop.purchase("bob")
    trade.work()
    return trade, alice


def alices(trade: Trade) -> tuple[str, str]:
    with within(trade.shop.business.id):
        reward = session.scalars(select(Reward).where(Reward.side == "advocate")).one()
        found = (reward.kind, reward.state)
    session.remove()
    return found


def acts(trade: Trade) -> set[tuple[str, str, str | None]]:
    return {act for act in grants_of(trade) if act[0] != "promotion_code"}


def becomes_customer(trade: Trade) -> None:
    at_stripe(trade.practice, "POST", "/v1/customers", email="alice@mail.example")
    trade.tell(trade.practice.events("customer.created")[-1:])


def test_credit_becomes_what_the_offer_names_and_no_customer_changes_that(
    app: Flask, practice: PracticeStripe
) -> None:
    trade, alice = earned(app, practice)
    assert acts(trade) == {("credit", "waiting", "no_customer")}
    with later(TWO_WEEKS_S - 60):
        trade.work()
    assert alices(trade) == ("account_credit", "approved")
    with later(TWO_WEEKS_S + 60):
        trade.work()
    assert alices(trade) == ("store_credit", "granted")
    becomes_customer(trade)
    trade.settle(from_s=TWO_WEEKS_S)
    assert trade.credits_of(alice) == []
    assert acts(trade) == {("credit", "failed", None), ("store_credit", "done", None)}
    assert_clean()


def test_a_customer_who_is_heard_of_in_time_is_credited(
    app: Flask, practice: PracticeStripe
) -> None:
    trade, alice = earned(app, practice)
    becomes_customer(trade)
    trade.settle(from_s=TWO_WEEKS_S)
    assert [one["amount"] for one in trade.credits_of(alice)] == [-1000]
    assert alices(trade) == ("account_credit", "granted")
    assert_clean()


def test_the_wait_is_no_failure_and_is_looked_at_within_the_hour(
    app: Flask, practice: PracticeStripe
) -> None:
    trade, _ = earned(app, practice)
    with within(trade.shop.business.id):
        act = session.scalars(select(Grant).where(Grant.operation == "credit")).one()
        assert (act.attempts, act.last_error, act.dead_at) == (0, None, None)
        assert act.due_at is not None
        assert timedelta(minutes=50) < act.due_at - clock.now() <= timedelta(hours=1)
