"""Who did what to what, before and after, in a chain that shows any cut or edit (I-39)."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint, update
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses.businesses import Business
from referral.domain.businesses.ownership import Owned
from referral.foundation.db import Json, Key, Model, Moment, Name, Short, session
from referral.foundation.guards import append_only


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an operator, an API key, a person, or the system; `name` is shown to staff.

    `behind` a key is the operator who made it.
    """

    kind: str
    name: str
    id: uuid.UUID | None = None
    behind: uuid.UUID | None = None

    @property
    def operator_id(self) -> uuid.UUID | None:
        """Return the operator who acts, or who made the key that does."""
        return self.id or self.behind


SYSTEM = Actor("system", "Referral")


class AuditEntry(Owned, Model):
    """One act; append only, guarded by a trigger, and chained to the one before."""

    __table_args__ = (UniqueConstraint("business_id", "number"),)

    id: Mapped[Key]
    number: Mapped[int]
    at: Mapped[Moment]
    actor_kind: Mapped[Short]
    actor_name: Mapped[Name]
    action: Mapped[Short]
    subject: Mapped[str] = mapped_column(String(60))
    details: Mapped[Json]
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))

    def expected_digest(self) -> str:
        """Return the digest this entry must have, computed from what it says."""
        said = [
            str(self.business_id),
            self.number,
            self.at.isoformat(),
            self.actor_kind,
            self.actor_name,
            self.action,
            self.subject,
            self.details,
            self.previous,
        ]
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


append_only(AuditEntry)


def record(
    business_id: uuid.UUID,
    action: str,
    *,
    subject: str,
    actor: Actor,
    at: datetime,
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Append one act to the business's chain; locks the business's row for the commit's length."""
    number = session.execute(
        update(Business)
        .where(Business.id == business_id)
        .values(audit_count=Business.audit_count + 1)
        .returning(Business.audit_count, Business.audit_head)
        .execution_options(synchronize_session=False)
    ).one()
    entry = AuditEntry(
        business_id=business_id,
        number=number.audit_count,
        at=at,
        actor_kind=actor.kind,
        actor_name=actor.name,
        action=action,
        subject=subject,
        details=dict(details or {}),
        previous=number.audit_head,
    )
    entry.digest = entry.expected_digest()
    session.add(entry)
    session.execute(
        update(Business)
        .where(Business.id == business_id)
        .values(audit_head=entry.digest)
        .execution_options(synchronize_session=False)
    )
    return entry
