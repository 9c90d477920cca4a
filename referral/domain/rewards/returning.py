"""Taking a whole reward back that was granted: because staff say so, or because it came back.

What a refund takes back is `clawback`'s; this is the rest.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from referral.domain.businesses.audit import SYSTEM
from referral.domain.rewards.clawback import settle_debit, take_what_is_due
from referral.domain.rewards.grants import Grant, GrantState, open_grant, plan_grant
from referral.domain.rewards.holds import HoldKind, place_hold
from referral.domain.rewards.operations import Operation, way_of
from referral.domain.rewards.rewards import (
    REPLACED,
    Reward,
    RewardMoved,
    RewardState,
    lock,
    update_reward,
)
from referral.domain.rewards.succeeding import succeed
from referral.foundation.db import session

CAME_BACK = "came_back"


def can_be_taken_back(reward: Reward) -> bool:
    """Tell whether a reward was granted, and somebody may still take it back."""
    return reward.state == RewardState.GRANTED and reward.reason is None


def take_back(reward: Reward, *, reason: str, at: datetime) -> None:
    """Take all that is left of a granted reward back, as far as the world allows.

    What cannot be taken stands as a debt. Raises RewardMoved when it is not granted, or when
    something of it is under way at the provider.
    """
    lock(reward)
    if not can_be_taken_back(reward) or open_grant(reward) is not None:
        raise RewardMoved("Only a reward that was given, with nothing under way, is taken back.")
    update_reward(reward, clawback_minor=reward.amount_minor, reason=reason[:400])
    taking = way_of(reward.kind).takes
    if reward.outstanding_minor:
        take_what_is_due(reward, at=at)
    elif taking is not None:
        plan_grant(reward, taking, amount_minor=0, at=at)


def come_back(object_id: str, *, at: datetime) -> Reward | None:
    """Book that what was given has failed at the provider after all, and begin it anew on hold.

    Returns the reward that takes its place; None when nothing of ours was given by that object, or
    when it is known already.
    """
    given = session.scalar(
        select(Grant).where(
            Grant.object_id == object_id,
            Grant.operation == Operation.REFUND,
            Grant.state == GrantState.DONE,
        )
    )
    if given is None or lock(given.reward).state != RewardState.GRANTED:
        return None
    reward, slot = given.reward, given.reward.slot
    left_minor = reward.payable_minor - reward.debited_minor - reward.owed_minor
    update_reward(
        reward,
        clawback_minor=reward.amount_minor,
        reason=CAME_BACK,
        slot=f"{REPLACED}{reward.id}",
    )
    returned = plan_grant(reward, Operation.RETURN, amount_minor=left_minor, at=at)
    returned.state, returned.settled_at, returned.due_at = GrantState.DONE, at, None
    returned.object_id = f"{object_id}:failed"
    returned.parameters = {**(given.parameters or {}), "amount": left_minor, "wanted": left_minor}
    session.flush()
    settle_debit(reward, returned, at=at)
    return _begin_anew(reward, slot, at=at)


def _begin_anew(reward: Reward, slot: str, *, at: datetime) -> Reward:
    why = "The provider could not give it after all."
    begun = succeed(
        reward,
        slot=slot,
        amount_minor=reward.amount_minor,
        inputs=reward.inputs,
        why=why,
        holds=(),
        at=at,
    )
    if begun.state == RewardState.PENDING:
        place_hold(begun, HoldKind.STAFF, reason=why, actor=SYSTEM, at=at, cause=CAME_BACK)
    return begun
