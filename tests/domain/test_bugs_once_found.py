"""Mistakes that were in the domain once; each test failed before its fix."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.people import Person
from referral.domain.programs import Trigger
from referral.domain.purchases import Claim, CustomerFact, PurchaseFact
from referral.domain.rewards import Grant, Reward, ripen
from referral.domain.rewards.attempts import prepare
from referral.domain.rewards.grants import Asked
from referral.foundation.db import session, transaction
from tests.cast import DAY, Shop, credit, open_shop
from tests.provider import ripen_due

OLIVE = Actor("operator", "Olive")
pytestmark = pytest.mark.usefixtures("audited")


def rewards(shop: Shop, name: str) -> list[Reward]:
    with within(shop.business.id):
        query = select(Reward).join(Reward.person).where(Person.email == f"{name}@mail.example")
        return list(session.scalars(query.order_by(Reward.id)))


def referred(shop: Shop, advocate: str = "alice", friend: str = "bob") -> None:
    token = shop.click(shop.link_of(shop.customer(advocate)))
    shop.later(minutes=5).signup(friend, token=token)


def test_a_refund_just_before_the_send_lowers_what_is_sent(app: Flask) -> None:
    shop = open_shop()
    referred(shop)
    purchase = shop.later(hours=1).purchase("bob")
    (reward,) = rewards(shop, "alice")
    shop.later(days=31)
    with within(shop.business.id):
        ripen_due(at=shop.now)
        grant = session.scalars(select(Grant).where(Grant.reward_id == reward.id)).one()
        shop.refund(purchase, 6000)
        with transaction():
            prepare(grant, Asked("cus_alice"), at=shop.now)
    assert (grant.amount_minor, grant.parameters) == (
        500,
        {"customer": "cus_alice", "amount": 500},
    )


def test_credit_for_a_signup_waits_for_staff_where_staff_approves(app: Flask) -> None:
    shop = open_shop(advocate=credit(500, trigger=Trigger.SIGNUP), approval="staff")
    referred(shop)
    (reward,) = rewards(shop, "alice")
    with within(shop.business.id), transaction():
        ripen(reward, at=shop.now)
    session.refresh(reward)
    assert (reward.state, reward.awaits_staff) == ("pending", True)
    (discount,) = rewards(shop, "bob")
    with within(shop.business.id), transaction():
        ripen(discount, at=shop.now)
    assert discount.state == "approved"


def test_an_old_purchase_told_late_shows_an_existing_customer(app: Flask) -> None:
    shop = open_shop()
    referred(shop)
    shop.later(days=1).purchase("bob")
    (reward,) = rewards(shop, "alice")
    assert reward.state == "pending"
    shop.later(days=1).purchase("bob", at=shop.now - 30 * DAY)
    session.refresh(reward)
    assert (reward.state, reward.reason) == ("cancelled", "existing_customer")


def test_a_customer_of_old_earns_nothing_whatever_arrives_first(app: Flask) -> None:
    shop = open_shop()
    referred(shop)
    shop.later(days=1).purchase("bob", at=shop.now - 30 * DAY)
    shop.later(days=1).purchase("bob")
    assert rewards(shop, "alice") == []


def test_a_nameless_customer_with_a_refused_signup_turns_out_to_be_known(app: Flask) -> None:
    shop = open_shop()
    bob = shop.customer("bob", customer="cus_other")
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(days=91)
    claim = Claim(customer_id="cus_guest", tokens=(token,))
    fact = PurchaseFact(claim, ("in_guest",), 12000, 2000, "eur", shop.now)
    known = Claim(customer_id="cus_guest", email="bob@mail.example")
    with within(shop.business.id):
        with transaction():
            bought = journey.buy(shop.business, fact, at=shop.now)
        with transaction():
            person = journey.tell_customer(
                shop.business, CustomerFact(known, shop.now), at=shop.now
            )
        assert person is not None and person.id == bob.id
        assert bought is not None
        session.refresh(bought)
        assert bought.person_id == bob.id


def test_a_staff_hold_stays_when_an_earlier_purchase_takes_the_place(app: Flask) -> None:
    shop = open_shop()
    referred(shop)
    shop.later(days=3).purchase("bob")
    (reward,) = rewards(shop, "alice")
    with within(shop.business.id), transaction():
        journey.hold_reward(reward, actor=OLIVE, reason="Looks odd.", at=shop.now)
    shop.purchase("bob", at=shop.now - timedelta(days=1))
    first, second = rewards(shop, "alice")
    assert (first.state, first.reason) == ("cancelled", "earlier_purchase")
    assert (second.state, second.open_holds) == ("pending", 1)


def test_an_earlier_purchase_takes_the_place_of_one_that_was_refunded_whole(app: Flask) -> None:
    """Its news came after the refund of the later one; told in order it would have earned."""
    shop = open_shop()
    referred(shop)
    refunded = shop.later(days=3).purchase("bob")
    with within(shop.business.id):
        shop.refund(refunded, refunded.gross_minor)
    earlier = shop.purchase("bob", at=shop.now - timedelta(days=1))
    first, second = rewards(shop, "alice")
    assert (first.state, first.reason) == ("cancelled", "refunded")
    assert (second.state, second.purchase_id) == ("pending", earlier.id)


def test_a_share_that_rounds_to_nothing_is_no_reward(app: Flask) -> None:
    shop = open_shop(advocate=credit(None, rate_bp=1))
    referred(shop)
    shop.later(days=1).purchase("bob", 100, tax_minor=0)
    assert rewards(shop, "alice") == []
    shop.later(days=1).purchase("bob", 20000, tax_minor=0)
    (reward,) = rewards(shop, "alice")
    assert reward.amount_minor == 2
