"""The main job in order, on both databases."""

from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.rewards import Grant, Reward, RewardState
from referral.foundation.db import session, transaction
from tests.cast import open_shop


def rewards(shop, person):  # type: ignore[no-untyped-def]
    with within(shop.business.id):
        return session.scalars(select(Reward).where(Reward.person_id == person.id)).all()


def test_a_friend_who_buys_earns_the_advocate_a_pending_reward(app: Flask) -> None:
    shop = open_shop()
    alice = shop.customer("alice")
    token = shop.click(shop.link_of(alice))
    joined = shop.later(minutes=5).signup("bob", token=token)
    shop.later(days=1).purchase("bob")
    (reward,) = rewards(shop, alice)
    assert (joined.signup.outcome, joined.signup.reason) == ("referred", "credited")
    assert (reward.state, reward.amount_minor, reward.currency) == (
        RewardState.PENDING,
        1000,
        "eur",
    )


def test_the_own_link_is_refused_with_a_stored_reason(app: Flask) -> None:
    shop = open_shop()
    token = shop.click(shop.link_of(shop.customer("mallory")))
    joined = shop.later(minutes=5).signup("mallory", token=token)
    assert (joined.signup.outcome, joined.signup.reason) == ("refused", "own_link")
    assert joined.referral is None


def test_a_reward_denied_after_its_approval_leaves_nothing_planned(app: Flask) -> None:
    shop = open_shop()
    alice = shop.customer("alice")
    shop.later(minutes=5).signup("bob", token=shop.click(shop.link_of(alice)))
    shop.later(days=1).purchase("bob")
    (reward,) = rewards(shop, alice)
    olive = Actor("operator", "Olive")
    with within(shop.business.id):
        with transaction():
            journey.approve_reward(reward, actor=olive, reason="Fine.", at=shop.now)
        with transaction():
            journey.deny_reward(reward, actor=olive, reason="Not fine.", at=shop.now)
        (grant,) = session.scalars(select(Grant).where(Grant.reward_id == reward.id)).all()
        session.refresh(grant)
    assert (grant.state, grant.due_at) == ("failed", None)
