"""The discounts somebody may use: what a checkout needs to apply one, with no code to copy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from referral.domain.people import Person
from referral.domain.programs import Kind
from referral.domain.rewards import Grant, Operation, Reward
from referral.domain.rewards.grants import GrantState
from referral.domain.rewards.states import MOVES
from referral.foundation.db import session


@dataclass(frozen=True, slots=True)
class Discount:
    """A reward that is a discount, with its promotion code at Stripe once it is granted.

    Only `customer_id` can use the code, even when the person has another customer by now.
    """

    reward: Reward
    promotion_code: str | None
    customer_id: str | None


def discounts_of(person: Person, *, at: datetime) -> list[Discount]:
    """List a person's discounts whose codes may be used at a moment, the newest first.

    Only the provider knows whether one was used; it is asked after each purchase of theirs.
    """
    query = (
        select(Reward, Grant)
        .outerjoin(
            Grant,
            and_(
                Grant.reward_id == Reward.id,
                Grant.operation == Operation.PROMOTION_CODE,
                Grant.state == GrantState.DONE,
            ),
        )
        .where(Reward.person_id == person.id, Reward.kind == Kind.DISCOUNT)
        .where(Reward.state.in_([*MOVES]), Reward.lapsed_at.is_(None))
        .where(Reward.used_at.is_(None))
        .where(or_(Reward.use_by.is_(None), Reward.use_by > at))
        .options(joinedload(Reward.offer))
        .order_by(Reward.id.desc())
    )
    return [_discount(reward, grant) for reward, grant in session.execute(query)]


def _discount(reward: Reward, grant: Grant | None) -> Discount:
    asked = (grant.parameters or {}) if grant else {}
    return Discount(reward, grant.object_id if grant else None, asked.get("customer"))
