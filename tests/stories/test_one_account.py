"""Two businesses on one Stripe account: both are told everything, and each counts what it sold."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import within
from referral.domain.programs import Kind, OfferTerms, Side, Trigger
from referral.domain.purchases import Purchase
from referral.domain.reports.reconciliations import Difference
from referral.foundation.db import session
from referral.gateways.stripe import StripeEvent
from tests.cast import credit
from tests.stories.books import books_of
from tests.stories.trade import Thing, Trade, assert_clean, at_stripe, open_trade
from tools.practice_stripe import PracticeStripe

NEVER_MINOR = 10**9


def open_shop(app: Flask, practice: PracticeStripe, name: str, kind: Kind) -> Trade:
    """Open a shop that gives 10.00 for each purchase of a friend."""
    offer = OfferTerms(side=Side.ADVOCATE, kind=kind, trigger=Trigger.PURCHASE, amount_minor=1000)
    friend = credit(side=Side.FRIEND, minimum_minor=NEVER_MINOR)
    return open_trade(app, practice, name=name, advocate=offer, friend=friend)


@pytest.fixture
def coffee(app: Flask, practice: PracticeStripe) -> Trade:
    return open_shop(app, practice, "Coffee", Kind.ACCOUNT_CREDIT)


@pytest.fixture
def tea(app: Flask, practice: PracticeStripe) -> Trade:
    """The other shop: it gives a part of the advocate's own last payment back."""
    return open_shop(app, practice, "Tea", Kind.REFUND)


def tell_both(both: tuple[Trade, Trade], events: list[Thing]) -> None:
    for trade in both:
        trade.tell(events)
    for trade in both:
        trade.settle()


def sold_by(trade: Trade) -> dict[str, str]:
    return {"wom_seller": trade.business_id}


def purchases(trade: Trade) -> list[tuple[int, int]]:
    """List what was paid and what of it went back."""
    with within(trade.shop.business.id):
        found = session.scalars(select(Purchase).order_by(Purchase.occurred_at)).all()
    session.remove()
    return [(one.gross_minor, one.refunded_minor) for one in found]


def test_each_shop_counts_what_it_sold(coffee: Trade, tea: Trade) -> None:
    """The friend is Coffee's; both shops call somebody 17."""
    practice, both = coffee.practice, (coffee, tea)
    alice = coffee.advocate("alice")
    coffee.shop.signup("bob", token=coffee.token_of(alice))
    terms: dict[str, Any] = {"currency": "eur", "email": "bob@mail.example", "deliver": False}
    own_id = {"wom_person_external_id": "17"}
    sold = practice.buy(9000, metadata={**sold_by(tea), **own_id}, **terms)
    tell_both(both, sold["events"])
    assert (purchases(coffee), purchases(tea)) == ([], [(9000, 0)])
    tell_both(both, practice.buy(5000, metadata=sold_by(coffee), **terms)["events"])
    tell_both(both, practice.refund(sold["charge"]["id"], deliver=False)["events"])
    assert (purchases(coffee), purchases(tea)) == ([(5000, 0)], [(9000, 9000)])
    assert books_of(coffee)["at_stripe"] == [("alice@mail.example", -1000)]
    assert_clean()


def test_refunds_of_what_another_shop_sold_wait_for_nothing(coffee: Trade, tea: Trade) -> None:
    """Nobody asks again and again which purchase they are of."""
    practice = coffee.practice
    terms: dict[str, Any] = {"currency": "eur", "email": "bob@mail.example", "deliver": False}
    alone = practice.buy(9000, metadata=sold_by(tea), **terms)
    disputed = practice.buy(9000, metadata=sold_by(tea), **terms)
    invoiced = practice.buy(9000, mode="subscription", inner_metadata=sold_by(tea), **terms)
    news = [
        *practice.refund(alone["charge"]["id"], 500, deliver=False)["events"],
        *practice.refund(invoiced["charge"]["id"], 500, deliver=False)["events"],
        *practice.dispute(disputed["charge"]["id"], deliver=False)["events"],
    ]
    coffee.tell(news)
    coffee.settle()
    with within(coffee.shop.business.id):
        outcomes = session.scalars(select(StripeEvent.outcome)).all()
    session.remove()
    assert set(outcomes) == {"ignored"}
    assert purchases(coffee) == []


def test_what_another_shop_sold_is_no_difference(coffee: Trade, tea: Trade) -> None:
    practice = coffee.practice
    for trade in (coffee, tea):
        trade.settle()
    practice.buy(9000, currency="eur", email="bob@mail.example", metadata=sold_by(tea))
    for hours in (2, 4, 6):
        coffee.settle(from_s=hours * 3600)
    with within(coffee.shop.business.id):
        assert session.scalars(select(Difference)).all() == []
    session.remove()


@pytest.mark.parametrize("mark", ["coffee", ""])
def test_a_mark_that_names_no_business_hides_nothing(coffee: Trade, mark: str) -> None:
    bought = coffee.practice.buy(
        5000,
        currency="eur",
        email="bob@mail.example",
        metadata={"wom_seller": mark} if mark else {},
        deliver=False,
    )
    coffee.tell(bought["events"])
    coffee.settle()
    assert purchases(coffee) == [(5000, 0)]


def test_the_other_shops_thanks_take_nobodys_reward_back(coffee: Trade, tea: Trade) -> None:
    """Anna pays Coffee; Tea thanks her with a part of that payment, and the charge tells of it."""
    practice, both = coffee.practice, (coffee, tea)
    alice, anna = coffee.advocate("alice"), tea.advocate("anna")
    (customer,) = tea.customers_of(anna)
    coffee.shop.signup("anna", token=coffee.token_of(alice))
    terms: dict[str, Any] = {"currency": "eur", "customer": customer, "deliver": False}
    paid = practice.buy(8000, metadata=sold_by(coffee), **terms)
    tell_both(both, paid["events"])
    tea.shop.signup("ben", token=tea.token_of(anna))
    tea.shop.purchase("ben")
    tea.settle()
    (back,) = at_stripe(practice, "GET", f"/v1/refunds?charge={paid['charge']['id']}")["data"]
    assert (back["amount"], back["metadata"]["wom_business"]) == (1000, tea.business_id)
    tell_both(both, practice.events("charge.refunded"))
    assert purchases(coffee) == [(8000, 0)]
    tell_both(both, practice.refund(paid["charge"]["id"], 2000, deliver=False)["events"])
    assert purchases(coffee) == [(8000, 2000)]
    assert books_of(coffee)["at_stripe"] == [("alice@mail.example", -750)]
    assert_clean()
