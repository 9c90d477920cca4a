"""What the acts of rewards wait for: the same in the console and in the portal. Reads only."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import select

from referral.domain.rewards import Grant, Reward, RewardState
from referral.domain.rewards.grants import GrantState
from referral.foundation.db import session

IS_WAITING = (
    Grant.state.in_((GrantState.WAITING, GrantState.SENDING)),
    Grant.waits_for.is_not(None),
    Grant.dead_at.is_(None),
    ~select(Reward.id)
    .where(Reward.id == Grant.reward_id, Reward.open_holds > 0)
    .correlate(Grant)
    .exists(),
)
"""What waits to be given, and is not held: that waits for somebody's word first."""
_UNDER_WAY = (RewardState.APPROVED, RewardState.GRANTING)


def waits_of(rewards: Iterable[Reward]) -> dict[uuid.UUID, str]:
    """Return by reward the code of what its newest act waits for; asks nothing if none is due."""
    keys = [one.id for one in rewards if one.state in _UNDER_WAY]
    if not keys:
        return {}
    query = (
        select(Grant.reward_id, Grant.waits_for)
        .where(Grant.reward_id.in_(keys), *IS_WAITING)
        .order_by(Grant.id)
    )
    return {reward_id: code for reward_id, code in session.execute(query) if code}
