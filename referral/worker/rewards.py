"""Rewards whose hold has ended."""

from __future__ import annotations

import uuid

from referral.domain.businesses import across_businesses, within
from referral.domain.rewards import Reward, ripen
from referral.foundation import clock, due
from referral.foundation.db import session, transaction


def ripen_reward(key: uuid.UUID, token: uuid.UUID) -> None:
    """Look at a reward again: it is approved, waits for somebody, or stays held."""
    with transaction():
        reward = session.get_one(Reward, key, execution_options=across_businesses())
        with within(reward.business_id):
            ripen(reward, at=clock.now())
            due.finish(reward, token)
