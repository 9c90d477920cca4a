"""Rewards that wait for their person and are not taken: told in time, and then over.

Time alone ends nothing that waits for us or for the provider, nothing that is held (I-34), and
nothing its person was not told of two weeks before.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from referral.domain.businesses import Business
from referral.domain.businesses.audit import SYSTEM
from referral.domain.notices import notify
from referral.domain.programs import Kind
from referral.domain.rewards.falling_back import fallback_of
from referral.domain.rewards.grants import GrantState, Waiting, open_grant
from referral.domain.rewards.holds import Hold, HoldRelease
from referral.domain.rewards.moving import RewardMoved, lock, update_reward
from referral.domain.rewards.releasing import end
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.foundation.calendar import day_of
from referral.foundation.db import session
from referral.foundation.errors import Conflict

NOTICE = timedelta(days=14)
"""How long before the end a person hears of it."""

LOOK_AGAIN = timedelta(days=1)
"""How soon a reward is looked at again that cannot expire now: each look moves its end as far."""

NOT_CLAIMED = "not_claimed"
WAITS_FOR_PERSON = frozenset({Waiting.NO_CUSTOMER, Waiting.NO_PAYEE, Waiting.CHOICE})
"""What only the person can bring; everything else a grant waits for is ours or the provider's."""


class NeverExpires(Conflict):
    """There is no date to put off."""

    code = "never_expires"
    message = "This reward does not expire, so there is nothing to extend."


def begin_to_expire(reward: Reward, *, at: datetime) -> None:
    """Set the date until which an approved reward can be taken, if its offer has one."""
    days = reward.offer.expire_days
    if days is not None:
        _expire_at(reward, at + timedelta(days=days))


def see_to_expiry(reward: Reward, *, at: datetime) -> datetime | None:
    """Tell the person of the end, or end the reward; returns when to look again, if ever.

    May be called at any time and twice: what is not due yet is left as it is.
    """
    lock(reward)
    if reward.state != RewardState.APPROVED or reward.expires_at is None:
        return None
    if at < _look_at(reward):
        return _look_at(reward)
    if not can_expire(reward) or not reward.person.email:
        _expire_at(reward, at + LOOK_AGAIN + NOTICE)
    elif reward.expiry_told_at is None or _was_held_since(reward, reward.expiry_told_at):
        _tell(reward, at=at)
    else:
        end(reward, RewardState.EXPIRED, reason=NOT_CLAIMED, actor=SYSTEM, at=at)
        return None
    return _look_at(reward)


def extend(reward: Reward, *, at: datetime) -> None:
    """Give the person as long again from now; raises NeverExpires, or RewardMoved at its end."""
    lock(reward)
    if reward.state != RewardState.APPROVED:
        raise RewardMoved(f"A reward that is {reward.state} cannot be extended.")
    if reward.expires_at is None or reward.offer.expire_days is None:
        raise NeverExpires
    later = at + timedelta(days=reward.offer.expire_days)
    _expire_at(reward, max(later, reward.expires_at))


def can_expire(reward: Reward) -> bool:
    """Tell whether a reward waits for nothing but its person, and is not to be given otherwise."""
    grant = open_grant(reward)
    return (
        reward.state == RewardState.APPROVED
        and not reward.is_held
        and grant is not None
        and grant.state == GrantState.WAITING
        and grant.waits_for in WAITS_FOR_PERSON
        and fallback_of(reward) is None
    )


def _tell(reward: Reward, *, at: datetime) -> None:
    ends_at = max(at + NOTICE, reward.expires_at or at)
    update_reward(reward, expires_at=ends_at, expiry_told_at=at, due_at=ends_at)
    zone = session.get_one(Business, reward.business_id).time_zone
    notify(
        reward.business_id,
        "reward_expires",
        to=reward.person.email or "",
        once_key=f"reward_expires:{reward.id}:{ends_at.isoformat()}",
        at=at,
        said={
            "amount_minor": reward.payable_minor,
            "is_free_time": reward.kind == Kind.FREE_PERIOD,
            "currency": reward.currency,
            "ends_on": day_of(ends_at, zone),
            "reward": reward.public_id,
        },
    )


def _expire_at(reward: Reward, moment: datetime) -> None:
    """Set another end; its person is told of it anew."""
    due_at = moment - NOTICE
    update_reward(reward, expires_at=moment, expiry_told_at=None, due_at=due_at)


def _look_at(reward: Reward) -> datetime:
    """Return when a reward is looked at next: in time to tell its person, then at its end."""
    ends_at = reward.expires_at
    if ends_at is None:
        raise NeverExpires
    return ends_at if reward.expiry_told_at else ends_at - NOTICE


def _was_held_since(reward: Reward, moment: datetime) -> bool:
    """Tell whether somebody held a reward after its person was told, which begins the wait anew."""
    query = (
        select(Hold.id)
        .outerjoin(HoldRelease, HoldRelease.hold_id == Hold.id)
        .where(Hold.reward_id == reward.id, HoldRelease.at > moment)
        .limit(1)
    )
    return session.scalar(query) is not None
