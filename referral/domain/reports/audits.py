"""Audits that were made: when, how long they took, and what each business has to know of it.

One audit reads the books of every business at once; what it finds is kept with the business it
concerns, and what concerns no single one is only counted.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned, across_businesses
from referral.foundation import due
from referral.foundation.db import Json, Key, Long, Model, UTCDateTime, session
from referral.foundation.due import Due
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once

EVERY = timedelta(hours=1)
OVERDUE = timedelta(hours=3)
"""After so long without an audit people are told that nobody has looked."""

REST = timedelta(minutes=1)
"""How long after an audit the next may begin, however often one is asked for."""

KEPT = 72
"""How many audits are kept: three days of them."""


class AuditRun(Due, Model):
    """One audit of the installation: waiting, under way or done.

    `is_open` is true until it is done and then empty, so that one waits at most. `counts` has the
    number of violations of every invariant that was checked. `at_large` of the violations concern
    no single business.
    """

    __table_args__ = (UniqueConstraint("is_open"), Index(None, "ended_at"))

    id: Mapped[Key]
    is_open: Mapped[bool | None] = mapped_column(default=True)
    began_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    counts: Mapped[Json]
    at_large: Mapped[int] = mapped_column(default=0)

    @property
    def violations(self) -> int:
        return sum(self.counts.values())

    @property
    def took(self) -> timedelta:
        """How long it took; nothing before it is done."""
        if self.began_at is None or self.ended_at is None:
            return timedelta(0)
        return self.ended_at - self.began_at


class AuditFinding(Owned, Model):
    """What one audit found wrong, or late, in one business."""

    __table_args__ = (Index(None, "business_id", "run_id"), Index(None, "run_id"))

    id: Mapped[Key]
    run_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("audit_run.id"))
    invariant: Mapped[str] = mapped_column(String(20))
    is_violation: Mapped[bool]
    subject: Mapped[str] = mapped_column(String(300))
    said: Mapped[Long]


def plan_audit(*, at: datetime) -> None:
    """See to it that an audit waits, and that one that was given up is tried again."""
    _wait_for_next(due_at=at)
    session.execute(
        update(AuditRun)
        .where(AuditRun.is_open.is_(True), AuditRun.dead_at.is_not(None))
        .values(dead_at=None, attempts=0, due_at=at)
        .execution_options(synchronize_session=False)
    )


def audit_soon(*, at: datetime) -> None:
    """Have the books audited now, or a minute after the last time; repeating it does no more."""
    plan_audit(at=at)
    last = last_audit()
    soon = max(at, last.ended_at + REST) if last and last.ended_at else at
    session.execute(
        update(AuditRun)
        .where(AuditRun.is_open.is_(True), AuditRun.due_at > soon)
        .values(due_at=soon)
        .execution_options(synchronize_session=False)
    )


def complete_audit(
    run: AuditRun,
    token: uuid.UUID,
    *,
    counts: Mapping[str, int],
    findings: Sequence[AuditFinding],
    at_large: int,
    at: datetime,
) -> None:
    """Keep what an audit found, forget old ones, and have the next one wait; raises LeaseLost."""
    run.counts, run.at_large, run.ended_at, run.is_open = dict(counts), at_large, at, None
    for finding in findings:
        finding.run_id = run.id
    session.add_all(findings)
    session.flush()
    due.finish(run, token)
    _wait_for_next(due_at=at + EVERY)
    _forget_old()


def open_audit() -> AuditRun | None:
    """Return the audit that waits or is under way."""
    query = select(AuditRun).where(AuditRun.is_open.is_(True))
    return session.scalar(query.execution_options(populate_existing=True))


def last_audit() -> AuditRun | None:
    """Return the last audit that is done."""
    return next(iter(recent_audits(1)), None)


def recent_audits(number: int) -> Sequence[AuditRun]:
    """List the last audits that are done, the newest first."""
    query = select(AuditRun).where(AuditRun.ended_at.is_not(None))
    return session.scalars(query.order_by(AuditRun.ended_at.desc()).limit(number)).all()


def findings_of(run: AuditRun) -> Sequence[AuditFinding]:
    """List what an audit found in the business at work, what is wrong before what is late."""
    query = select(AuditFinding).where(AuditFinding.run_id == run.id)
    order = (AuditFinding.is_violation.desc(), AuditFinding.invariant, AuditFinding.id)
    return session.scalars(query.order_by(*order)).all()


def _wait_for_next(*, due_at: datetime) -> None:
    insert_once(
        AuditRun,
        {
            "id": new_key(),
            "is_open": True,
            "due_at": due_at,
            "attempts": 0,
            "counts": {},
            "at_large": 0,
        },
    )


def _forget_old() -> None:
    done = select(AuditRun.id).where(AuditRun.ended_at.is_not(None))
    old = session.scalars(done.order_by(AuditRun.ended_at.desc()).offset(KEPT)).all()
    for kind, column in ((AuditFinding, AuditFinding.run_id), (AuditRun, AuditRun.id)):
        session.execute(
            delete(kind)
            .where(column.in_(old))
            .execution_options(synchronize_session=False, **across_businesses())
        )
