"""A reward that failed for good begins anew when somebody says so, once, under the same rules."""

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.journey.thanking import know_customer
from referral.domain.purchases import Purchase
from referral.domain.reports import evidence
from referral.domain.reports.explanation import explain_reward
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.grants import NothingWaits
from referral.domain.rewards.moving import RewardMoved
from referral.domain.rewards.reissuing import NotOwed
from referral.foundation.db import session, transaction
from tests.cast import Shop, open_shop
from tests.provider import Provider, prepare, refuse, ripen_due, send_due

OLIVE = Actor("operator", "Olive")
pytestmark = pytest.mark.usefixtures("audited")


def rewards(shop: Shop) -> list[Reward]:
    with within(shop.business.id):
        query = select(Reward).where(Reward.side == "advocate").order_by(Reward.id)
        return list(session.scalars(query.execution_options(populate_existing=True)))


def grant_of(shop: Shop, reward: Reward) -> Grant:
    with within(shop.business.id):
        return session.scalars(select(Grant).where(Grant.reward_id == reward.id)).one()


def failed(shop: Shop) -> tuple[Reward, Purchase]:
    """Let alice earn 10.00 and the provider refuse it for good."""
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=5).signup("bob", token=token)
    purchase = shop.purchase("bob")
    shop.later(days=31)
    with within(shop.business.id):
        ripen_due(at=shop.now)
        (reward,) = rewards(shop)
        grant = grant_of(shop, reward)
        assert prepare(grant, Provider(), at=shop.now)
        refuse(grant, at=shop.now)
    return rewards(shop)[0], purchase


def reissue(shop: Shop, reward: Reward) -> Reward:
    with within(shop.business.id), transaction():
        return journey.reissue_reward(
            reward, actor=OLIVE, reason="The customer exists now.", at=shop.now
        )


def test_a_failed_reward_begins_anew_and_is_granted(app: Flask) -> None:
    shop = open_shop(budget_minor=1000)
    reward, _ = failed(shop)
    begun = reissue(shop, reward)
    assert (begun.state, begun.amount_minor, begun.earned_at) == (
        "pending",
        1000,
        reward.earned_at,
    )
    with within(shop.business.id):
        ripen_due(at=shop.now)
        send_due(Provider(), at=shop.now)
    assert [one.state for one in rewards(shop)] == ["failed", "granted"]
    with within(shop.business.id):
        first = evidence.moves(begun)[0]
        stands = explain_reward(reward, at=shop.now).stands_at
    assert (first.actor_name, first.reason) == (OLIVE.name, "The customer exists now.")
    assert stands.code == "issued_again"


def test_a_reward_is_issued_again_only_once(app: Flask) -> None:
    shop = open_shop()
    reward, _ = failed(shop)
    reissue(shop, reward)
    with pytest.raises(RewardMoved):
        reissue(shop, reward)
    assert len(rewards(shop)) == 2


def test_only_a_failed_reward_is_issued_again(app: Flask) -> None:
    shop = open_shop()
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=5).signup("bob", token=token)
    shop.purchase("bob")
    with pytest.raises(RewardMoved):
        reissue(shop, rewards(shop)[0])


def test_what_went_back_meanwhile_is_taken_off(app: Flask) -> None:
    shop = open_shop()
    reward, purchase = failed(shop)
    shop.refund(purchase, 3000)
    begun = reissue(shop, reward)
    assert (begun.amount_minor, begun.payable_minor) == (1000, 750)


def test_nothing_is_owed_for_somebody_who_was_a_customer_before(app: Flask) -> None:
    shop = open_shop()
    reward, _ = failed(shop)
    with within(shop.business.id), transaction():
        since = reward.referral.touch.at.replace(year=2020)
        know_customer(reward.referral.friend, since, at=shop.now)
    with pytest.raises(NotOwed):
        reissue(shop, reward)
    assert len(rewards(shop)) == 1


def test_a_used_up_budget_refuses_it_like_any_other(app: Flask) -> None:
    shop = open_shop(budget_minor=1000)
    reward, _ = failed(shop)
    token = shop.click(shop.link_of(shop.customer("carol")))
    shop.later(minutes=5).signup("dave", token=token)
    shop.purchase("dave")
    begun = reissue(shop, reward)
    assert (begun.state, begun.reason) == ("cancelled", "budget_reached")


def test_a_waiting_grant_is_tried_at_once(app: Flask) -> None:
    shop = open_shop()
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=5).signup("bob", token=token)
    shop.purchase("bob")
    shop.later(days=31)
    with within(shop.business.id):
        ripen_due(at=shop.now)
        grant = grant_of(shop, rewards(shop)[0])
        with transaction():
            grant.due_at, grant.attempts = shop.now.replace(year=2027), 7
        with transaction():
            journey.retry_reward(grant.reward, actor=OLIVE, reason="Key is new.", at=shop.now)
        session.refresh(grant)
        assert (grant.due_at, grant.attempts) == (shop.now, 0)
        send_due(Provider(), at=shop.now)
        with pytest.raises(NothingWaits), transaction():
            journey.retry_reward(grant.reward, actor=OLIVE, reason="Again.", at=shop.now)
