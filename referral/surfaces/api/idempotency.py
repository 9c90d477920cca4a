"""Answers kept by Idempotency-Key: the same call again answers as before and changes nothing (I-7)."""

from __future__ import annotations

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned
from referral.foundation.db import Json, Key, Model, Moment


class ApiCall(Owned, Model):
    """One call with a key: the hash of what was sent, and what was answered."""

    __table_args__ = (UniqueConstraint("business_id", "endpoint", "key"),)

    id: Mapped[Key]
    endpoint: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(255))
    body_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[Json]
    at: Mapped[Moment]
