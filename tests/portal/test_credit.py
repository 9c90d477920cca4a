"""What alice sees of her store credit: how much, until when, and what became of it."""

import pytest
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.programs import Side, Trigger, publish_offer
from referral.domain.purchases import Purchase
from referral.domain.rewards import Reward
from referral.foundation.db import session, transaction
from tests.cast import credit, store_credit
from tests.credit import give_credit, spend
from tests.portal.visiting import World, words_of
from tests.provider import Provider, ripen_due, send_due

ALICE = "alice@mail.example"


def test_credit_is_shown_with_its_end_and_what_it_was_spent_on(world: World) -> None:
    with world.at_work():
        alice = give_credit(world.shop, 1000, credit_life_days=365)
        give_credit(world.shop, 250)
        spend(world.shop, alice, 350)
    visitor = world.signed_in(ALICE)
    assert "You have €9.00 to spend with us." in words_of(visitor.get().text)
    page = words_of(visitor.get("/rewards").text)
    assert "€9.00 to spend with us" in page
    assert "Before" in page
    assert "€6.50" in page
    assert "Without an end €2.50" in page
    assert "Spent: €3.50" in page
    assert "Two cakes" in page


def test_credit_that_has_ended_is_not_shown_as_hers(world: World) -> None:
    with world.at_work():
        world.shop.later(days=-10)
        give_credit(world.shop, 1000, credit_life_days=5)
        world.shop.later(days=10)
    visitor = world.signed_in(ALICE)
    assert "to spend with us." not in words_of(visitor.get().text)
    assert "€10.00 to spend with us" not in words_of(visitor.get("/rewards").text)


def test_nobody_sees_the_credit_of_somebody_else(world: World) -> None:
    with world.at_work():
        give_credit(world.shop, 1000)
        world.shop.link_of(world.shop.customer("charlie"))
    visitor = world.signed_in("charlie@mail.example")
    assert "to spend with us." not in words_of(visitor.get().text)
    assert "€10.00" not in words_of(visitor.get("/rewards").text)


def test_what_is_on_the_way_and_given_counts_store_credit(world: World) -> None:
    with world.at_work():
        give_credit(world.shop, 1000)
    assert "Given to you €10.00" in words_of(world.signed_in(ALICE).get("/rewards").text)


@pytest.mark.parametrize(
    ("refunded_minor", "kept", "said"),
    [
        (12000, "€10.00", "It was to go back. The purchase was refunded. You may keep it."),
        (
            9000,
            "€4.00",
            "€6.00 of €10.00 went back, because part of the purchase was refunded."
            " You may keep €1.50 that was to go back.",
        ),
    ],
)
def test_what_was_let_go_is_given_on_every_page(
    world: World, refunded_minor: int, kept: str, said: str
) -> None:
    with world.at_work():
        bought = earn_by_a_purchase(world)
        spend_and_refund(world, bought, 1000 if refunded_minor == 12000 else 400, refunded_minor)
        with within(world.shop.business.id), transaction():
            (reward,) = session.scalars(select(Reward))
            olive = Actor("operator", "olive")
            journey.forgive_debt(reward, actor=olive, reason="Ours.", at=world.shop.now)
            address = f"/rewards/{reward.public_id}"
    visitor = world.signed_in(ALICE)
    home, listed, page = (words_of(visitor.get(one).text) for one in ("", "/rewards", address))
    assert f"Given to you {kept}" in listed
    for words in (home, listed, page):
        assert said in words
        assert kept in words
        assert "Taken back" not in words.replace("Taken back, because", "")


def test_what_settles_a_debt_is_not_said_to_be_on_its_way(world: World) -> None:
    with world.at_work():
        bought = earn_by_a_purchase(world)
        spend_and_refund(world, bought, 1000, 9000)
        world.shop.later(minutes=1).purchase("bob")
        give(world)
        with within(world.shop.business.id):
            newest = session.scalars(select(Reward).order_by(Reward.id.desc())).first()
            assert newest is not None
            address = f"/rewards/{newest.public_id}"
    visitor = world.signed_in(ALICE)
    for path in ("", "/friends", "/rewards", address):
        words = words_of(visitor.get(path).text)
        assert (
            "€7.50 of €10.00 settles what went back of an earlier reward and had reached you"
            " already. The rest is yours, to spend with us."
        ) in words, path
    assert "Given to you €12.50" in words_of(visitor.get("/rewards").text)


def earn_by_a_purchase(world: World) -> Purchase:
    """Let alice get 10.00 to spend for a purchase of bob; returns the purchase."""
    shop = world.shop
    with within(shop.business.id), transaction():
        shop.program.hold_days = 0
        publish_offer(shop.program, store_credit(trigger=Trigger.PURCHASE), at=shop.now)
        publish_offer(shop.program, credit(side=Side.FRIEND, minimum_minor=10**9), at=shop.now)
    shop.signup("bob", token=shop.click(shop.link_of(shop.customer("alice"))))
    bought = shop.purchase("bob")
    give(world)
    return bought


def spend_and_refund(world: World, bought: Purchase, spent_minor: int, refunded_minor: int) -> None:
    """Let alice use some of her credit before a part of bob's purchase is refunded."""
    spend(world.shop, world.shop.customer("alice"), spent_minor)
    world.shop.refund(bought, refunded_minor)
    give(world)


def give(world: World) -> None:
    """Let every hold pass and everything be given."""
    with within(world.shop.business.id):
        ripen_due(at=world.shop.now)
        send_due(Provider(), at=world.shop.now)
