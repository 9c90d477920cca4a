"""Credit that waits for a customer, in the portal: what it becomes, when, and that it did."""

from referral.domain.programs import Kind
from referral.foundation import clock
from tests.cast import credit, open_shop
from tests.portal.test_gifts import work
from tests.portal.test_pages import ALICE, buys, reward_url
from tests.portal.visiting import World, words_of


def earned(world: World, days: int) -> None:
    """Have alice, who is no customer at Stripe, earn credit that becomes store credit."""
    offer = credit(fallback_kind=Kind.STORE_CREDIT, fallback_days=days)
    with world.at_work():
        world.shop = open_shop("Later", advocate=offer, hold_days=0, at=clock.now())
        alice = world.shop.customer("alice", full_name="Alice Sommer", customer="")
        world.shop.link_of(alice)
        token = world.shop.click(world.shop.link_of(alice))
        world.shop.signup("bob", token=token)
    buys(world, "bob")
    with world.at_work():
        work(world.shop)


def test_alice_reads_what_her_credit_becomes_and_when(world: World) -> None:
    earned(world, 14)
    alice = world.signed_in(ALICE)
    page = words_of(alice.get(reward_url(alice)).text)
    assert "as soon as you have an account for billing with us" in page
    assert "If you are not a customer with us by" in page
    assert "you get credit to spend with us instead." in page
    assert "Instead of" not in page
    rule = "If you have no account for billing with us 14 days after it is confirmed, you get"
    assert f"{rule} credit to spend with us instead." in words_of(alice.get().text)


def test_alice_reads_why_it_is_not_the_credit_that_was_promised(world: World) -> None:
    earned(world, 0)
    alice = world.signed_in(ALICE)
    page = words_of(alice.get(reward_url(alice)).text)
    assert "It is yours, to spend with us." in page
    assert "Instead of Credit on your next bill: you had no account for billing with us" in page
    assert "Given another way from here" in page
    assert "If you are not a customer" not in page
