"""What Stripe told us: each event is kept once, whole, and read later by the worker (I-1)."""

from __future__ import annotations

import re
import uuid
from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.domain.businesses import Business, Owned
from referral.foundation.db import Key, Long, Model, Moment, UTCDateTime
from referral.foundation.due import Due
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once

OTHER_MODE = "other_mode"


class StripeEvent(Owned, Due, Model):
    """One event as it came; `outcome` says what reading it did."""

    __table_args__ = (
        UniqueConstraint("business_id", "event_id"),
        Index(None, "business_id", "id"),
    )

    id: Mapped[Key]
    event_id: Mapped[str] = mapped_column(String(100))
    type: Mapped[str] = mapped_column(String(100))
    is_live: Mapped[bool]
    payload: Mapped[Long]
    received_at: Mapped[Moment]
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    outcome: Mapped[str | None] = mapped_column(String(200), default=None)

    business: Mapped[Business] = relationship()


def is_event(thing: object) -> bool:
    """Tell whether something read from JSON has the id and type of an event."""
    return isinstance(thing, dict) and all(
        isinstance(name, str) and re.fullmatch(r"[\x21-\x7e]{1,100}", name)
        for name in (thing.get("id"), thing.get("type"))
    )


def keep(
    business_id: uuid.UUID,
    *,
    event_id: str,
    type: str,
    is_live: bool,
    payload: str,
    at: datetime,
    is_ours: bool = True,
) -> bool:
    """Keep an event in one statement; False when it was kept before.

    One of the other mode (test, live) is kept too, as read and without effect.
    """
    return insert_once(
        StripeEvent,
        {
            "id": new_key(),
            "business_id": business_id,
            "event_id": event_id,
            "type": type,
            "is_live": is_live,
            "payload": payload,
            "received_at": at,
            "due_at": at if is_ours else None,
            "read_at": None if is_ours else at,
            "outcome": None if is_ours else OTHER_MODE,
            "attempts": 0,
        },
    )
