"""The smallest payout: small sums of one person gather until together they are worth sending."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from referral.domain.people import lock_person
from referral.domain.rewards.grants import Grant, GrantState
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.foundation.db import session


def has_gathered(grant: Grant, *, at: datetime) -> bool:
    """Tell whether a payout may go: with what waits beside it, it reaches the offer's smallest.

    When it does, all of it goes, however little is left while one after the other is sent. Locks
    the person.
    """
    least_minor = grant.reward.offer.minimum_payout_minor
    if least_minor is None or grant.gathered_at is not None:
        return True
    lock_person(grant.reward.person)
    together = _waiting_beside(grant)
    if sum(reward.payable_minor for _, reward in together) < least_minor:
        return False
    for one, _ in together:
        one.gathered_at = one.gathered_at or at
        one.due_at = min(one.due_at or at, at)
    session.flush()
    return True


def _waiting_beside(grant: Grant) -> Sequence[tuple[Grant, Reward]]:
    """Return what waits to be paid to the same person in the same currency, this one with it."""
    query = (
        select(Grant, Reward)
        .join(Reward, Reward.id == Grant.reward_id)
        .where(
            Reward.person_id == grant.reward.person_id,
            Grant.operation == grant.operation,
            Grant.currency == grant.currency,
            Grant.state == GrantState.WAITING,
            Reward.state == RewardState.APPROVED,
            Reward.open_holds == 0,
        )
        .execution_options(populate_existing=True)
    )
    return [(one, reward) for one, reward in session.execute(query)]
