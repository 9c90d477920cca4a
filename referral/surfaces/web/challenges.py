"""Proofs of an address under way: a mailed link and a 6-digit code, bound to the asking browser."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned
from referral.foundation.db import Key, Model, Moment, UTCDateTime
from referral.foundation.ids import public_id


class SignInChallenge(Owned, Model):
    """One request to sign in to a business's portal.

    `browser_digest` is the hash of a cookie only the asking browser holds; link and code are kept
    as hashes (S-35). `person_id` is empty when nobody of that address is known, so that the
    answer looks the same (S-37).
    """

    __table_args__ = (Index(None, "business_id", "address_hash", "asked_at"),)
    prefix: ClassVar[str] = "chl"

    id: Mapped[Key]
    person_id: Mapped[uuid.UUID | None]
    address_hash: Mapped[str] = mapped_column(String(64))
    browser_digest: Mapped[str] = mapped_column(String(64))
    link_digest: Mapped[str] = mapped_column(String(64), unique=True)
    code_digest: Mapped[str] = mapped_column(String(64))
    device: Mapped[str] = mapped_column(String(120))
    tries: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)
