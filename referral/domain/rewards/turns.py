"""Which purchases an offer still has a turn for: the first so many, whatever order they arrive in.

Each turn is a slot of its own, so the database keeps the number too (I-2).
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update

from referral.domain.attribution import Referral
from referral.domain.businesses.audit import SYSTEM
from referral.domain.people import Person
from referral.domain.programs import Offer, lock_program
from referral.domain.purchases import Purchase
from referral.domain.rewards.limits import LIMITS
from referral.domain.rewards.moving import lock
from referral.domain.rewards.releasing import REFUNDED, cancel
from referral.domain.rewards.rewards import RESTORED, SUPERSEDED, Reward
from referral.domain.rewards.states import RewardState
from referral.foundation.db import session

EARLIER_PURCHASE = "earlier_purchase"
_GIVES_WAY = (RewardState.PENDING, RewardState.APPROVED)
_GAVE_NOTHING = (REFUNDED, *LIMITS)


class Turn(NamedTuple):
    """A slot that is free now, and the reward that gave way for it."""

    slot: str
    gave_way: Reward | None = None


def turn_for(
    referral: Referral, person: Person, offer: Offer, purchase: Purchase, *, at: datetime
) -> Turn | None:
    """Return the turn of a purchase, or None when every turn is taken by an earlier one.

    Purchases count in the order of (occurred_at, external id). While nothing was granted for the
    last of them, it gives way to an earlier one that is heard of later.
    """
    lock_program(referral.program_id)
    begins = f"turn:{referral.id}:"
    query = (
        select(Reward, Purchase)
        .join(Purchase, Purchase.id == Reward.purchase_id)
        .where(Reward.offer_id == offer.id, Reward.person_id == person.id)
        .where(Reward.slot.startswith(begins))
    )
    standing = [(reward, bought) for reward, bought in session.execute(query)]
    if any(bought.id == purchase.id for _, bought in standing):
        return None
    taken = {reward.slot for reward, _ in standing}
    for number in range(1, (offer.times or 0) + 1):
        if f"{begins}{number}" not in taken:
            return Turn(f"{begins}{number}")
    reward, last = max(standing, key=lambda pair: order_of(pair[1]))
    if order_of(purchase) >= order_of(last) or not could_give_way(lock(reward)):
        return None
    slot = reward.slot
    supersede(reward, at=at)
    return Turn(slot, reward)


def order_of(purchase: Purchase) -> tuple[datetime, str]:
    """Return what purchases are ordered by: of two in one second the provider's id decides."""
    return purchase.occurred_at, purchase.external_id


def could_give_way(reward: Reward) -> bool:
    """Tell whether nothing was granted for a locked reward, nor for what gave back parts of it."""
    return all(_gave_nothing(one) for one in (reward, *_pieces_of(reward)))


def supersede(reward: Reward, *, at: datetime) -> None:
    """End a locked reward for an earlier purchase's, with what restored it, and free its slot."""
    for one in (reward, *_pieces_of(reward)):
        if one.state in _GIVES_WAY:
            cancel(one, reason=EARLIER_PURCHASE, actor=SYSTEM, at=at)
    free_slot(reward.id)


def free_slot(reward_id: uuid.UUID) -> None:
    """Let another reward take the slot of one that has ended."""
    session.execute(
        update(Reward)
        .where(Reward.id == reward_id)
        .values(slot=f"{SUPERSEDED}{reward_id}")
        .execution_options(synchronize_session="fetch")
    )


def _gave_nothing(reward: Reward) -> bool:
    ended = reward.state == RewardState.CANCELLED and reward.reason in _GAVE_NOTHING
    return ended or reward.state in _GIVES_WAY


def _pieces_of(reward: Reward) -> list[Reward]:
    """Return what gave back parts of a reward after a refund had failed, locked."""
    query = select(Reward).where(Reward.slot.startswith(f"{RESTORED}{reward.id}:"))
    return [lock(one) for one in session.scalars(query.order_by(Reward.id)).all()]
