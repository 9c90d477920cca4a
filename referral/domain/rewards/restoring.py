"""Giving back what a refund took once the refund has failed, as if there had been none.

What can still change is undone where it stands. What has moved on begins as a new reward beside
the old one, for nothing that has ended goes on (I-20).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from referral.domain.rewards.attempts import drop_waiting, resize_grant
from referral.domain.rewards.debts import settle_debts, undo_debt
from referral.domain.rewards.earning import is_existing_customer
from referral.domain.rewards.grants import GrantState, open_grant
from referral.domain.rewards.holds import HoldKind
from referral.domain.rewards.limits import take_again
from referral.domain.rewards.moving import update_reward
from referral.domain.rewards.operations import WHOLE
from referral.domain.rewards.releasing import REFUNDED, money_lies_in
from referral.domain.rewards.rewards import RESTORED, Reward
from referral.domain.rewards.states import RewardState
from referral.domain.rewards.succeeding import succeed


def restore(promise: Sequence[Reward], amount_minor: int, *, at: datetime) -> list[Reward]:
    """Give an amount of a promise back: `promise` is its reward and those that restored it before.

    Returns the reward that begins for what cannot be undone, if there is one. What staff denied or
    took back, or what failed, stays as it is, and for a friend who turned out to be a customer from
    before nothing begins anew (I-4).
    """
    if not _stands(promise[0]) or any(_was_taken(one) for one in promise):
        return []
    left = amount_minor
    for reward in promise:
        left -= _undo(reward, left, at=at)
    left -= _leave_expired(promise, left)
    is_owed = (left or not promise[0].amount_minor) and not is_existing_customer(
        promise[0].referral
    )
    return [_begin_anew(promise, left, at=at)] if is_owed else []


def _stands(first: Reward) -> bool:
    """Tell whether the promise holds: nothing but refunds ended it or takes it back."""
    if first.state == RewardState.CANCELLED:
        return first.reason == REFUNDED
    return first.is_live or first.state == RewardState.REVERSED


def _was_taken(reward: Reward) -> bool:
    """Tell whether something else than refunds took back what was given."""
    was_given = reward.state in (RewardState.GRANTED, RewardState.REVERSED)
    return was_given and reward.reason not in (None, REFUNDED)


def _undo(reward: Reward, most: int, *, at: datetime) -> int:
    """Undo as much of what was taken of a reward as can still change; returns how much."""
    if reward.state in (RewardState.PENDING, RewardState.APPROVED):
        unplanned = _unplan(reward, most, at=at)
        again = min(most - unplanned, reward.withheld_minor)
        return unplanned + _promise_again(reward, again, at=at)
    if reward.state not in (RewardState.GRANTING, RewardState.GRANTED):
        return 0
    unplanned = _unplan(reward, most, at=at)
    return unplanned + _let_debt_go(reward, min(most - unplanned, reward.debt_minor), at=at)


def _promise_again(reward: Reward, amount_minor: int, *, at: datetime) -> int:
    place = money_lies_in(reward)
    if not amount_minor or not take_again(reward, amount_minor, into=place, at=at):
        return 0
    update_reward(
        reward,
        clawback_minor=reward.clawback_minor - amount_minor,
        withheld_minor=reward.withheld_minor - amount_minor,
    )
    resize_grant(reward)
    settle_debts(reward, at=at)
    return amount_minor


def _unplan(reward: Reward, most: int, *, at: datetime) -> int:
    """Give up what was to be taken back and is not on its way yet."""
    act = open_grant(reward)
    on_its_way = 0
    if act is not None and act.takes and act.state == GrantState.SENDING:
        on_its_way = int((act.parameters or {}).get("wanted", act.amount_minor))
    amount_minor = min(most, reward.outstanding_minor - on_its_way)
    update_reward(reward, clawback_minor=reward.clawback_minor - amount_minor)
    if reward.state == RewardState.GRANTED and reward.outstanding_minor == 0:
        drop_waiting(reward, at=at)
    else:
        resize_grant(reward)
    return amount_minor


def _let_debt_go(reward: Reward, amount_minor: int, *, at: datetime) -> int:
    undo_debt(reward, amount_minor, at=at)
    update_reward(reward, clawback_minor=reward.clawback_minor - amount_minor)
    return amount_minor


def _leave_expired(promise: Sequence[Reward], amount_minor: int) -> int:
    """Leave as it is what ended unused, for without the refund it would have ended too.

    What was really taken of somebody, and not begun anew yet, is given back before it.
    """
    taken = sum(one.clawback_minor - one.expired_back_minor for one in promise)
    anew = sum(one.amount_minor for one in promise[1:])
    expired = left = max(0, amount_minor - max(0, taken - anew))
    for reward in promise:
        part = min(left, reward.expired_back_minor)
        if part:
            left -= part
            update_reward(reward, clawback_minor=reward.clawback_minor - part)
    return expired - left


def _begin_anew(promise: Sequence[Reward], back_minor: int, *, at: datetime) -> Reward:
    """Begin anew the part that comes back; what comes whole is whole again, and the rest is due."""
    first, amount_minor = promise[0], back_minor
    if first.offer.kind in WHOLE and not any(_has_it(one) for one in promise):
        amount_minor = first.amount_minor
    begun = succeed(
        first,
        slot=f"{RESTORED}{first.id}:{len(promise)}",
        amount_minor=amount_minor,
        inputs={**first.inputs, "restored_minor": amount_minor},
        why="A refund failed, so what it took is given back.",
        holds=(HoldKind.STAFF, HoldKind.STATED_NAME),
        at=at,
    )
    if begun.state == RewardState.PENDING:
        update_reward(begun, clawback_minor=amount_minor - back_minor)
    return begun


def _has_it(reward: Reward) -> bool:
    """Tell whether its person was given it, or may have been, and has it still."""
    if reward.state in (RewardState.GRANTING, RewardState.GRANTED):
        return True
    was_left = reward.debited_minor < reward.payable_minor
    return reward.state == RewardState.REVERSED and was_left
