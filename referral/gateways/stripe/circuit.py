"""Whether Stripe answers one business, or is left alone for a while (F-13).

After five calls in half a minute that found nobody, none is made for half a minute; then one is
tried. It is kept in the database, so that all workers leave Stripe alone and staff can see it.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, select, update
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned
from referral.foundation.db import Key, Model, Moment, UTCDateTime, changed, session
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once

MOST_FAULTS = 5
WITHIN = timedelta(seconds=30)
REST = timedelta(seconds=30)


class StripeCircuit(Owned, Model):
    """The faults of one business's calls since `counted_from`; open from `opened_at` on.

    While it is open nobody asks Stripe before `try_at`, and then one does.
    """

    id: Mapped[Key]
    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"), unique=True)
    faults: Mapped[int]
    counted_from: Mapped[Moment]
    opened_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    try_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)


def circuit_of(business_id: uuid.UUID) -> StripeCircuit | None:
    """Return a business's circuit as it stands, or None before its first fault."""
    query = select(StripeCircuit).where(StripeCircuit.business_id == business_id)
    return session.scalar(query.execution_options(populate_existing=True))


def ask_leave(business_id: uuid.UUID, *, at: datetime) -> datetime | None:
    """Return until when Stripe is to be left alone, or None when it may be asked.

    Of those who come when the rest is over one may ask; the others wait another while.
    """
    circuit = circuit_of(business_id)
    if circuit is None or circuit.try_at is None:
        return None
    if at < circuit.try_at:
        return circuit.try_at
    tried = session.execute(
        update(StripeCircuit)
        .where(StripeCircuit.id == circuit.id, StripeCircuit.try_at == circuit.try_at)
        .values(try_at=at + REST)
        .execution_options(synchronize_session=False)
    )
    return None if changed(tried) == 1 else at + REST


def note_fault(business_id: uuid.UUID, *, at: datetime) -> datetime | None:
    """Count a call that found nobody; returns until when to leave Stripe alone, if it is enough."""
    first = {"id": new_key(), "business_id": business_id, "faults": 1, "counted_from": at}
    if insert_once(StripeCircuit, first):
        return None
    circuit = session.scalars(
        select(StripeCircuit)
        .where(StripeCircuit.business_id == business_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if at > circuit.counted_from + WITHIN:
        circuit.faults, circuit.counted_from = 0, at
    circuit.faults += 1
    if circuit.opened_at is None and circuit.faults >= MOST_FAULTS:
        circuit.opened_at = at
    if circuit.opened_at is not None:
        circuit.try_at = at + REST
    session.flush()
    return circuit.try_at


def note_answer(business_id: uuid.UUID) -> bool:
    """Forget the faults, because Stripe answers; True when it had been left alone."""
    circuit = circuit_of(business_id)
    if circuit is None or not circuit.faults:
        return False
    was_open = circuit.opened_at is not None
    circuit.faults, circuit.opened_at, circuit.try_at = 0, None, None
    session.flush()
    return was_open
