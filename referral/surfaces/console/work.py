"""Work that was given up after many tries: what it was, what went wrong, and trying again."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, url_for
from sqlalchemy import select

from referral.domain.businesses import record
from referral.domain.notices import Notice
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.awaiting import AwaitedRate
from referral.domain.rewards.qualifying import Qualification
from referral.foundation import clock
from referral.foundation.crypto import SealBroken
from referral.foundation.db import session, transaction
from referral.foundation.due import replay
from referral.foundation.errors import NotFound
from referral.gateways.stripe.inbox import StripeEvent
from referral.surfaces.console.door import actor
from referral.surfaces.console.frame import page

KINDS: dict[str, type[Any]] = {
    "grant": Grant,
    "event": StripeEvent,
    "mail": Notice,
    "reward": Reward,
    "rate": AwaitedRate,
    "friend": Qualification,
}
_WORDS = {
    "grant": "Give a reward at Stripe",
    "event": "Read an event from Stripe",
    "mail": "Send a mail",
    "reward": "Look at a reward again",
    "rate": "Judge a purchase in another currency",
    "friend": "Count a friend for a milestone",
}
_MOST = 100


@dataclass(frozen=True, slots=True)
class Dead:
    """One piece of work that was given up."""

    kind: str
    key: uuid.UUID
    words: str
    trouble: str
    at: datetime


def show() -> str:
    """List the work that was given up."""
    return page("work", dead=dead_work())


def try_again(kind: str, key: uuid.UUID) -> Any:
    """Bring one piece of work back at once."""
    at = clock.now()
    with transaction():
        row = _find(kind, key)
        is_dead = row.dead_at is not None
        if is_dead:
            replay(row, at=at)
            subject = f"{kind} {key}"[:60]
            record(row.business_id, "work.retried", subject=subject, actor=actor(), at=at)
    if is_dead:
        flash("It is tried again now.", "success")
    else:
        flash("This is under way again already, or done.", "info")
    return redirect(url_for("console.work"), 303)


def dead_work() -> list[Dead]:
    """List what was given up, the newest first."""
    found = [
        Dead(kind, row.id, _words(kind, row), row.last_error or "", row.dead_at)
        for kind, model in KINDS.items()
        for row in session.scalars(select(model).where(model.dead_at.is_not(None)).limit(_MOST))
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


def _words(kind: str, row: Any) -> str:
    """Say what it was, and of a mail whom it was for: only they can mend their address."""
    if not isinstance(row, Notice):
        return _WORDS[kind]
    try:
        return f"{_WORDS[kind]} to {row.content['to']}"
    except SealBroken:
        return _WORDS[kind]


def _find(kind: str, key: uuid.UUID) -> Any:
    model = KINDS.get(kind)
    row = session.scalar(select(model).where(model.id == key).with_for_update()) if model else None
    if row is None:
        raise NotFound
    return row
