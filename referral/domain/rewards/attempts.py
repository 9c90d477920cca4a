"""How an act is tried: planned, prepared, replaced by the next attempt, or dropped.

The worker prepares a grant (commit), sends it with no transaction open, and settles the answer
(commit). A second attempt is opened only with proof that the first left nothing outside.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update

from referral.domain.businesses.audit import SYSTEM
from referral.domain.rewards.grants import (
    Asked,
    Grant,
    GrantState,
    NotNeeded,
    NotReady,
    Waiting,
    open_grant,
)
from referral.domain.rewards.moving import lock, move
from referral.domain.rewards.operations import Operation
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.foundation.db import session

UNNEEDED = "It was not needed any more."


def plan_grant(
    reward: Reward,
    operation: Operation,
    *,
    amount_minor: int,
    at: datetime,
    proof: str | None = None,
) -> Grant:
    """Write down the next act for a reward, due at once."""
    latest = session.scalar(
        select(func.max(Grant.attempt)).where(
            Grant.reward_id == reward.id, Grant.operation == operation
        )
    )
    attempt = (latest or 0) + 1
    grant = Grant(
        business_id=reward.business_id,
        reward_id=reward.id,
        operation=operation,
        attempt=attempt,
        amount_minor=amount_minor,
        currency=reward.currency,
        idempotency_key=f"{reward.public_id}:{operation}:{attempt}",
        parameters=None,
        details=None,
        proof=proof,
        created_at=at,
        due_at=at,
    )
    session.add(grant)
    session.flush()
    return grant


def prepare(grant: Grant, asked: Asked, *, at: datetime) -> None:
    """Freeze what will be sent and say so in the reward's state; the claim refuses a held one.

    What is given is what the locked reward says, whatever the caller read before a refund came;
    what is taken is at most what is left to take. A grant that was prepared before keeps what was
    frozen then. Raises NotReady while the reward is held, NotNeeded when it has ended.
    """
    reward = lock(grant.reward)
    if grant.state == GrantState.SENDING:
        return
    if grant.state != GrantState.WAITING:
        raise NotNeeded
    _begin(grant, reward, at=at)
    if reward.is_settling and not grant.takes:
        raise NotReady(Waiting.OUTCOME_UNKNOWN)  # A debt came meanwhile and takes all of it.
    parameters = {**asked.parameters, "customer": asked.recipient}
    if grant.takes:
        parameters["wanted"] = grant.amount_minor
        if asked.left_minor is not None:
            grant.amount_minor = min(grant.amount_minor, asked.left_minor)
    else:
        grant.amount_minor = reward.payable_minor
    grant.parameters = {**parameters, "amount": grant.amount_minor}
    grant.state, grant.waits_for, grant.first_sent_at = GrantState.SENDING, None, at
    session.flush()


def _begin(grant: Grant, reward: Reward, *, at: datetime) -> None:
    if grant.takes:
        if reward.state != RewardState.GRANTED:
            raise NotNeeded
    elif reward.state == RewardState.APPROVED:
        if reward.is_held:
            raise NotReady(Waiting.HELD)
        said = "The grant begins."
        move(reward, RewardState.GRANTING, actor=SYSTEM, reason=said, at=at, only_free=True)
    elif reward.state != RewardState.GRANTING:
        raise NotNeeded


def replace(grant: Grant, proof: str, *, at: datetime) -> Grant:
    """Open the next attempt, because a look-up proved that this one left nothing outside (I-6)."""
    grant.state, grant.settled_at, grant.proof = GrantState.REPLACED, at, proof[:400]
    session.flush()
    again = plan_grant(
        grant.reward,
        Operation(grant.operation),
        amount_minor=grant.amount_minor,
        at=at,
        proof=f"Attempt {grant.attempt} left nothing: {proof}"[:400],
    )
    again.gathered_at = grant.gathered_at
    session.flush()
    return again


def resize_grant(reward: Reward) -> None:
    """Have an act that was not sent yet ask for what the reward says now."""
    grant = open_grant(reward)
    if grant is None or grant.state != GrantState.WAITING:
        return
    if grant.takes:
        grant.amount_minor = min(grant.amount_minor, reward.outstanding_minor)
    else:
        grant.amount_minor = reward.payable_minor
    session.flush()


def drop(grant: Grant, *, at: datetime) -> None:
    """Close an act that is not needed any more and was never sent; one that is done stays done."""
    if grant.state == GrantState.DONE:
        return
    grant.state, grant.settled_at, grant.proof = (
        GrantState.FAILED,
        at,
        UNNEEDED,
    )


def drop_waiting(reward: Reward, *, at: datetime) -> None:
    """Close the acts of a reward that were never sent, because nothing is to be done any more."""
    session.execute(
        update(Grant)
        .where(Grant.reward_id == reward.id, Grant.state == GrantState.WAITING)
        .values(state=GrantState.FAILED, settled_at=at, due_at=None, proof=UNNEEDED)
        .execution_options(synchronize_session=False)
    )
