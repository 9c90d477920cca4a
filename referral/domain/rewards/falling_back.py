"""What somebody gets instead of credit on a bill, because they are no customer of Stripe's yet.

It stays the same reward, with its money, its limits and its history: only how it is given changes,
in one commit, so that never both are given. It knows no provider.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update

from referral.domain.people import customer_of
from referral.domain.programs import Kind
from referral.domain.rewards.attempts import plan_grant
from referral.domain.rewards.choosing import ask_to_choose
from referral.domain.rewards.grants import Grant, GrantState, Waiting, open_grant
from referral.domain.rewards.moving import RewardMoved, lock
from referral.domain.rewards.operations import WHOLE, Operation
from referral.domain.rewards.recovering import recovery_of
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.foundation.db import changed, session

LOOK_AGAIN = timedelta(hours=1)
"""How soon is looked again for what nobody tells us of."""

NO_CUSTOMER_CAME = "No Stripe customer was known for its person by then."


@dataclass(frozen=True, slots=True)
class Fallback:
    """What a waiting reward is given as from a moment on, if no customer is known until then."""

    kind: Kind
    at: datetime


def fallback_of(reward: Reward) -> Fallback | None:
    """Return what a reward that waits for a customer becomes; None when it stays what it is.

    A gift comes whole, so a reward that refunds or debts have made smaller waits on as credit.
    """
    offer = reward.offer
    if offer.fallback_kind is None or reward.kind != Kind.ACCOUNT_CREDIT:
        return None
    grant, kind = open_grant(reward), Kind(offer.fallback_kind)
    if grant is None or grant.state != GrantState.WAITING:
        return None
    if grant.operation != Operation.CREDIT:
        return None
    if kind in WHOLE and reward.payable_minor != reward.amount_minor:
        return None
    if customer_of(reward.person) is not None:
        return None
    return Fallback(kind, grant.created_at + timedelta(days=offer.fallback_days or 0))


def fall_back(grant: Grant, *, at: datetime) -> datetime | None:
    """Have what the offer names take the place of credit, once its days have passed.

    Returns when to look at the credit again, at once for somebody who became a customer meanwhile;
    None when it is over. Locks the reward, and needs the grant as it is since then; its person is
    locked already.
    """
    reward = lock(grant.reward)
    if grant.state != GrantState.WAITING or reward.state != RewardState.APPROVED:
        return None
    to_come = fallback_of(reward)
    if to_come is None:
        return at
    grant.waits_for = Waiting.HELD if reward.is_held else Waiting.NO_CUSTOMER
    session.flush()
    if at < to_come.at:
        return min(to_come.at, at + LOOK_AGAIN)
    if reward.is_held or recovery_of(reward.business_id) is not None:
        return at + LOOK_AGAIN
    _become(reward, grant, to_come.kind, at=at)
    return None


def _become(reward: Reward, grant: Grant, kind: Kind, *, at: datetime) -> None:
    became = session.execute(
        update(Reward)
        .where(Reward.id == reward.id, Reward.state == RewardState.APPROVED)
        .where(Reward.kind == Kind.ACCOUNT_CREDIT, Reward.open_holds == 0)
        .values(kind=kind, fell_back_at=at)
        .execution_options(synchronize_session=False)
    )
    if changed(became) != 1:
        raise RewardMoved
    session.refresh(reward)
    grant.state, grant.settled_at, grant.waits_for = GrantState.FAILED, at, None
    grant.proof = f"{NO_CUSTOMER_CAME} It is given as {kind} instead."
    session.flush()
    plan_grant(
        reward,
        reward.way.gives,
        amount_minor=reward.payable_minor,
        at=at,
        proof=f"{NO_CUSTOMER_CAME} This takes the place of {grant.public_id}.",
    )
    ask_to_choose(reward, at=at)
