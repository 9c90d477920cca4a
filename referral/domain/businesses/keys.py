"""API keys: secret ones for servers, publishable ones for the widget; only a hash is stored."""

from __future__ import annotations

import hmac
import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from referral.domain.businesses.businesses import Business
from referral.domain.businesses.ownership import Owned, across_businesses
from referral.foundation.crypto import plain_hash, random_token
from referral.foundation.db import Key, Model, Moment, Name, UTCDateTime, one_of, session
from referral.foundation.ids import new_key
from referral.foundation.text import plain


class KeyKind(StrEnum):
    """What a key may do: everything of its business, or only what the widget needs."""

    SECRET = "secret"
    PUBLISHABLE = "publishable"


_PREFIXES = {KeyKind.SECRET: "sk_", KeyKind.PUBLISHABLE: "pk_"}


class ApiKey(Owned, Model):
    """One key, found by its lookup part and proved by the hash of the whole.

    `made_by` is the operator who made it in the console: what it does is their doing too.
    """

    __table_args__ = (one_of("kind", KeyKind),)

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[Name]
    lookup: Mapped[str] = mapped_column(String(20), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    last_four: Mapped[str] = mapped_column(String(4))
    created_at: Mapped[Moment]
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    made_by: Mapped[uuid.UUID | None] = mapped_column(default=None, sort_order=23)

    business: Mapped[Business] = relationship()


def issue_key(
    business_id: uuid.UUID,
    kind: KeyKind,
    *,
    name: str,
    at: datetime,
    key_id: uuid.UUID | None = None,
    made_by: uuid.UUID | None = None,
) -> str:
    """Make a key and return it whole; it can never be shown again (S-138).

    A caller that may repeat itself, such as a form, brings the `key_id`; the second time it is
    taken, and the database raises IntegrityError.
    """
    lookup, rest = random_token(9), random_token(24)
    whole = f"{_PREFIXES[kind]}{lookup}{rest}"
    session.add(
        ApiKey(
            id=key_id or new_key(),
            business_id=business_id,
            kind=kind,
            name=plain(name),
            lookup=lookup,
            digest=plain_hash(whole),
            last_four=whole[-4:],
            created_at=at,
            made_by=made_by,
        )
    )
    return whole


def business_of_key(whole: str, kind: KeyKind) -> Business | None:
    """Return the business a key opens, or None for an unknown, revoked or other kind of key."""
    key = find_key(whole, kind)
    return key.business if key else None


def find_key(whole: str, kind: KeyKind) -> ApiKey | None:
    """Return a key with its business, or None for an unknown, revoked or other kind of key."""
    lookup = whole.removeprefix(_PREFIXES[kind])[:12]
    if not whole.startswith(_PREFIXES[kind]) or not lookup:
        return None
    query = (
        select(ApiKey)
        .where(ApiKey.lookup == lookup, ApiKey.kind == kind, ApiKey.revoked_at.is_(None))
        .options(joinedload(ApiKey.business))
        .execution_options(**across_businesses())
    )
    key = session.scalar(query)
    if key is None or not hmac.compare_digest(key.digest, plain_hash(whole)):
        return None
    return key


def revoke_key(key: ApiKey, *, at: datetime) -> None:
    """Close a key from now on; repeating it changes nothing."""
    key.revoked_at = key.revoked_at or at
