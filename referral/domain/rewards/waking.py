"""Acts that wait are tried at once, because what they wait for may have come."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, case, select, update

from referral.domain.rewards.grants import OPEN, Grant, GrantState, Waiting
from referral.domain.rewards.rewards import Reward
from referral.foundation.db import changed, session


def wake_waiting(reward: Reward, *, at: datetime) -> bool:
    """Have the act that is under way for a reward tried at once; False when there is none.

    Whoever works on it at this moment goes on; it is due again when they give it back.
    """
    return _wake(Grant.reward_id == reward.id, at=at, states=OPEN) > 0


def wake_grants(person_id: uuid.UUID, *, at: datetime) -> None:
    """Have the waiting grants of a person tried at once: what they waited for may have come."""
    waiting = select(Reward.id).where(Reward.person_id == person_id)
    _wake(Grant.reward_id.in_(waiting), at=at)


def wake_waiting_for(waits_for: Waiting, *, at: datetime) -> None:
    """Have every grant of the business at work that waits for this tried at once."""
    _wake(Grant.waits_for == waits_for, at=at)


def _wake(
    *which: ColumnElement[bool],
    at: datetime,
    states: Collection[GrantState] = (GrantState.WAITING,),
) -> int:
    """Make acts due; what one waited for that was not sent yet is to be seen anew."""
    seen_anew = case((Grant.state == GrantState.SENDING, Grant.waits_for))
    woken = session.execute(
        update(Grant)
        .where(*which, Grant.state.in_(states), Grant.due_at.is_not(None))
        .values(due_at=at, attempts=0, dead_at=None, waits_for=seen_anew)
        .execution_options(synchronize_session=False)
    )
    return changed(woken)
