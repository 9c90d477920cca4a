"""Who approved a reward and why: one person, or two different ones, and never for themselves."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Actor, Operator, Owned
from referral.domain.people.people import mailbox
from referral.domain.rewards.moving import RewardHeld, RewardMoved, update_reward
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import RewardState
from referral.foundation.db import Key, Model, Moment, Name, Short, session
from referral.foundation.errors import Conflict, NotAllowed
from referral.foundation.guards import append_only


class RewardApproval(Owned, Model):
    """One person's approval of a reward; append only. All API keys together are one actor.

    `actor_id` is the operator, of a key the one who made it.
    """

    __table_args__ = (
        UniqueConstraint("reward_id", "number"),
        UniqueConstraint("reward_id", "actor_key"),
    )

    id: Mapped[Key]
    reward_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reward.id"))
    number: Mapped[int]
    actor_key: Mapped[str] = mapped_column(String(60))
    actor_id: Mapped[uuid.UUID | None]
    actor_kind: Mapped[Short]
    actor_name: Mapped[Name]
    reason: Mapped[str] = mapped_column(String(400))
    at: Mapped[Moment]


append_only(RewardApproval)


class OwnReward(NotAllowed):
    """Nobody lets a reward go that is their own (S-22)."""

    code = "own_reward"
    message = (
        "This reward is for your own mail address, so you cannot let it go yourself."
        " Ask somebody else on the team."
    )


class SecondPersonNeeded(Conflict):
    """The same person cannot approve twice."""

    code = "second_person_needed"
    message = (
        "This reward needs two people, and you have approved it already. Somebody else must too."
    )


def agree(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> bool:
    """Write down an approval of a locked reward; True when nobody else has to approve it.

    Raises OwnReward, SecondPersonNeeded, RewardHeld, and RewardMoved when it is not pending.
    """
    if reward.state != RewardState.PENDING:
        raise RewardMoved(f"A reward that is {reward.state} cannot be approved.")
    if reward.is_held:
        raise RewardHeld
    refuse_own(reward, actor)
    if has_agreed(reward, actor):
        raise SecondPersonNeeded
    number = reward.approvals_given + 1
    session.add(
        RewardApproval(
            business_id=reward.business_id,
            reward_id=reward.id,
            number=number,
            actor_key=_key_of(actor),
            actor_id=actor.operator_id,
            actor_kind=actor.kind,
            actor_name=actor.name,
            reason=reason[:400],
            at=at,
        )
    )
    session.flush()
    update_reward(reward, approvals_given=number)
    return number >= reward.approvals_needed


def refuse_own(reward: Reward, actor: Actor) -> None:
    """Raise OwnReward when whoever acts would get the reward themselves."""
    own, theirs = _mailbox_of(actor.operator_id), reward.person.email
    if own is not None and theirs is not None and own == mailbox(theirs):
        raise OwnReward


def has_agreed(reward: Reward, actor: Actor) -> bool:
    """Tell whether somebody approved a reward before, by whichever account or key of theirs."""
    own = _mailbox_of(actor.operator_id)
    return any(
        given.actor_key == _key_of(actor)
        or (own is not None and _mailbox_of(given.actor_id) == own)
        for given in approvals_of(reward)
    )


def approvals_of(reward: Reward) -> Sequence[RewardApproval]:
    """List who approved a reward, the first first."""
    if not reward.approvals_given:
        return []
    query = select(RewardApproval).where(RewardApproval.reward_id == reward.id)
    return session.scalars(query.order_by(RewardApproval.number)).all()


def _key_of(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}" if actor.id else actor.kind


def _mailbox_of(operator_id: uuid.UUID | None) -> str | None:
    operator = session.get(Operator, operator_id) if operator_id else None
    return mailbox(operator.email) if operator else None
