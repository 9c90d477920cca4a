"""When the provider may hold what this database does not know: after a restore (F-40, I-44).

While a business reconciles, each act is looked for before it is sent. It knows no provider: the
worker compares, and says here what it found.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned, StripeConnection, across_businesses
from referral.domain.rewards.operations import Operation
from referral.foundation.db import JsonList, Key, Model, Moment, UTCDateTime, changed, session
from referral.foundation.due import Due
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once, insert_or_update

SILENCE = timedelta(minutes=10)
"""After so long without a sign of a worker the database may be a copy of then."""

AT_LEAST = timedelta(days=1)
"""How long a business reconciles at least: news of the lost time comes late too."""

MOST_NAMED = 50
"""How many unknown objects are kept by name."""

_PULSE = uuid.UUID(int=1)


class Recovery(Owned, Due, Model):
    """A business whose provider may hold more than is known here, until `ended_at`.

    `adopted` counts the acts that were found there and taken over; `unknown` lists the objects
    the last comparison found there that no act here has made, and `places` where each is: the
    operation that makes such, and the customer or payee.
    """

    id: Mapped[Key]
    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(200))
    began_at: Mapped[Moment]
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    compared_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    adopted: Mapped[int] = mapped_column(default=0)
    unknown: Mapped[JsonList]
    places: Mapped[JsonList] = mapped_column(server_default="[]", sort_order=21)


@dataclass(frozen=True, slots=True)
class Unknown:
    """An object of ours at the provider that no act here has made, and where it is."""

    object_id: str
    operation: Operation
    place: str


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
        "places": [],
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
    last = last_recovery(business_id)
    return last if last is not None and last.ended_at is None else None


def last_recovery(business_id: uuid.UUID) -> Recovery | None:
    """Return how a business reconciles, or did the last time."""
    query = select(Recovery).where(Recovery.business_id == business_id)
    return session.scalar(query.execution_options(populate_existing=True))


def note_adopted(business_id: uuid.UUID) -> None:
    """Count an act that was found at the provider and taken over."""
    session.execute(
        update(Recovery)
        .where(Recovery.business_id == business_id, Recovery.ended_at.is_(None))
        .values(adopted=Recovery.adopted + 1)
        .execution_options(synchronize_session=False)
    )


def note_compared(row: Recovery, unknown: Sequence[Unknown], *, at: datetime) -> None:
    """Write down what a comparison found at the provider that is not known here."""
    row.compared_at, row.unknown = at, [one.object_id for one in unknown][:MOST_NAMED]
    row.places = [list(one) for one in sorted({(one.operation, one.place) for one in unknown})]
    session.flush()


def end_recovery(business_id: uuid.UUID, *, at: datetime) -> bool:
    """Let a business send without looking again; False when it was not recovering."""
    ended = session.execute(
        update(Recovery)
        .where(Recovery.business_id == business_id, Recovery.ended_at.is_(None))
        .values(ended_at=at, due_at=None)
        .execution_options(synchronize_session=False)
    )
    return changed(ended) == 1
