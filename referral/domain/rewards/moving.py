"""The only way a reward's state moves: forward, one row at a time, leaving a line (I-19)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Actor, Owned
from referral.domain.programs import lock_program
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.states import MOVES, RewardState
from referral.foundation.db import (
    Key,
    Model,
    Moment,
    Name,
    Short,
    changed,
    session,
)
from referral.foundation.errors import Conflict
from referral.foundation.guards import append_only


class RewardMove(Owned, Model):
    """One step of a reward's life, append only: from where to where, by whom, why."""

    __table_args__ = (Index(None, "reward_id", "id"),)

    id: Mapped[Key]
    reward_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reward.id"))
    from_state: Mapped[str | None] = mapped_column(String(40))
    to_state: Mapped[Short]
    actor_kind: Mapped[Short]
    actor_name: Mapped[Name]
    reason: Mapped[str] = mapped_column(String(400))
    at: Mapped[Moment]


append_only(RewardMove)


class RewardMoved(Conflict):
    """The reward is no longer in the state this would move it from."""

    code = "reward_moved"
    message = "This reward has moved on meanwhile. Look at it again."


class RewardHeld(Conflict):
    """A hold must be released first."""

    code = "reward_held"
    message = "This reward is on hold. Release the hold first."


def lock(reward: Reward) -> Reward:
    """Read the reward afresh and keep others from changing it until the commit.

    Its program is locked before it, as everywhere that money moves.
    """
    lock_program(reward.program_id)
    session.refresh(reward, with_for_update={"of": Reward})
    return reward


def begin(reward: Reward, *, actor: Actor, reason: str, at: datetime) -> None:
    """Write down a new reward with the first line of its history."""
    session.add(reward)
    session.flush()
    _line(reward, None, reward.state, actor=actor, reason=reason, at=at)


def move(
    reward: Reward,
    to: RewardState,
    *,
    actor: Actor,
    reason: str,
    at: datetime,
    only_free: bool = False,
    kept: str | None = None,
    **values: Any,
) -> None:
    """Move a reward forward; raises RewardMoved when it is not where we think it is.

    With `only_free` the same statement also demands that nothing holds it (I-23). `kept` is a
    reason that stays beside the state, for lists.
    """
    before = RewardState(reward.state)
    if to not in MOVES.get(before, frozenset()):
        raise RewardMoved(f"A reward that is {before} cannot become {to}.")
    statement = update(Reward).where(Reward.id == reward.id, Reward.state == before)
    if only_free:
        statement = statement.where(Reward.open_holds == 0)
    if to is RewardState.GRANTED or to not in MOVES:
        values["settled_at"] = at
    if kept is not None:
        values["reason"] = kept[:400]
    moved = session.execute(
        statement.values(state=to, due_at=None, awaits_staff=False, **values).execution_options(
            synchronize_session=False
        )
    )
    if changed(moved) != 1:
        raise RewardHeld if only_free else RewardMoved
    session.refresh(reward)
    _line(reward, before, to, actor=actor, reason=reason, at=at)


def update_reward(reward: Reward, **values: Any) -> None:
    """Write figures of a locked reward at once and read it again; never its state."""
    session.execute(
        update(Reward)
        .where(Reward.id == reward.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.refresh(reward)


def _line(
    reward: Reward, before: str | None, after: str, *, actor: Actor, reason: str, at: datetime
) -> None:
    session.add(
        RewardMove(
            business_id=reward.business_id,
            reward_id=reward.id,
            from_state=before,
            to_state=after,
            actor_kind=actor.kind,
            actor_name=actor.name,
            reason=reason[:400],
            at=at,
        )
    )
    session.flush()
