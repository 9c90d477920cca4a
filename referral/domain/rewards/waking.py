"""Acts that wait are tried at once, because what they wait for may have come."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select, update

from referral.domain.rewards.grants import OPEN, Grant, GrantState, Waiting
from referral.domain.rewards.operations import Operation
from referral.domain.rewards.rewards import Reward
from referral.foundation.db import changed, session

MOST_AT_ONCE = 100


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


def wake_what_fits(available: Mapping[str, int], *, at: datetime) -> None:
    """Have payouts that wait for the business's balance tried at once, as far as it holds them.

    The oldest come first. What is under way already is counted before them, and at most a hundred
    are woken, so that nobody is woken in vain: whoever of them is paid looks for more. Of a
    currency that is not listed the provider alone knows what there is: its oldest one asks.
    """
    waiting = _short_of_balance()
    left = {**available, **(_left_for(available, at=at) if waiting else {})}
    fitting = []
    for key, currency, amount_minor in waiting:
        if left.setdefault(currency, amount_minor) >= amount_minor:
            left[currency] -= amount_minor
            fitting.append(key)
    if fitting:
        _wake(Grant.id.in_(fitting), at=at)


def _short_of_balance() -> Sequence[Row[uuid.UUID, str, int]]:
    query = (
        select(Grant.id, Grant.currency, Grant.amount_minor)
        .where(Grant.state == GrantState.WAITING, Grant.waits_for == Waiting.BALANCE)
        .where(Grant.operation == Operation.TRANSFER)
        .order_by(Grant.id)
        .limit(MOST_AT_ONCE)
    )
    return session.execute(query).all()


def _left_for(available: Mapping[str, int], *, at: datetime) -> dict[str, int]:
    """Return what is left of a balance once everything is paid that is on its way just now."""
    is_next = and_(Grant.state == GrantState.WAITING, Grant.waits_for.is_(None), Grant.due_at <= at)
    query = (
        select(Grant.currency, func.sum(Grant.amount_minor))
        .where(or_(Grant.state == GrantState.SENDING, is_next))
        .where(Grant.operation == Operation.TRANSFER, Grant.currency.in_(available))
        .group_by(Grant.currency)
    )
    return {currency: available[currency] - int(sum_) for currency, sum_ in session.execute(query)}


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
