"""Codes of discounts: found used, told of their end in time, and back in the budget if unused.

Whether a code was used, only the provider knows: the worker asks after each purchase of its person
and around its end, and says it here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from referral.domain.businesses import Business
from referral.domain.notices import notify
from referral.domain.people import Person
from referral.domain.programs import Kind
from referral.domain.rewards.debts import undo_debt
from referral.domain.rewards.grants import open_grant
from referral.domain.rewards.moving import lock, update_reward
from referral.domain.rewards.releasing import return_unused
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.foundation.calendar import day_of
from referral.foundation.db import session

NOTICE = timedelta(days=14)
"""How long before its end the person hears of a code they have not used, or half its life."""

STILL_PAID = timedelta(days=1)
"""How long a checkout may stay open that took the code before its end."""


def begin_to_lapse(reward: Reward, use_by: datetime) -> None:
    """Set the moment from which the code of a granted discount cannot be used any more."""
    update_reward(reward, use_by=use_by)
    update_reward(reward, due_at=looks_next_at(reward))


def is_unused_code(reward: Reward) -> bool:
    """Tell whether a reward is a code of which nobody knows that it was used or lapsed."""
    is_given = reward.kind == Kind.DISCOUNT and reward.state == RewardState.GRANTED
    return is_given and reward.used_at is None and reward.lapsed_at is None


def look_at_codes_of(person: Person, *, at: datetime) -> None:
    """Have it asked whether somebody who has bought used a code of theirs."""
    session.execute(
        update(Reward)
        .where(Reward.person_id == person.id, Reward.kind == Kind.DISCOUNT)
        .where(Reward.state == RewardState.GRANTED)
        .where(Reward.used_at.is_(None), Reward.lapsed_at.is_(None))
        .values(due_at=at)
        .execution_options(synchronize_session=False)
    )


def looks_next_at(reward: Reward) -> datetime | None:
    """Return when else it is to be asked whether a code was used: before its end, and after it."""
    if not is_unused_code(reward) or reward.use_by is None:
        return None
    if reward.use_told_at is not None:
        return reward.use_by + STILL_PAID
    life = reward.use_by - (reward.settled_at or reward.use_by)
    return reward.use_by - min(NOTICE, life / 2)


def see_to_code(reward: Reward, *, was_used: bool, at: datetime) -> datetime | None:
    """Note that it was used, tell of its end or book that it lapsed; returns when to look again.

    May be called at any time and twice: what is not due yet is left as it is.
    """
    lock(reward)
    if was_used and is_unused_code(reward):
        update_reward(reward, used_at=at)
    next_at = looks_next_at(reward)
    if next_at is None or at < next_at:
        return next_at
    if reward.use_told_at is None:
        _tell(reward, at=at)
    elif open_grant(reward) is not None:
        return at + STILL_PAID
    else:
        _lapse(reward, at=at)
    return looks_next_at(reward)


def _tell(reward: Reward, *, at: datetime) -> None:
    update_reward(reward, use_told_at=at)
    if not reward.person.email or reward.use_by is None:
        return
    zone = session.get_one(Business, reward.business_id).time_zone
    notify(
        reward.business_id,
        "discount_ends",
        to=reward.person.email,
        once_key=f"discount_ends:{reward.id}",
        at=at,
        said={"ends_on": day_of(reward.use_by, zone), "reward": reward.public_id},
    )


def _lapse(reward: Reward, *, at: datetime) -> None:
    """Return what is left of a fixed worth; that of a rate was never booked, for none was used.

    Nothing is owed of what nobody had.
    """
    undo_debt(reward, reward.debt_minor, at=at)
    return_unused(reward, reward.amount_minor, at=at)
    update_reward(reward, lapsed_at=at)
