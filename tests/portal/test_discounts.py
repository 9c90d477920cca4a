"""Bob's discount in the portal: until when he may use it, and that it ended."""

from datetime import timedelta

from sqlalchemy import select

from referral.domain.businesses import within
from referral.domain.rewards import Reward
from referral.domain.rewards.moving import update_reward
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.portal.test_gifts import work
from tests.portal.test_pages import reward_url, sends
from tests.portal.visiting import World, words_of

BOB = "bob@mail.example"


def changed(world: World, **values: object) -> None:
    with world.at_work(), within(world.shop.business.id), transaction():
        reward = session.scalars(select(Reward).where(Reward.side == "friend")).one()
        update_reward(reward, **values)


def test_bob_reads_until_when_and_that_it_ended(world: World) -> None:
    sends(world, "bob")
    with world.at_work():
        work(world.shop)
    changed(world, use_by=clock.now() + timedelta(days=30))
    bob = world.signed_in(BOB)
    url = reward_url(bob)
    assert "Use it before" in words_of(bob.get(url).text)
    changed(world, lapsed_at=clock.now())
    page = words_of(bob.get(url).text)
    assert "It was not used before its last day, so it has ended." in page
    assert "Use it before" not in page
    assert "It was not used before its last day" in words_of(bob.get("/rewards").text)


def test_bob_reads_that_he_has_used_it(world: World) -> None:
    sends(world, "bob")
    with world.at_work():
        work(world.shop)
    changed(world, use_by=clock.now() + timedelta(days=30), used_at=clock.now())
    bob = world.signed_in(BOB)
    page = words_of(bob.get(reward_url(bob)).text)
    assert "You have used it." in page
    assert "Use it before" not in page
    assert "Your code" not in page
