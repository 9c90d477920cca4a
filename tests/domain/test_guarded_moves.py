"""A move is one statement that looks for itself; what its caller read before may be old."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from referral.domain.businesses import within
from referral.domain.businesses.audit import SYSTEM
from referral.domain.rewards import Reward, RewardState
from referral.domain.rewards.moving import RewardHeld, RewardMoved, move
from referral.foundation.db import session, transaction
from tests.cast import Shop, open_shop

pytestmark = pytest.mark.usefixtures("audited")


def earned(shop: Shop) -> Reward:
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=5).signup("bob", token=token)
    shop.later(minutes=5).purchase("bob")
    with within(shop.business.id):
        query = select(Reward).where(Reward.side == "advocate")
        return session.scalars(query).one()


def meanwhile(reward: Reward, **values: Any) -> None:
    """Change a reward as somebody else would, behind the back of whoever has it loaded."""
    session.execute(
        update(Reward)
        .where(Reward.id == reward.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def test_a_reward_that_was_denied_meanwhile_is_not_approved(app: Flask) -> None:
    shop = open_shop()
    reward = earned(shop)
    with within(shop.business.id), pytest.raises(RewardMoved), transaction():
        meanwhile(reward, state=RewardState.DENIED)
        move(reward, RewardState.APPROVED, actor=SYSTEM, reason="Late.", at=shop.now)


def test_a_reward_that_was_held_meanwhile_is_not_approved(app: Flask) -> None:
    shop = open_shop()
    reward = earned(shop)
    with within(shop.business.id), pytest.raises(RewardHeld), transaction():
        meanwhile(reward, open_holds=1)
        move(
            reward,
            RewardState.APPROVED,
            actor=SYSTEM,
            reason="Late.",
            at=shop.now,
            only_free=True,
        )
