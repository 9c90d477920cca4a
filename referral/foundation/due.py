"""Rows that are work to do: when they are due, who has claimed them, and what went wrong.

One table is one kind of work. A worker claims a row by one conditional update, works, and
finishes it guarded by its lease token (I-35); a failure postpones it with jittered doubling, and
after eight it is dead, visible and can be replayed (I-36, I-37).
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, String, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from referral.foundation.db import UTCDateTime, changed, session

LEASE = timedelta(seconds=20)
MOST_ATTEMPTS = 8
LONGEST_WAIT = timedelta(minutes=5)


class LeaseLost(Exception):
    """Another worker took the row over meanwhile; everything of this attempt rolls back (F-26)."""


class Due:
    """Columns of a row that is work: mix into a model."""

    id: Any
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    lease_token: Mapped[uuid.UUID | None] = mapped_column(default=None)
    last_error: Mapped[str | None] = mapped_column(String(400), default=None)
    dead_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)

    @property
    def next_try_at(self) -> datetime | None:
        """Return when it is worked next; None when it is done or given up."""
        return self.due_at if self.dead_at is None else None


def due_ids(kind: type[Any], *, at: datetime, limit: int = 50) -> list[uuid.UUID]:
    """List rows that are due and not claimed, the longest waiting first.

    When there are more than that, businesses take turns: none waits behind another's flood (F-53).
    """
    query = (
        select(kind.id)
        .where(kind.due_at <= at, kind.dead_at.is_(None))
        .where((kind.lease_until.is_(None)) | (kind.lease_until <= at))
    )
    found = _listed(query.order_by(kind.due_at, kind.id).limit(limit))
    if len(found) < limit or not hasattr(kind, "business_id"):
        return found
    return _listed(_in_turns(kind, query).limit(limit))


def claim(kind: type[Any], key: uuid.UUID, *, at: datetime) -> uuid.UUID | None:
    """Claim a due row and return the lease token, or None when another was quicker."""
    token = uuid.uuid4()
    taken = session.execute(
        update(kind)
        .where(kind.id == key, kind.due_at <= at, kind.dead_at.is_(None))
        .where((kind.lease_until.is_(None)) | (kind.lease_until <= at))
        .values(lease_token=token, lease_until=at + LEASE, attempts=kind.attempts + 1)
        .execution_options(across_businesses=True, synchronize_session=False)
    )
    return token if changed(taken) == 1 else None


def hold_on(kind: type[Any], key: uuid.UUID, token: uuid.UUID, *, until: datetime) -> None:
    """Keep a claim for longer, for work that takes its time; raises LeaseLost when it is gone."""
    kept = session.execute(
        update(kind)
        .where(kind.id == key, kind.lease_token == token)
        .values(lease_until=until)
        .execution_options(across_businesses=True, synchronize_session=False)
    )
    if changed(kept) != 1:
        raise LeaseLost


def finish(row: Any, token: uuid.UUID, *, again_at: datetime | None = None) -> None:
    """Mark the work done, or due again at a moment; raises LeaseLost when the lease is gone."""
    _settle(row, token, due_at=again_at, attempts=0, last_error=None)


def postpone(
    row: Any, token: uuid.UUID, *, at: datetime, reason: str, patient: bool = False
) -> None:
    """Try again later, after 2 s doubling to 5 min with jitter.

    After eight attempts the row is dead, unless the work is `patient`: it waits for somebody
    else to recover and never gives up.
    """
    if row.attempts >= MOST_ATTEMPTS and not patient:
        _settle(row, token, due_at=row.due_at, dead_at=at, last_error=reason[:400])
    else:
        _settle(row, token, due_at=at + wait_after(row.attempts), last_error=reason[:400])


def fail(row: Any, token: uuid.UUID, *, at: datetime, reason: str, for_good: bool = True) -> None:
    """Try again after a break, whose `reason` begins with its kind and a colon.

    Waiting before it counts for nothing: eight breaks of one kind on end and the row is dead,
    unless it may not be given up `for_good`.
    """
    was_same = (row.last_error or "").partition(":")[0] == reason.partition(":")[0]
    attempts = row.attempts if was_same else 1
    if attempts >= MOST_ATTEMPTS and for_good:
        bury(row, token, at=at, reason=reason)
    else:
        due_at = at + wait_after(attempts)
        _settle(row, token, due_at=due_at, attempts=attempts, last_error=reason[:400])


def come_again(row: Any, token: uuid.UUID, *, at: datetime, reason: str) -> None:
    """Try again at a moment somebody else named; it does not count as an attempt that failed."""
    attempts = max(0, row.attempts - 1)
    _settle(row, token, due_at=at, attempts=attempts, last_error=reason[:400])


def done_elsewhere(row: Any) -> None:
    """Mark work done that somebody else did meanwhile; whoever has claimed it finds that lost."""
    row.due_at, row.dead_at, row.last_error = None, None, None
    row.lease_token, row.lease_until = None, None


def bury(row: Any, token: uuid.UUID, *, at: datetime, reason: str) -> None:
    """Stop trying at once: somebody must look at this first."""
    _settle(row, token, due_at=row.due_at, dead_at=at, last_error=reason[:400])


def replay(row: Any, *, at: datetime) -> None:
    """Bring dead or waiting work back at once."""
    row.due_at, row.dead_at, row.attempts = at, None, 0


def wait_after(attempts: int, *, jitter: Callable[[], float] = random.random) -> timedelta:
    """Return how long to wait after so many attempts: doubling from 2 s to 5 min, ± a quarter."""
    plain = min(timedelta(seconds=2 ** min(attempts, 10)), LONGEST_WAIT)
    return plain * (0.75 + jitter() / 2)


def _in_turns(kind: type[Any], query: Select[Any]) -> Select[Any]:
    """Order by which one of its business's rows it is, so that each business has its turn."""
    order = (kind.due_at, kind.id)
    turn = func.row_number().over(partition_by=kind.business_id, order_by=order)
    ranked = query.add_columns(kind.due_at, turn.label("turn")).subquery()
    return select(ranked.c.id).order_by(ranked.c.turn, ranked.c.due_at, ranked.c.id)


def _listed(query: Select[Any]) -> list[uuid.UUID]:
    return list(session.scalars(query.execution_options(across_businesses=True)))


def _settle(row: Any, token: uuid.UUID, **values: Any) -> None:
    kind = type(row)
    settled = session.execute(
        update(kind)
        .where(kind.id == row.id, kind.lease_token == token)
        .values(lease_until=None, lease_token=None, **values)
        .execution_options(across_businesses=True, synchronize_session=False)
    )
    if changed(settled) != 1:
        raise LeaseLost
    session.refresh(row)
