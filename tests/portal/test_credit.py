"""What alice sees of her store credit: how much, until when, and what became of it."""

from tests.credit import give_credit, spend
from tests.portal.visiting import World, words_of

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
