"""Store credit as people see it: what they can spend now, and what became of it. Reads only."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from referral.domain.rewards import CreditEntry, CreditLot, Redemption
from referral.domain.rewards.credit import EntryKind
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.foundation.ids import parse_public_id
from referral.foundation.money import Money


@dataclass(frozen=True, slots=True)
class Lots:
    """What somebody can spend in one currency, in the order in which it is spent."""

    balance: Money
    lots: Sequence[CreditLot]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened to somebody's credit; a redemption of several lots is one."""

    kind: EntryKind
    amount: Money
    at: datetime
    redemption: Redemption | None


def credit_of(person_id: uuid.UUID, *, at: datetime) -> list[Lots]:
    """List what somebody can spend now by currency; what has ended is not among it."""
    query = (
        select(CreditLot)
        .where(CreditLot.person_id == person_id, CreditLot.left_minor > 0)
        .where(or_(CreditLot.expires_at.is_(None), CreditLot.expires_at > at))
        .order_by(CreditLot.currency, CreditLot.expires_at.is_(None), CreditLot.expires_at)
        .order_by(CreditLot.id)
    )
    found: dict[str, list[CreditLot]] = {}
    for lot in session.scalars(query):
        found.setdefault(lot.currency, []).append(lot)
    return [
        Lots(Money(sum(lot.left_minor for lot in lots), currency), lots)
        for currency, lots in found.items()
    ]


def changes_of(person_id: uuid.UUID, *, limit: int) -> list[Change]:
    """List what last happened to somebody's credit, the newest first."""
    query = (
        select(CreditEntry, Redemption)
        .outerjoin(Redemption, Redemption.id == CreditEntry.redemption_id)
        .options(joinedload(Redemption.reversal))
        .where(CreditEntry.person_id == person_id)
        .order_by(CreditEntry.id.desc())
        .limit(limit)
    )
    told: dict[object, Change] = {}
    for entry, redemption in session.execute(query):
        key = (entry.kind, entry.redemption_id) if entry.redemption_id else entry.id
        before = told.get(key)
        amount = Money(entry.amount_minor, entry.currency)
        told[key] = Change(
            EntryKind(entry.kind),
            before.amount + amount if before else amount,
            entry.at,
            redemption,
        )
    return list(told.values())


def find_redemption(text: str) -> Redemption:
    """Return the business's redemption of a public id; raises NotFound."""
    query = (
        select(Redemption)
        .where(Redemption.id == parse_public_id(Redemption.prefix, text))
        .options(joinedload(Redemption.person), joinedload(Redemption.reversal))
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound
    return found
