"""The discount a friend may use: what a checkout needs to apply it, with no code to copy."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import joinedload

from referral.domain.people import Person
from referral.domain.programs import Kind
from referral.domain.rewards import Grant, Operation, Reward
from referral.domain.rewards.grants import GrantState
from referral.domain.rewards.rewards import MOVES
from referral.foundation.db import session


@dataclass(frozen=True, slots=True)
class Discount:
    """A reward that is a discount, and the promotion code at Stripe once it is granted."""

    reward: Reward
    promotion_code: str | None


def discount_of(person: Person) -> Discount | None:
    """Return the person's newest discount that has not ended."""
    query = (
        select(Reward, Grant.object_id)
        .outerjoin(
            Grant,
            and_(
                Grant.reward_id == Reward.id,
                Grant.operation == Operation.PROMOTION_CODE,
                Grant.state == GrantState.DONE,
            ),
        )
        .where(Reward.person_id == person.id, Reward.kind == Kind.DISCOUNT)
        .where(Reward.state.in_([*MOVES]))
        .options(joinedload(Reward.offer))
        .order_by(Reward.id.desc())
        .limit(1)
    )
    found = session.execute(query).first()
    return Discount(*found) if found else None
