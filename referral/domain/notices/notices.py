"""Notices: written in the commit of their cause, sent afterwards, sealed until then."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned
from referral.foundation.crypto import seal, unseal
from referral.foundation.db import Key, Long, Model, Moment, Short, UTCDateTime
from referral.foundation.due import Due
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once


class Notice(Owned, Due, Model):
    """One mail to one address. What it says is sealed, and wiped once it is sent.

    `once_key` is what it is about: a second notice for the same key is never written. One that is
    not wanted any more, such as a sign-in nobody asked for in time, is wiped and never sent.
    """

    id: Mapped[Key]
    kind: Mapped[Short]
    once_key: Mapped[str] = mapped_column(String(200), unique=True)
    sealed: Mapped[Long]
    created_at: Mapped[Moment]
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)

    @property
    def content(self) -> dict[str, Any]:
        """Return the address under `to` and everything the mail says."""
        said: dict[str, Any] = json.loads(unseal(self.sealed))
        return said


def notify(
    business_id: uuid.UUID,
    kind: str,
    *,
    to: str,
    once_key: str,
    at: datetime,
    said: Mapping[str, Any],
) -> bool:
    """Write down a mail to send; False when one about the same was written before."""
    return insert_once(
        Notice,
        {
            "id": new_key(),
            "business_id": business_id,
            "kind": kind,
            "once_key": once_key,
            "sealed": seal(json.dumps({"to": to, **said})),
            "created_at": at,
            "due_at": at,
            "attempts": 0,
        },
    )
