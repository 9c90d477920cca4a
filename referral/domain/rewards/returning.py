"""Taking a whole reward back that was granted: because staff say so, or because it came back.

What a refund takes back is `clawback`'s; this is the rest.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select

from referral.domain.businesses.audit import SYSTEM
from referral.domain.purchases import CameBack
from referral.domain.rewards.attempts import plan_grant
from referral.domain.rewards.clawback import settle_debit, take_what_is_due
from referral.domain.rewards.debts import undo_debt
from referral.domain.rewards.earning import is_existing_customer
from referral.domain.rewards.grants import Grant, GrantState, open_grant
from referral.domain.rewards.holds import HoldKind, place_hold
from referral.domain.rewards.moving import RewardMoved, lock, update_reward
from referral.domain.rewards.operations import Operation
from referral.domain.rewards.reissuing import take_its_place
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.foundation.db import session
from referral.foundation.errors import NotYet
from referral.foundation.money import Money

CAME_BACK = "came_back"


class StillSending(NotYet):
    """What failed is not known to have been given yet; it is tried again later."""

    code = "still_sending"
    message = "What became of the act it is about is not known yet."


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
    taking = reward.way.takes
    if reward.outstanding_minor:
        take_what_is_due(reward, at=at)
    elif taking is not None:
        plan_grant(reward, taking, amount_minor=0, at=at)


def come_back(fact: CameBack, *, at: datetime) -> Reward | None:
    """Book that what was given has failed at the provider after all, and begin it anew on hold.

    Returns the reward that takes its place; None when nothing of ours was given by that object,
    when it is known already, or when the friend turned out to be a customer from before (I-4).
    Raises StillSending while the act itself is not settled.
    """
    given = session.scalar(
        select(Grant)
        .where(Grant.operation == Operation.REFUND)
        .where(or_(Grant.object_id == fact.object_id, Grant.idempotency_key == fact.grant_key))
    )
    if given is None:
        return None
    reward = lock(given.reward)
    session.refresh(given)
    if given.state == GrantState.SENDING:
        raise StillSending
    had = (RewardState.GRANTED, RewardState.REVERSED)
    is_known = reward.reason == CAME_BACK
    if given.object_id != fact.object_id or is_known or reward.state not in had:
        return None
    settled_minor = reward.owed_minor - reward.debt_minor
    _return_whole(reward, given, at=at)
    if is_existing_customer(reward.referral):
        return None
    why = "The provider could not give it after all."
    if settled_minor:
        owed = Money(settled_minor, reward.currency)
        why += f" {owed} of it was owed and is settled already: see its statement."
    begun = take_its_place(reward, why=why, at=at)
    if begun.state == RewardState.PENDING:
        place_hold(begun, HoldKind.STAFF, reason=why, actor=SYSTEM, at=at, cause=CAME_BACK)
    return begun


def _return_whole(reward: Reward, given: Grant, *, at: datetime) -> None:
    """Book all that is left of a reward as back, with what stood as a debt: nobody ever had it."""
    undo_debt(reward, reward.debt_minor, at=at)
    left_minor = reward.payable_minor - reward.debited_minor - reward.owed_minor
    update_reward(reward, clawback_minor=reward.amount_minor, reason=CAME_BACK)
    returned = plan_grant(reward, Operation.RETURN, amount_minor=left_minor, at=at)
    returned.state, returned.settled_at, returned.due_at = GrantState.DONE, at, None
    returned.object_id = f"{given.object_id}:failed"
    returned.parameters = {**(given.parameters or {}), "amount": left_minor, "wanted": left_minor}
    session.flush()
    settle_debit(reward, returned, at=at)
