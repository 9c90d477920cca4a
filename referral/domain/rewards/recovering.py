"""When the provider may hold what this database does not know: after a restore (F-40, I-44).

While a business reconciles, each act is looked for before it is sent. It knows no provider: the
worker compares, and says here what it found.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Actor, Owned, StripeConnection, across_businesses
from referral.domain.rewards.grants import Grant, GrantState, Waiting
from referral.domain.rewards.holds import HOLDABLE, HoldKind, place_hold
from referral.domain.rewards.rewards import lock
from referral.foundation.db import JsonList, Key, Model, Moment, UTCDateTime, changed, session
from referral.foundation.due import Due
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once, insert_or_update

SILENCE = timedelta(minutes=10)
"""After so long without a sign of a worker the database may be a copy of then."""

AT_LEAST = timedelta(days=1)
"""How long a business reconciles at least: news of the lost time comes late too."""

MAY_BE_GIVEN = (
    "It may have been given before the database was restored. Compare at Stripe, then release or"
    " deny it."
)
_CAUSE = "recovery"
_PULSE = uuid.UUID(int=1)


class Recovery(Owned, Due, Model):
    """A business whose provider may hold more than is known here, until `ended_at`.

    `adopted` counts the acts that were found there and taken over; `unknown` lists the objects
    the last comparison found there that no act here has made.
    """

    id: Mapped[Key]
    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(200))
    began_at: Mapped[Moment]
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    compared_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    adopted: Mapped[int] = mapped_column(default=0)
    unknown: Mapped[JsonList]


class Pulse(Model):
    """When a worker was last at work on this database: one row."""

    id: Mapped[Key]
    beat_at: Mapped[Moment]


def beat(*, at: datetime) -> timedelta | None:
    """Note that a worker is at work; after a silence all reconcile, and its length is returned.

    A restored database has been silent since its copy was made. So has one whose workers
    stood still, and then looking first costs a question for each act and nothing else.
    """
    if insert_once(Pulse, {"id": _PULSE, "beat_at": at}):
        return None
    before = session.scalars(select(Pulse.beat_at).with_for_update()).one()
    session.execute(update(Pulse).values(beat_at=at).execution_options(synchronize_session=False))
    silence = abs(at - before)
    if silence <= SILENCE:
        return None
    recover_all(reason=f"No worker was at work after {before:%Y-%m-%d %H:%M} UTC.", at=at)
    return silence


def recover_all(*, reason: str, at: datetime) -> list[uuid.UUID]:
    """Have every connected business look before it sends; returns which."""
    query = select(StripeConnection.business_id).execution_options(**across_businesses())
    keys = list(session.scalars(query))
    for key in keys:
        reconcile_first(key, reason=reason, at=at)
    return keys


def reconcile_first(business_id: uuid.UUID, *, reason: str, at: datetime) -> None:
    """Have a business look before it sends, from now on; anew when it did so before."""
    fresh = {
        "reason": reason[:200],
        "began_at": at,
        "ended_at": None,
        "compared_at": None,
        "adopted": 0,
        "unknown": [],
        "due_at": at,
        "attempts": 0,
        "dead_at": None,
        "lease_until": None,
        "lease_token": None,
    }
    insert_or_update(
        Recovery,
        {"id": new_key(), "business_id": business_id, **fresh},
        key=("business_id",),
        change=fresh,
        only_where=Recovery.began_at != at,
    )


def recovery_of(business_id: uuid.UUID) -> Recovery | None:
    """Return how a business reconciles, or None when it does not."""
    query = (
        select(Recovery)
        .where(Recovery.business_id == business_id, Recovery.ended_at.is_(None))
        .execution_options(populate_existing=True)
    )
    return session.scalar(query)


def note_adopted(business_id: uuid.UUID) -> None:
    """Count an act that was found at the provider and taken over."""
    session.execute(
        update(Recovery)
        .where(Recovery.business_id == business_id, Recovery.ended_at.is_(None))
        .values(adopted=Recovery.adopted + 1)
        .execution_options(synchronize_session=False)
    )


def note_compared(row: Recovery, unknown: Sequence[str], *, at: datetime) -> None:
    """Write down what a comparison found at the provider that is not known here."""
    row.compared_at, row.unknown = at, list(unknown)
    session.flush()


def end_early(business_id: uuid.UUID, *, actor: Actor, at: datetime) -> int:
    """End it though something is unknown; returns how many rewards are held for it.

    What may have been given before the copy was restored is held until somebody has looked, and
    released it.
    """
    waiting = select(Grant).where(
        Grant.business_id == business_id,
        Grant.state == GrantState.WAITING,
        Grant.waits_for == Waiting.RECOVERING,
    )
    held = [one.reward for one in session.scalars(waiting) if one.reward.state in HOLDABLE]
    for reward in held:
        place_hold(
            lock(reward), HoldKind.STAFF, reason=MAY_BE_GIVEN, actor=actor, at=at, cause=_CAUSE
        )
    end_recovery(business_id, at=at)
    return len(held)


def end_recovery(business_id: uuid.UUID, *, at: datetime) -> bool:
    """Let a business send without looking again; False when it was not recovering."""
    ended = session.execute(
        update(Recovery)
        .where(Recovery.business_id == business_id, Recovery.ended_at.is_(None))
        .values(ended_at=at, due_at=None)
        .execution_options(synchronize_session=False)
    )
    return changed(ended) == 1
