"""Comparisons with the provider that were made, and each difference they found.

Both ways: what was granted and is not there, and what is there and not known here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned, StripeConnection, across_businesses
from referral.domain.reports.ledger import Leaf
from referral.foundation import due
from referral.foundation.db import (
    Json,
    Key,
    MinorSum,
    Model,
    Moment,
    Short,
    UTCDateTime,
    one_of,
    session,
    whole_sum,
)
from referral.foundation.due import Due
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once

EVERY = timedelta(hours=1)
LATEST = timedelta(days=1)
SHARE = 24
"""One comparison follows another so that comparing takes this part of the time at most."""

SETTLING = timedelta(hours=1)
"""What is younger when a comparison begins is left to the next: its event may be on its way."""

KEPT = 72
"""How many comparisons of a business are kept."""


class Stage(StrEnum):
    """What is compared, one after the other."""

    ACTS = "acts"
    INVOICES = "invoices"
    SESSIONS = "sessions"
    REFUNDS = "refunds"


class Differs(StrEnum):
    """How the provider and we differ."""

    MISSING_THERE = "missing_there"
    UNKNOWN_HERE = "unknown_here"
    AMOUNT = "amount"
    PURCHASE_UNKNOWN = "purchase_unknown"
    PURCHASE_AMOUNT = "purchase_amount"
    REFUND_UNKNOWN = "refund_unknown"
    PURCHASE_TWICE = "purchase_twice"


LASTING = (
    Differs.PURCHASE_UNKNOWN,
    Differs.PURCHASE_AMOUNT,
    Differs.REFUND_UNKNOWN,
    Differs.PURCHASE_TWICE,
)
"""Differences of what was paid: a later comparison does not come by them, and takes them over."""


class Reconciliation(Owned, Due, Model):
    """One comparison of a business with its provider: waiting, under way or done.

    What was paid from `since` on until `began_at` is compared. It goes on after `place`, a person
    or an object of the provider's, in its `stage`. `sums` has what was granted by currency, here
    and there.
    """

    __table_args__ = (
        UniqueConstraint("business_id", "is_open"),
        Index(None, "business_id", "ended_at"),
        one_of("stage", Stage),
    )

    id: Mapped[Key]
    is_open: Mapped[bool | None] = mapped_column(default=True)
    began_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    since: Mapped[Moment]
    stage: Mapped[Short] = mapped_column(default=Stage.ACTS)
    place: Mapped[str | None] = mapped_column(String(100), default=None)
    sums: Mapped[Json]

    def add(self, currency: str, *, ours_minor: int, theirs_minor: int) -> None:
        """Add what was granted in a currency, as we know it and as the provider does."""
        ours, theirs = self.sums.get(currency, (0, 0))
        self.sums = {**self.sums, currency: [ours + ours_minor, theirs + theirs_minor]}

    def turn(self, stage: Stage, place: str | None) -> None:
        """Go on from here with the next piece."""
        self.stage, self.place = stage, place


class Difference(Owned, Model):
    """One thing that is not the same here and at the provider; amounts as far as there are any.

    What counts as two purchases here has the public id of the other one as `purchase`.
    """

    __table_args__ = (
        Index(None, "business_id", "run_id", "id"),
        one_of("kind", Differs),
        *whole_sum("ours_minor", "theirs_minor"),
    )

    id: Mapped[Key]
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reconciliation.id"), index=True)
    kind: Mapped[Short]
    reward: Mapped[str | None] = mapped_column(String(60), default=None)
    object_id: Mapped[str | None] = mapped_column(String(200), default=None)
    customer_id: Mapped[str | None] = mapped_column(String(100), default=None)
    ours_minor: Mapped[MinorSum | None] = mapped_column(default=None)
    theirs_minor: Mapped[MinorSum | None] = mapped_column(default=None)
    currency: Mapped[str | None] = mapped_column(String(3), default=None)
    at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    purchase: Mapped[str | None] = mapped_column(String(60), default=None, sort_order=25)


def plan_all() -> None:
    """See to it that a comparison waits for each business, from an hour after it connected."""
    query = (
        select(StripeConnection.business_id, StripeConnection.changed_at)
        .where(
            StripeConnection.business_id.not_in(
                select(Reconciliation.business_id).where(Reconciliation.is_open.is_(True))
            )
        )
        .execution_options(**across_businesses())
    )
    for business_id, changed_at in session.execute(query).all():
        _wait_for_next(business_id, since=changed_at, due_at=changed_at + EVERY)


def compare_soon(business_id: uuid.UUID, *, since: datetime, at: datetime) -> None:
    """Have a business compared now; `since` is when it connected, should this be the first."""
    _wait_for_next(business_id, since=since, due_at=at)
    session.execute(
        update(Reconciliation)
        .where(Reconciliation.business_id == business_id, Reconciliation.is_open.is_(True))
        .where(Reconciliation.due_at > at)
        .values(due_at=at, dead_at=None)
        .execution_options(synchronize_session=False)
    )


def complete(run: Reconciliation, token: uuid.UUID, *, at: datetime) -> None:
    """End a comparison, forget old ones, and have the next one wait; raises LeaseLost.

    The next is in an hour, and later where the provider is asked for long: in a day at the latest.
    """
    began_at = run.began_at or at
    next_at = at + min(LATEST, max(EVERY, (at - began_at) * SHARE))
    run.is_open, run.ended_at = None, at
    session.flush()
    due.finish(run, token)
    _wait_for_next(run.business_id, since=began_at - SETTLING, due_at=next_at)
    done = select(Reconciliation.id).where(Reconciliation.ended_at.is_not(None))
    old = session.scalars(done.order_by(Reconciliation.ended_at.desc()).offset(KEPT)).all()
    for kind, column in ((Difference, Difference.run_id), (Reconciliation, Reconciliation.id)):
        gone: Any = delete(kind).where(column.in_(old))
        session.execute(gone.execution_options(synchronize_session=False))


def open_run() -> Reconciliation | None:
    """Return the comparison of the business at work that waits or is under way."""
    query = select(Reconciliation).where(Reconciliation.is_open.is_(True))
    return session.scalar(query.execution_options(populate_existing=True))


def last_run() -> Reconciliation | None:
    """Return the last comparison of the business at work that is done."""
    query = select(Reconciliation).where(Reconciliation.ended_at.is_not(None))
    return session.scalar(query.order_by(Reconciliation.ended_at.desc()).limit(1))


def standing_of_all() -> tuple[int, datetime | None]:
    """Count the differences in the last comparison of every business; and when the oldest ended."""
    last = (
        select(Reconciliation.business_id, func.max(Reconciliation.ended_at).label("ended_at"))
        .group_by(Reconciliation.business_id)
        .subquery()
    )
    is_last = and_(
        Reconciliation.business_id == last.c.business_id,
        Reconciliation.ended_at == last.c.ended_at,
    )
    query = (
        select(func.count(Difference.id), func.min(Reconciliation.ended_at))
        .select_from(Reconciliation)
        .join(last, is_last)
        .outerjoin(Difference, Difference.run_id == Reconciliation.id)
    )
    number, oldest = session.execute(query.execution_options(**across_businesses())).one()
    return number, oldest


def count_differences(run: Reconciliation) -> int:
    """Count what a comparison found."""
    query = select(func.count()).select_from(Difference).where(Difference.run_id == run.id)
    return session.scalar(query) or 0


def differences(
    run: Reconciliation, after: uuid.UUID | None, *, limit: int = 50
) -> Leaf[Difference]:
    """List what a comparison found, a page at a time."""
    query = select(Difference).where(Difference.run_id == run.id).order_by(Difference.id)
    if after is not None:
        query = query.where(Difference.id > after)
    rows = session.scalars(query.limit(limit + 1)).all()
    return Leaf(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


def lasting_differences(run: Reconciliation) -> Sequence[Difference]:
    """List the differences of a comparison that a later one does not come by again."""
    query = select(Difference).where(Difference.run_id == run.id, Difference.kind.in_(LASTING))
    return session.scalars(query).all()


def keep_differences(run: Reconciliation, found: Iterable[Difference]) -> None:
    """Keep what a piece of a comparison found, in the commit that goes on behind it."""
    for one in found:
        one.business_id, one.run_id = run.business_id, run.id
        session.add(one)
    session.flush()


def _wait_for_next(business_id: uuid.UUID, *, since: datetime, due_at: datetime) -> None:
    insert_once(
        Reconciliation,
        {
            "id": new_key(),
            "business_id": business_id,
            "is_open": True,
            "since": since,
            "stage": Stage.ACTS,
            "sums": {},
            "due_at": due_at,
            "attempts": 0,
        },
    )
