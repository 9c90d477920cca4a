"""Two businesses on one Stripe account thank one customer: neither spoils what the other read."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import across_businesses
from referral.domain.people import Person
from referral.domain.programs import Kind, OfferTerms, Side, Trigger
from referral.domain.purchases import Purchase
from referral.domain.rewards import Grant
from referral.foundation.db import session
from referral.foundation.intervals import plus
from tests.cast import credit
from tests.stories.test_periods_and_refunds import NEVER_MINOR, end_of, subscribed
from tests.stories.trade import Trade, assert_clean, at_stripe, open_trade
from tools.practice_stripe import PracticeStripe

DAY_S = 86_400
Shops = tuple[tuple[Trade, Person], tuple[Trade, Person]]


def two_shops(app: Flask, practice: PracticeStripe, kind: Kind) -> Shops:
    """Open two shops that give something worth 10.00, and make Alice a customer of both."""
    offer = OfferTerms(side=Side.ADVOCATE, kind=kind, trigger=Trigger.PURCHASE, amount_minor=1000)
    friend = credit(side=Side.FRIEND, minimum_minor=NEVER_MINOR)
    customer = at_stripe(practice, "POST", "/v1/customers", email="alice@mail.example")["id"]

    def shop(name: str) -> tuple[Trade, Person]:
        trade = open_trade(app, practice, name=name, advocate=offer, friend=friend)
        return trade, trade.shop.customer("alice", customer=customer)

    return shop("Coffee"), shop("Tea")


def earn(trade: Trade, alice: Person) -> Purchase:
    """Let Bob buy on Alice's word."""
    trade.shop.signup("bob", token=trade.token_of(alice))
    return trade.shop.purchase("bob")


def acts(operation: str) -> list[tuple[str, str | None]]:
    """List how the acts of both shops stand, in the order they came to be."""
    query = select(Grant.state, Grant.waits_for).where(Grant.operation == operation)
    found = session.execute(query.order_by(Grant.id).execution_options(**across_businesses()))
    states = [(state, waits_for) for state, waits_for in found]
    session.remove()
    return states


def test_free_time_waits_for_what_the_other_shop_does_not_know_yet(
    app: Flask, practice: PracticeStripe
) -> None:
    """Coffee's answer is lost for a day; Tea's mark in its place would hide what was done."""
    (coffee, alice), (tea, other) = two_shops(app, practice, Kind.FREE_PERIOD)
    subscription = subscribed(coffee, alice)
    began = end_of(coffee, subscription)
    earn(coffee, alice)
    practice.fault("reset_after", "POST", "/v1/subscriptions/", times=1)
    practice.fault("reset_before", "POST", "/v1/subscriptions/", times=1000)
    coffee.settle()
    earn(tea, other)
    tea.settle(from_s=1200)
    assert acts("extension") == [
        ("sending", "outcome_unknown"),
        ("waiting", "outcome_unknown"),
    ]
    practice.clear_faults()
    practice.forget_keys()
    for seconds in (DAY_S, DAY_S + 7200):
        tea.settle(from_s=seconds)
    assert acts("extension") == [("done", None), ("done", None)]
    assert end_of(coffee, subscription) == plus(plus(began, 1, "month"), 1, "month")
    assert_clean()


def test_two_who_take_back_at_once_take_no_more_than_is_left(
    app: Flask, practice: PracticeStripe
) -> None:
    """Alice has used 15.00 of 20.00; each shop is to take 10.00 back, and Coffee's call hangs."""
    (coffee, alice), (tea, other) = two_shops(app, practice, Kind.ACCOUNT_CREDIT)
    bought = [(coffee, earn(coffee, alice)), (tea, earn(tea, other))]
    coffee.settle()
    (customer,) = coffee.customers_of(alice)
    balance = f"/v1/customers/{customer}/balance_transactions"
    at_stripe(practice, "POST", balance, amount=1500, currency="eur")
    practice.fault("reset_before", "POST", "/v1/customers/", times=1000)
    for trade, purchase in bought:
        trade.shop.refund(purchase, 12000)
        trade.settle(from_s=60)
    assert acts("debit") == [("sending", "outcome_unknown"), ("waiting", "outcome_unknown")]
    practice.clear_faults()
    for seconds in (7200, 14_400):
        tea.settle(from_s=seconds)
    assert at_stripe(practice, "GET", f"/v1/customers/{customer}")["balance"] == 0
    assert_clean()


@pytest.mark.parametrize("kind", [Kind.ACCOUNT_CREDIT, Kind.FREE_PERIOD])
def test_both_are_given_at_once_what_they_earned(
    app: Flask, practice: PracticeStripe, kind: Kind
) -> None:
    shops = two_shops(app, practice, kind)
    (coffee, alice), _ = shops
    subscription = subscribed(coffee, alice)
    began = end_of(coffee, subscription)
    for trade, person in shops:
        earn(trade, person)
    coffee.settle()
    coffee.settle(from_s=7200)
    if kind is Kind.FREE_PERIOD:
        assert end_of(coffee, subscription) == plus(plus(began, 1, "month"), 1, "month")
    else:
        (customer,) = coffee.customers_of(alice)
        assert at_stripe(practice, "GET", f"/v1/customers/{customer}")["balance"] == -2000
    assert_clean()
