"""Milestones: so many friends whose purchase stood when its hold had passed.

A friend is counted once, at the end of the hold, and for good: what is refunded before that does
not count, and what is refunded after it takes nothing of a milestone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from referral.domain.attribution import Referral, Touch, TouchKind
from referral.domain.people import lock_person
from referral.domain.programs import Offer, Trigger, lock_program
from referral.domain.purchases import Purchase, open_disputes, purchases_of
from referral.domain.rewards.amounts import inputs_of
from referral.domain.rewards.earning import (
    begin_reward,
    disqualified,
    hold_stated,
    offer_misses,
)
from referral.domain.rewards.qualifying import Qualification, take_place
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.domain.rewards.turns import order_of
from referral.foundation.clock import to_second
from referral.foundation.db import session
from referral.foundation.money import share

MILESTONE = "milestone:"
"""Begins the slot of a milestone, before the place of the friend who makes it."""
_DISPUTED = timedelta(days=1)


def count_friend(friend: Qualification, *, at: datetime) -> tuple[Reward | None, datetime | None]:
    """Count a friend whose purchase stands, and give the milestone they make, if they make one.

    Returns also when to look again: when the hold of a purchase that stands will have passed.
    Locks the friend, what they paid, and the program, in this order.
    """
    referral = friend.referral
    offer = referral.advocate_offer
    lock_person(referral.friend)
    if friend.place is not None or offer is None or offer.trigger != Trigger.MILESTONE:
        return None, None
    ready_at = _ready_at(referral, offer, at=at)
    if ready_at is None or ready_at > at:
        return None, ready_at
    lock_program(referral.program_id)
    place = take_place(friend, at=at)
    return (_give(friend, offer, place, at=at) if offer.reaches(place) else None), None


def _ready_at(referral: Referral, offer: Offer, *, at: datetime) -> datetime | None:
    """Return when the first purchase that stands will have stood for the whole hold."""
    paid = purchases_of(referral.friend, since=to_second(referral.touch.at))
    ready = [
        at + _DISPUTED if open_disputes(one) else one.occurred_at + timedelta(days=offer.hold_days)
        for one in sorted(paid, key=order_of)
        if disqualified(referral, one) is None and _stands(offer, one)
    ]
    return min(ready, default=None)


def _stands(offer: Offer, purchase: Purchase) -> bool:
    """Tell whether what was kept of a purchase still qualifies."""
    back = share(purchase.base_minor, purchase.refunded_minor, purchase.gross_minor)
    return offer_misses(offer, purchase, kept_minor=purchase.base_minor - back) is None


def _give(friend: Qualification, offer: Offer, place: int, *, at: datetime) -> Reward:
    referral = friend.referral
    reward = begin_reward(
        referral,
        referral.advocate,
        offer,
        inputs_of(offer, place=place),
        slot=f"{MILESTONE}{place}",
        earned_at=at,
        purchase=None,
        at=at,
    )
    if reward.state == RewardState.PENDING and _rests_on_a_name(friend, offer, place):
        hold_stated(reward, at=at)
    return reward


def _rests_on_a_name(friend: Qualification, offer: Offer, place: int) -> bool:
    """Tell whether any friend that this milestone counts was only stated by name."""
    query = (
        select(Qualification.id)
        .join(Referral, Referral.id == Qualification.referral_id)
        .join(Touch, Touch.id == Referral.touch_id)
        .where(Qualification.program_id == friend.program_id)
        .where(Qualification.advocate_id == friend.advocate_id)
        .where(Qualification.place > place - (offer.milestone_every or place))
        .where(Qualification.place <= place, Touch.kind == TouchKind.STATED)
    )
    return session.scalar(query.limit(1)) is not None
