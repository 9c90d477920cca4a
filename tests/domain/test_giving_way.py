"""What gives way leaves nothing behind: a milestone's place, a turn, what gave back its parts."""

from datetime import timedelta

import pytest
from flask import Flask

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.people import Person
from referral.domain.programs import OfferTerms, Program, Trigger, set_budget
from referral.domain.purchases import Purchase, RefundFact
from referral.domain.rewards import Reward
from referral.foundation.db import session, transaction
from tests.amounts.shops import bring, days_pass, earned, pay, shop_in
from tests.cast import Shop, credit, open_shop
from tests.provider import Provider, ripen_due, send_due

OLIVE = Actor("operator", "Olive")
pytestmark = pytest.mark.usefixtures("audited")


def every(number: int) -> OfferTerms:
    return credit(5000, trigger=Trigger.MILESTONE, milestone_every=number)


def counted(shop: Shop, advocate: Person, friend: str) -> list[Reward]:
    """Let a friend buy and be counted, and return what the advocate has earned by then."""
    pay(shop, friend, 10000)
    days_pass(shop, 31)
    return earned(shop, advocate)


def was_customer_before(shop: Shop, name: str) -> None:
    shop.purchase(name, at=shop.now - timedelta(days=400))


def budget(shop: Shop, amount_minor: int | None) -> None:
    with within(shop.business.id), transaction():
        set_budget(session.get_one(Program, shop.program.id), amount_minor)


def refund(shop: Shop, purchase: Purchase, name: str, *, has_failed: bool = False) -> None:
    fact = RefundFact(
        (purchase.external_id,),
        shop.now,
        refund_id=name,
        amount_minor=purchase.gross_minor,
        has_failed=has_failed,
    )
    with within(shop.business.id), transaction():
        journey.refund(shop.business, fact, at=shop.now)


def test_another_friend_makes_the_milestone_that_was_denied_for_one_who_did_not_count(
    app: Flask,
) -> None:
    shop = shop_in("eur", every(1), approval="staff")
    alice = shop.customer("alice")
    bring(shop, alice, "bob", "ben")
    [first] = counted(shop, alice, "bob")
    with within(shop.business.id), transaction():
        journey.deny_reward(first, actor=OLIVE, reason="Not a friend.", at=shop.now)
    was_customer_before(shop, "bob")
    found = counted(shop, alice, "ben")
    assert [one.state for one in found] == ["denied", "pending"]


def test_another_friend_makes_the_milestone_that_a_limit_refused(app: Flask) -> None:
    shop = shop_in("eur", every(1))
    alice = shop.customer("alice")
    bring(shop, alice, "bob", "ben")
    budget(shop, 100)
    assert counted(shop, alice, "bob") == []
    was_customer_before(shop, "bob")
    budget(shop, None)
    assert [one.amount_minor for one in counted(shop, alice, "ben")] == [5000]


def test_what_a_friend_was_given_keeps_no_place_of_a_milestone(app: Flask) -> None:
    shop = open_shop(advocate=every(2))
    alice, *_ = (shop.customer(name) for name in ("alice", "bob", "ben"))
    bring(shop, alice, "bob", "ben")
    with within(shop.business.id):
        ripen_due(at=shop.now)
        send_due(Provider(), at=shop.now)
    counted(shop, alice, "bob")
    was_customer_before(shop, "bob")
    assert counted(shop, alice, "ben") == []


def test_what_gave_way_does_not_begin_anew_when_its_refund_fails(app: Flask) -> None:
    """One purchase is rewarded; the later one had its reward given back once already."""
    shop = shop_in("eur", credit(1000, trigger=Trigger.PURCHASE, times=1))
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    shop.later(days=2)
    later = pay(shop, "bob", 12000)
    refund(shop, later, "re_1")
    refund(shop, later, "re_1", has_failed=True)
    refund(shop, later, "re_2")
    pay(shop, "bob", 10000, at=shop.now - timedelta(days=1))
    refund(shop, later, "re_2", has_failed=True)
    open_ = [one for one in earned(shop, alice) if one.state == "pending"]
    assert [one.purchase.base_minor for one in open_ if one.purchase] == [10000]
