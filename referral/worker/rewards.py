"""Rewards whose hold has ended, those nobody took in time, and codes that are used or not."""

from __future__ import annotations

import uuid

from referral.domain.businesses import across_businesses, within
from referral.domain.rewards import Reward, ripen
from referral.domain.rewards.expiring import see_to_expiry
from referral.domain.rewards.lapsing import is_unused_code
from referral.foundation import clock, due
from referral.foundation.db import session, transaction
from referral.worker.lapsing import look_at_code


def ripen_reward(key: uuid.UUID, token: uuid.UUID) -> None:
    """Look at a reward again: it is approved, waits for somebody, stays held, or expires.

    Of a code it is asked first, with nothing open, whether it was used.
    """
    found = session.get_one(Reward, key, execution_options=across_businesses())
    if is_unused_code(found):
        with within(found.business_id):
            look_at_code(found, token)
        return
    with transaction():
        reward = session.get_one(Reward, key, execution_options=across_businesses())
        with within(reward.business_id):
            at = clock.now()
            ripen(reward, at=at)
            due.finish(reward, token, again_at=see_to_expiry(reward, at=at))
