"""A reward that takes another's place: what has ended never goes on, so a new one begins (I-20)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from referral.domain.businesses import Actor
from referral.domain.businesses.audit import SYSTEM
from referral.domain.rewards.holds import HoldKind, carry_holds
from referral.domain.rewards.limits import begin_within_limits
from referral.domain.rewards.rewards import Reward


def succeed(
    first: Reward,
    *,
    slot: str,
    amount_minor: int,
    inputs: dict[str, Any],
    why: str,
    holds: Collection[HoldKind],
    at: datetime,
    actor: Actor = SYSTEM,
) -> Reward:
    """Begin a reward for the same promise under the same limits; open holds of some kinds go along.

    Its dates are those of the first, so a hold that has passed is not waited for twice.
    """
    reward = Reward(
        business_id=first.business_id,
        program_id=first.program_id,
        referral_id=first.referral_id,
        person_id=first.person_id,
        offer_id=first.offer_id,
        purchase_id=first.purchase_id,
        side=first.side,
        kind=first.offer.kind,
        slot=slot,
        amount_minor=amount_minor,
        currency=first.currency,
        inputs=inputs,
        earned_at=first.earned_at,
        expected_at=first.expected_at,
        due_at=first.expected_at,
        approvals_needed=first.approvals_needed,
        counted_on=first.counted_on,
        household=first.household,
        person=first.person,
        program=first.program,
        offer=first.offer,
        referral=first.referral,
    )
    begin_within_limits(reward, at=at, why=why, actor=actor)
    carry_holds(first, reward, holds, at=at)
    return reward
