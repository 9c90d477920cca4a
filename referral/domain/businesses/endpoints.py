"""The business's own server for its gifts: where it is, and what requests to it are signed with.

It knows no request; whether the server answers is told here by whoever asked it.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ForeignKey, String, Text, select, update
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses.ownership import Owned
from referral.foundation.crypto import seal, unseal
from referral.foundation.db import Key, Long, Model, Moment, UTCDateTime, changed, session

SECRET_BYTES = 32
"""Standard Webhooks asks for 24 to 64 random bytes."""
FIRST_REST = timedelta(seconds=15)
LONGEST_REST = timedelta(minutes=5)
GIVEN_UP_AFTER = timedelta(days=4)
"""How long a server may give nothing but faults before nobody asks it any more (F-45)."""
LONGEST_GAP = timedelta(days=2)
"""Faults further apart are not one row of them: what is only reminded of comes once a day."""


class GiftEndpoint(Owned, Model):
    """Where gifts are asked for, with its sealed signing secret; one for each business.

    The secret before signs as well until `secret_before_until`. After `faults` in a row nobody
    asks before `rests_until`. From `gone_at` on nobody asks at all: the server said it was gone,
    or it was given up because of the faults in a row since `failing_since`.
    """

    id: Mapped[Key]
    business_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("business.id"), unique=True)
    url: Mapped[str] = mapped_column(String(400))
    sealed_secret: Mapped[Long]
    last_four: Mapped[str] = mapped_column(String(4))
    sealed_secret_before: Mapped[str | None] = mapped_column(Text, default=None)
    secret_before_until: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    changed_at: Mapped[Moment]
    faults: Mapped[int] = mapped_column(default=0)
    rests_until: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    gone_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    failing_since: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None, sort_order=20)

    def is_left_alone(self, at: datetime) -> bool:
        """Tell whether nobody is to ask it at this moment."""
        return self.rests_until is not None and at < self.rests_until

    def secrets_at(self, at: datetime) -> list[str]:
        """Return what a request is signed with now, the present secret first."""
        found = [unseal(self.sealed_secret)]
        until = self.secret_before_until
        if self.sealed_secret_before and until is not None and at < until:
            found.append(unseal(self.sealed_secret_before))
        return found


def endpoint_of(business_id: uuid.UUID) -> GiftEndpoint | None:
    """Return where a business hands out its gifts, as it stands now."""
    query = select(GiftEndpoint).where(GiftEndpoint.business_id == business_id)
    return session.scalar(query.execution_options(populate_existing=True))


def set_endpoint(business_id: uuid.UUID, url: str, *, at: datetime) -> str | None:
    """Say where gifts are asked for from now on; returns the secret where it is a new one.

    Whatever kept the server from being asked is forgotten.
    """
    endpoint, secret = endpoint_of(business_id), None
    if endpoint is None:
        secret = _new_secret()
        endpoint = GiftEndpoint(
            business_id=business_id, sealed_secret=seal(secret), last_four=secret[-4:]
        )
        session.add(endpoint)
    endpoint.url, endpoint.changed_at = url, at
    endpoint.faults, endpoint.rests_until, endpoint.gone_at = 0, None, None
    endpoint.failing_since = None
    session.flush()
    return secret


def remove_endpoint(endpoint: GiftEndpoint) -> None:
    """Forget the server and its secrets; a later one is signed for with a new secret."""
    session.delete(endpoint)
    session.flush()


def rotate_secret(endpoint: GiftEndpoint, *, both_for: timedelta, at: datetime) -> str:
    """Return a new signing secret; the one before signs beside it for so long."""
    secret = _new_secret()
    endpoint.sealed_secret_before = endpoint.sealed_secret if both_for else None
    endpoint.secret_before_until = at + both_for if both_for else None
    endpoint.sealed_secret, endpoint.last_four = seal(secret), secret[-4:]
    endpoint.changed_at = at
    session.flush()
    return secret


def note_fault(business_id: uuid.UUID, *, at_least: timedelta, at: datetime) -> datetime:
    """Count a try that came to nothing; returns until when the server is left alone.

    The rest doubles from 15 s to 5 min with each fault in a row (F-44, F-45), or is as long as the
    server asked for.
    """
    _change(business_id, faults=GiftEndpoint.faults + 1)
    endpoint = endpoint_of(business_id)
    faults = endpoint.faults if endpoint else 1
    if endpoint is not None and _begins_anew(endpoint, at):
        _change(business_id, failing_since=at)
    until: datetime = at + max(at_least, min(FIRST_REST * 2 ** min(faults - 1, 10), LONGEST_REST))
    _change(business_id, rests_until=until)
    return until


def note_answer(business_id: uuid.UUID) -> None:
    """Forget the faults: the server answers as it should."""
    _change(business_id, faults=0, rests_until=None, failing_since=None)


def note_gone(business_id: uuid.UUID, url: str, *, at: datetime) -> bool:
    """Note that the server said it is gone for good; nobody asks it until staff save it anew.

    Returns whether that is news: False when it was noted, or staff set another address meanwhile.
    """
    is_it = (GiftEndpoint.url == url, GiftEndpoint.gone_at.is_(None))
    return _change(business_id, *is_it, gone_at=at, failing_since=None)


def give_up(business_id: uuid.UUID, *, at: datetime) -> bool:
    """Stop asking a server that has given nothing but faults for days, as one that says it is gone.

    Returns whether it was given up now.
    """
    has_failed = GiftEndpoint.failing_since <= at - GIVEN_UP_AFTER
    return _change(business_id, has_failed, GiftEndpoint.gone_at.is_(None), gone_at=at)


def _begins_anew(endpoint: GiftEndpoint, at: datetime) -> bool:
    """Tell whether a fault is the first of a row, rather than one more of it."""
    rested_until = endpoint.rests_until
    return endpoint.failing_since is None or rested_until is None or rested_until < at - LONGEST_GAP


def _change(business_id: uuid.UUID, *only: ColumnElement[bool], **values: object) -> bool:
    done = session.execute(
        update(GiftEndpoint)
        .where(GiftEndpoint.business_id == business_id, *only)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return changed(done) == 1


def _new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"
