"""From the end of the hold to the promise to pay: approved by rule or by somebody, or denied."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from referral.domain.businesses import Actor
from referral.domain.businesses.audit import SYSTEM
from referral.domain.rewards.attempts import plan_grant
from referral.domain.rewards.choosing import ask_to_choose
from referral.domain.rewards.debts import settle_debts
from referral.domain.rewards.expiring import begin_to_expire
from referral.domain.rewards.ledger import Account, Movement, transfer
from referral.domain.rewards.moving import RewardHeld, RewardMoved, lock, move
from referral.domain.rewards.releasing import end
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.foundation.db import session


def ripen(reward: Reward, *, at: datetime) -> None:
    """Look again at a reward whose hold has ended: approve it, or let it wait for somebody.

    A held reward is left as it is; releasing the hold makes it due again.
    """
    lock(reward)
    if reward.state != RewardState.PENDING or reward.is_held or reward.expected_at > at:
        return
    if reward.approvals_needed:
        _await_staff(reward)
    else:
        approve(reward, actor=SYSTEM, reason="The hold has passed and every check is met.", at=at)


def approve(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> None:
    """Promise the reward for good and plan its grant; staff may do so before the hold has passed.

    Raises RewardHeld while something holds it, RewardMoved when it is not pending.
    """
    lock(reward)
    if reward.state == RewardState.PENDING and reward.is_held:
        raise RewardHeld
    move(reward, RewardState.APPROVED, actor=actor, reason=reason, at=at, only_free=True)
    transfer(
        reward,
        Movement.APPROVE,
        source=Account.RESERVED,
        lines={Account.PAYABLE: reward.payable_minor},
        at=at,
    )
    plan_grant(reward, reward.way.gives, amount_minor=reward.payable_minor, at=at)
    begin_to_expire(reward, at=at)
    ask_to_choose(reward, at=at)
    settle_debts(reward, at=at)


def deny(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> None:
    """Refuse a reward that has not been granted; a person does this, never the machine (I-24)."""
    lock(reward)
    if reward.state not in (RewardState.PENDING, RewardState.APPROVED):
        raise RewardMoved(f"A reward that is {reward.state} cannot be denied.")
    end(reward, RewardState.DENIED, reason=reason, actor=actor, at=at)


def make_due(reward: Reward, *, at: datetime) -> None:
    """Have a pending reward looked at again, not before its hold has passed."""
    session.execute(
        update(Reward)
        .where(Reward.id == reward.id, Reward.state == RewardState.PENDING)
        .values(due_at=max(at, reward.expected_at), attempts=0, dead_at=None)
        .execution_options(synchronize_session=False)
    )


def _await_staff(reward: Reward) -> None:
    session.execute(
        update(Reward)
        .where(Reward.id == reward.id)
        .values(awaits_staff=True)
        .execution_options(synchronize_session=False)
    )
