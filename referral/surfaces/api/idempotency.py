"""Answers kept by Idempotency-Key: the same call again answers as before and changes nothing (I-7).

Only successes are kept: a refused call changed nothing, so it may be sent again with the same key.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Index, String, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Business, Owned
from referral.foundation.crypto import plain_hash
from referral.foundation.db import Key, Long, Model, Moment, session
from referral.foundation.errors import Invalid
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once

KEPT = timedelta(days=7)
_SWEPT_EVERY = 16
"""One call in so many also forgets old ones, ten times as many as came since."""
_SWEPT_AT_ONCE = 160


class ApiCall(Owned, Model):
    """One call with a key: the hash of what was sent, and what was answered, to the letter.

    Status and answer are empty only inside the transaction that does the work.
    """

    __table_args__ = (
        UniqueConstraint("business_id", "endpoint", "key"),
        Index(None, "business_id", "at"),
    )

    id: Mapped[Key]
    endpoint: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(255))
    body_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    answer: Mapped[Long | None]
    at: Mapped[Moment]


class IdempotencyMismatch(Invalid):
    """One key was used for two different calls."""

    code = "idempotency_mismatch"
    message = "This Idempotency-Key was used for a call that said something else. Take a new key."


class Answered(NamedTuple):
    """A status and a body as written."""

    status: int
    body: str


class Keyed(NamedTuple):
    """A call that carries a key: where it goes, and everything it says."""

    endpoint: str
    key: str
    said: str


def answer_once(
    business: Business, call: Keyed, work: Callable[[], Answered], *, at: datetime
) -> tuple[Answered, bool]:
    """Do the work unless the same call was answered before; the flag says that it was.

    Runs inside the transaction of the work. Of parallel calls the first inserts its row, and the
    others wait at the unique key until it commits; when it is refused, the next one works.
    Raises IdempotencyMismatch when the key came with another call.
    """
    said_hash, key = plain_hash(call.said), new_key()
    row = {
        "id": key,
        "business_id": business.id,
        "endpoint": call.endpoint,
        "key": call.key,
        "body_hash": said_hash,
        "at": at,
    }
    if not insert_once(ApiCall, row):
        return _as_before(call, said_hash), True
    answered = work()
    session.execute(
        update(ApiCall)
        .where(ApiCall.id == key)
        .values(status=answered.status, answer=answered.body)
    )
    if key.int % _SWEPT_EVERY == 0:
        _sweep(at=at)
    return answered, False


def _as_before(call: Keyed, said_hash: str) -> Answered:
    query = select(ApiCall).where(ApiCall.endpoint == call.endpoint, ApiCall.key == call.key)
    before = session.scalars(query).one()
    if before.body_hash != said_hash:
        raise IdempotencyMismatch
    if before.status is None or before.answer is None:
        raise LookupError("a kept call always has its answer")
    return Answered(before.status, before.answer)


def _sweep(*, at: datetime) -> None:
    """Forget a few old calls of this business, so that the table never grows beyond a week."""
    old = session.scalars(
        select(ApiCall.id)
        .where(ApiCall.at < at - KEPT)
        .limit(_SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    if old:
        session.execute(delete(ApiCall).where(ApiCall.id.in_(old)))
