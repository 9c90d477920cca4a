"""What is taken back from a referral whose friend turns out to be a customer from before (I-4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from referral.domain.attribution import Referral
from referral.domain.businesses.audit import SYSTEM
from referral.domain.programs import Side, Trigger, lock_program
from referral.domain.rewards.earning import EXISTING_CUSTOMER
from referral.domain.rewards.milestones import MILESTONE
from referral.domain.rewards.moving import lock
from referral.domain.rewards.qualifying import friends_above, give_up_place
from referral.domain.rewards.releasing import cancel
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.domain.rewards.turns import free_slot
from referral.foundation.db import session


def retract(referral: Referral, *, at: datetime) -> None:
    """Cancel what an existing customer's referral has earned, as far as it is not granted yet.

    Their place is free again unless its advocate was granted something for it; the friends above
    who made a milestone that is not granted yet are counted again without them.
    """
    _cancel_pending(referral, at=at)
    granted = (RewardState.GRANTING, RewardState.GRANTED, RewardState.REVERSED)
    earned = select(Reward).where(Reward.referral_id == referral.id, Reward.side == Side.ADVOCATE)
    lock_program(referral.program_id)
    theirs = session.scalars(earned).all()
    if any(reward.state in granted for reward in theirs):
        return
    place = give_up_place(referral)
    if place is None:
        return
    for reward in theirs:
        _leave_milestone(reward)
    for above in friends_above(referral, place):
        if _cancel_pending(above.referral, at=at, trigger=Trigger.MILESTONE):
            give_up_place(above.referral, again_at=at)


def _cancel_pending(referral: Referral, *, at: datetime, trigger: Trigger | None = None) -> bool:
    query = (
        select(Reward)
        .where(Reward.referral_id == referral.id)
        .where(Reward.state.in_((RewardState.PENDING, RewardState.APPROVED)))
        .order_by(Reward.id)
    )
    found = [one for one in session.scalars(query) if trigger in (None, one.offer.trigger)]
    for reward in found:
        cancel(lock(reward), reason=EXISTING_CUSTOMER, actor=SYSTEM, at=at)
        _leave_milestone(reward)
    return bool(found)


def _leave_milestone(reward: Reward) -> None:
    """Let another friend make the milestone of a reward that has ended, whatever ended it."""
    if reward.slot.startswith(MILESTONE):
        free_slot(reward.id)
