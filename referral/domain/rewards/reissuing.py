"""Issuing a reward again that the provider refused for good, once its cause is mended (F-11)."""

from __future__ import annotations

from datetime import datetime

from referral.domain.businesses import Actor
from referral.domain.businesses.audit import SYSTEM
from referral.domain.rewards.clawback import claw_back
from referral.domain.rewards.earning import is_existing_customer
from referral.domain.rewards.moving import RewardMoved, lock, update_reward
from referral.domain.rewards.rewards import REPLACED, Reward
from referral.domain.rewards.states import RewardState
from referral.domain.rewards.succeeding import succeed
from referral.foundation.errors import Conflict


class NotOwed(Conflict):
    """What was learned since says that the promise does not hold."""

    code = "not_owed"
    message = "The friend turned out to be a customer from before, so nothing is owed."


def can_be_reissued(reward: Reward) -> bool:
    """Tell whether a reward failed and nothing has taken its place yet."""
    return reward.state == RewardState.FAILED and not reward.slot.startswith(REPLACED)


def reissue(reward: Reward, *, reason: str, at: datetime, actor: Actor = SYSTEM) -> Reward:
    """Begin a failed reward anew, with its own limits, approval and grant; the old one gives way.

    What was refunded meanwhile is taken off. Raises RewardMoved when it has not failed, or when
    another has taken its place already; NotOwed when the promise does not hold any more.
    """
    lock(reward)
    if not can_be_reissued(reward):
        raise RewardMoved("Only a reward that failed can be issued again, and only once.")
    if is_existing_customer(reward.referral):
        raise NotOwed
    return take_its_place(reward, why=reason, at=at, actor=actor)


def take_its_place(reward: Reward, *, why: str, at: datetime, actor: Actor = SYSTEM) -> Reward:
    """Begin a new reward in the place of a locked one; what was refunded meanwhile is taken off.

    So is what was promised again beside the old one, for the new one is whole.
    """
    slot = reward.slot
    update_reward(reward, slot=f"{REPLACED}{reward.id}")
    begun = succeed(
        reward,
        slot=slot,
        amount_minor=reward.amount_minor,
        inputs=reward.inputs,
        why=why,
        holds=(),
        at=at,
        actor=actor,
    )
    if reward.purchase is not None:
        claw_back(reward.purchase, at=at)
    return begun
