"""Holds: placed and released by whom and why; an overlay on a reward, never a state."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Actor, Owned
from referral.domain.rewards.moving import RewardMoved
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.foundation.db import Key, Model, Moment, Name, Short, changed, one_of, session
from referral.foundation.errors import Conflict
from referral.foundation.guards import append_only


class HoldKind(StrEnum):
    """What a hold is for."""

    STAFF = "staff"
    DISPUTE = "dispute"
    STATED_NAME = "stated_name"
    WRONG_ANSWER = "wrong_answer"


class Hold(Owned, Model):
    """A hold as it was placed; append only."""

    __table_args__ = (one_of("kind", HoldKind),)

    id: Mapped[Key]
    reward_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reward.id"), index=True)
    kind: Mapped[Short]
    cause: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(400))
    actor_kind: Mapped[Short]
    actor_name: Mapped[Name]
    at: Mapped[Moment]


class HoldRelease(Owned, Model):
    """The end of a hold; append only."""

    id: Mapped[Key]
    hold_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hold.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(400))
    actor_kind: Mapped[Short]
    actor_name: Mapped[Name]
    at: Mapped[Moment]


append_only(Hold)
append_only(HoldRelease)


class NothingHeld(Conflict):
    """There is no open hold to release."""

    code = "not_held"
    message = "This reward is not on hold."


HOLDABLE = (RewardState.PENDING, RewardState.APPROVED)


def place_hold(
    reward: Reward,
    kind: HoldKind,
    *,
    reason: str,
    actor: Actor,
    at: datetime,
    cause: str = "",
    in_states: tuple[RewardState, ...] = HOLDABLE,
) -> bool:
    """Keep a reward from being granted; the same cause holds once only.

    Returns False when that cause holds it already; raises RewardMoved when the grant has begun.
    """
    if cause and any(hold.cause == cause for hold in open_holds(reward)):
        return False
    held = session.execute(
        update(Reward)
        .where(Reward.id == reward.id, Reward.state.in_(in_states))
        .values(open_holds=Reward.open_holds + 1)
        .execution_options(synchronize_session=False)
    )
    if changed(held) != 1:
        raise RewardMoved("The grant of this reward has begun, so it cannot be held any more.")
    session.add(
        Hold(
            business_id=reward.business_id,
            reward_id=reward.id,
            kind=kind,
            cause=cause,
            reason=reason[:400],
            actor_kind=actor.kind,
            actor_name=actor.name,
            at=at,
        )
    )
    session.flush()
    session.refresh(reward)
    return True


def release_holds(
    reward: Reward, *, reason: str, actor: Actor, at: datetime, cause: str | None = None
) -> int:
    """Release the open holds, or those of one cause; returns how many there were."""
    released = [hold for hold in open_holds(reward) if cause is None or hold.cause == cause]
    for hold in released:
        session.add(
            HoldRelease(
                business_id=reward.business_id,
                hold_id=hold.id,
                reason=reason[:400],
                actor_kind=actor.kind,
                actor_name=actor.name,
                at=at,
            )
        )
    if released:
        session.execute(
            update(Reward)
            .where(Reward.id == reward.id)
            .values(open_holds=Reward.open_holds - len(released))
            .execution_options(synchronize_session=False)
        )
        session.flush()
        session.refresh(reward)
    return len(released)


def carry_holds(reward: Reward, to: Reward, kinds: Collection[HoldKind], *, at: datetime) -> None:
    """Place the open holds of some kinds on the reward that takes another's place."""
    for hold in open_holds(reward) if to.state in HOLDABLE else []:
        if hold.kind in kinds:
            whose = Actor(hold.actor_kind, hold.actor_name)
            kind = HoldKind(hold.kind)
            place_hold(to, kind, reason=hold.reason, actor=whose, at=at, cause=hold.cause)


def open_holds(reward: Reward) -> list[Hold]:
    """List the holds that are not released, the oldest first."""
    query = (
        select(Hold)
        .outerjoin(HoldRelease, HoldRelease.hold_id == Hold.id)
        .where(Hold.reward_id == reward.id, HoldRelease.id.is_(None))
        .order_by(Hold.id)
    )
    return list(session.scalars(query))
