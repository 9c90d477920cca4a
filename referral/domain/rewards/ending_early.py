"""Ending a recovery by hand: what may have been given before the copy is held (F-40)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from referral.domain.businesses import Actor
from referral.domain.businesses.audit import SYSTEM
from referral.domain.people import Payee
from referral.domain.people.customers import StripeCustomer
from referral.domain.rewards.grants import Grant, GrantState, Waiting
from referral.domain.rewards.holds import HOLDABLE, Hold, HoldKind, place_hold
from referral.domain.rewards.moving import lock
from referral.domain.rewards.operations import NOT_AT_PROVIDER, WAYS, Operation
from referral.domain.rewards.recovering import Recovery, end_recovery, recovery_of
from referral.domain.rewards.rewards import Reward
from referral.foundation.db import session

MAY_BE_GIVEN = (
    "It may have been given before the database was restored. Compare at Stripe, then release or"
    " deny it."
)
MAY_BE_DONE = (
    "It may have been done before the database was restored. Compare at Stripe, then have it tried"
    " at once."
)
_AT_PROVIDER = [kind for kind, way in WAYS.items() if way.gives not in NOT_AT_PROVIDER]


def end_early(business_id: uuid.UUID, *, actor: Actor, at: datetime) -> int:
    """End it though something is unknown; returns how many rewards are held for it.

    What may have been given before the copy was restored is held until somebody has looked, and
    released it; what may have been taken waits until somebody has it tried again.
    """
    row = recovery_of(business_id)
    if row is None:
        return 0
    unsure = {one.id: one for one in _unsure_rewards(row)}
    waiting = select(Grant).where(
        Grant.business_id == business_id,
        Grant.state == GrantState.WAITING,
        Grant.waits_for == Waiting.RECOVERING,
    )
    for grant in session.scalars(waiting).all():
        if grant.reward.state in HOLDABLE:
            unsure[grant.reward_id] = grant.reward
        else:
            grant.dead_at, grant.last_error = at, MAY_BE_DONE
    held = 0
    for reward in sorted(unsure.values(), key=lambda one: (one.program_id, one.id)):
        if lock(reward).state in HOLDABLE:
            held += _hold(row, reward, actor=actor, at=at)
    end_recovery(business_id, at=at)
    return held


def may_be_given(row: Recovery, reward: Reward) -> bool:
    """Tell whether a reward may have been given before the copy, and nobody has looked yet."""
    if row.compared_at is not None and not row.places:
        return False
    if reward.earned_at > row.began_at or reward.way.gives in NOT_AT_PROVIDER:
        return False
    return _is_place(row, reward) and not _was_held(row, reward)


def hold_if_given(row: Recovery, reward: Reward, *, at: datetime) -> bool:
    """Hold what began only after the end and may have been given before the copy."""
    lock(reward)
    if reward.state not in HOLDABLE or not may_be_given(row, reward):
        return False
    return _hold(row, reward, actor=SYSTEM, at=at)


def _unsure_rewards(row: Recovery) -> list[Reward]:
    """List the rewards that are not given yet here and may be there, by the last comparison."""
    query = select(Reward).where(
        Reward.state.in_(HOLDABLE), Reward.earned_at <= row.began_at, Reward.kind.in_(_AT_PROVIDER)
    )
    return [one for one in session.scalars(query).all() if _is_place(row, one)]


def _is_place(row: Recovery, reward: Reward) -> bool:
    """Tell whether its kind is unknown where a reward is given; nobody knows until compared."""
    if row.compared_at is None:
        return True
    places = [place for operation, place in row.places if operation == reward.way.gives]
    if not places:
        return False
    customers = select(StripeCustomer.customer_id).where(
        StripeCustomer.person_id == reward.person_id
    )
    payees = select(Payee.account_id).where(Payee.person_id == reward.person_id)
    mine = payees if reward.way.gives == Operation.TRANSFER else customers
    return not set(session.scalars(mine)).isdisjoint(places)


def _was_held(row: Recovery, reward: Reward) -> bool:
    query = select(Hold.id).where(Hold.reward_id == reward.id, Hold.cause == _cause(row))
    return session.scalar(query.limit(1)) is not None


def _hold(row: Recovery, reward: Reward, *, actor: Actor, at: datetime) -> bool:
    cause = _cause(row)
    return place_hold(reward, HoldKind.STAFF, reason=MAY_BE_GIVEN, actor=actor, at=at, cause=cause)


def _cause(row: Recovery) -> str:
    return f"recovery:{row.began_at:%Y-%m-%dT%H:%M:%S}"
