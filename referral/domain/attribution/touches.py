"""Touches: each piece of evidence that one person sent another, kept for good."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned
from referral.foundation.db import Key, Model, Moment, Short, UTCDateTime, one_of
from referral.foundation.guards import append_only
from referral.foundation.ids import public_id


class TouchKind(StrEnum):
    """What kind of evidence it is, the weightiest first."""

    STAFF = "staff"
    CODE = "code"
    COUPON = "coupon"
    CLICK = "click"
    STATED = "stated"

    @property
    def weight(self) -> int:
        """Return the rank: a higher number outweighs a lower one."""
        return len(TouchKind) - list(TouchKind).index(self)


class Touch(Owned, Model):
    """One piece of evidence brought at a signup; `link_id` is empty when it leads nowhere."""

    __table_args__ = (one_of("kind", TouchKind),)
    prefix: ClassVar[str] = "tch"

    id: Mapped[Key]
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("program.id"))
    friend_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), index=True)
    advocate_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    link_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("link.id"))
    click_id: Mapped[uuid.UUID | None]
    kind: Mapped[Short]
    at: Mapped[Moment]
    said: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)


append_only(Touch)
