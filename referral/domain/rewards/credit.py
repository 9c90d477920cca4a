"""Store credit as it is kept: a lot for each grant, a balance, and a line for each change.

Whoever changes credit locks the person's balance of that currency first, after the rewards it
concerns, so that nobody waits in a circle. Nothing ever goes below zero (I-45).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.domain.businesses import Owned
from referral.domain.people import Person
from referral.domain.rewards.rewards import Reward
from referral.foundation.db import (
    Currency,
    Key,
    Minor,
    MinorSum,
    Model,
    Moment,
    Short,
    UTCDateTime,
    changed,
    one_of,
    session,
    whole_minor,
    whole_sum,
)
from referral.foundation.due import Due
from referral.foundation.errors import Conflict
from referral.foundation.guards import append_only
from referral.foundation.ids import new_key, public_id
from referral.foundation.inserts import insert_once
from referral.foundation.money import Money


class EntryKind(StrEnum):
    """What changed a lot: given, spent, an order cancelled, a refund, or its end."""

    GRANT = "grant"
    REDEMPTION = "redemption"
    REVERSAL = "reversal"
    TAKEN_BACK = "taken_back"
    EXPIRY = "expiry"


class CreditBalance(Owned, Model):
    """What somebody has of store credit in one currency: the sum of what is left of their lots."""

    __table_args__ = (
        UniqueConstraint("person_id", "currency"),
        CheckConstraint("balance_minor >= 0", name="not_negative"),
        *whole_sum("balance_minor"),
    )

    id: Mapped[Key]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    currency: Mapped[Currency]
    balance_minor: Mapped[MinorSum] = mapped_column(default=0)


class CreditLot(Owned, Due, Model):
    """The store credit of one reward and what is left of it, which ends at `expires_at`.

    `due_at` is when its person is told of that, and then when it ends.
    """

    __table_args__ = (
        UniqueConstraint("reward_id"),
        CheckConstraint("left_minor BETWEEN 0 AND granted_minor", name="left_within_granted"),
        Index(None, "person_id", "currency"),
        *whole_minor("granted_minor", "left_minor"),
    )
    prefix: ClassVar[str] = "lot"

    id: Mapped[Key]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    reward_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reward.id"))
    currency: Mapped[Currency]
    granted_minor: Mapped[Minor]
    left_minor: Mapped[Minor]
    granted_at: Mapped[Moment]
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)

    reward: Mapped[Reward] = relationship()
    person: Mapped[Person] = relationship()

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)

    @property
    def left(self) -> Money:
        return Money(self.left_minor, self.currency)

    def has_ended(self, at: datetime) -> bool:
        """Tell whether it may not be spent any more; half open, as every window."""
        return self.expires_at is not None and self.expires_at <= at


class CreditEntry(Owned, Model):
    """One change of a lot and the person's balance after it; append only."""

    __table_args__ = (
        one_of("kind", EntryKind),
        CheckConstraint("balance_after_minor >= 0", name="not_negative"),
        Index(None, "person_id", "id"),
        Index(None, "credit_lot_id"),
        Index(None, "redemption_id"),
        *whole_minor("amount_minor"),
        *whole_sum("balance_after_minor"),
    )

    id: Mapped[Key]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    credit_lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("credit_lot.id"))
    redemption_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("redemption.id"))
    kind: Mapped[Short]
    amount_minor: Mapped[Minor]
    currency: Mapped[Currency]
    balance_after_minor: Mapped[MinorSum]
    at: Mapped[Moment]


append_only(CreditEntry)


class CreditMoved(Conflict):
    """What is there is not what was read of it."""

    code = "credit_moved"
    message = "This credit has changed meanwhile. Look at it again."


def lock_balance(person: Person, currency: str) -> None:
    """Keep others from changing somebody's credit in a currency until the commit."""
    row = {"business_id": person.business_id, "person_id": person.id, "currency": currency}
    insert_once(CreditBalance, {"id": new_key(), **row, "balance_minor": 0})
    session.execute(
        select(CreditBalance.id)
        .where(CreditBalance.person_id == person.id, CreditBalance.currency == currency)
        .with_for_update()
    )


def lots_to_spend(person_id: uuid.UUID, currency: str, *, at: datetime) -> Sequence[CreditLot]:
    """List the lots with something left, read afresh: what expires first is spent first."""
    query = (
        select(CreditLot)
        .where(CreditLot.person_id == person_id, CreditLot.currency == currency)
        .where(CreditLot.left_minor > 0)
        .where(or_(CreditLot.expires_at.is_(None), CreditLot.expires_at > at))
        .order_by(CreditLot.expires_at.is_(None), CreditLot.expires_at, CreditLot.id)
    )
    return session.scalars(query.execution_options(populate_existing=True)).all()


def change(
    lot: CreditLot,
    kind: EntryKind,
    amount_minor: int,
    *,
    at: datetime,
    redemption_id: uuid.UUID | None = None,
) -> None:
    """Put an amount into a lot or, below zero, take it out; raises CreditMoved beyond its bounds.

    The caller has locked the balance.
    """
    left_minor = CreditLot.left_minor + amount_minor
    moved = session.execute(
        update(CreditLot)
        .where(CreditLot.id == lot.id, left_minor.between(0, CreditLot.granted_minor))
        .values(left_minor=left_minor)
        .execution_options(synchronize_session=False)
    )
    if changed(moved) != 1:
        raise CreditMoved
    sum_minor = CreditBalance.balance_minor + amount_minor
    balance_after_minor = session.scalar(
        update(CreditBalance)
        .where(CreditBalance.person_id == lot.person_id, CreditBalance.currency == lot.currency)
        .where(sum_minor >= 0)
        .values(balance_minor=sum_minor)
        .returning(CreditBalance.balance_minor)
        .execution_options(synchronize_session=False)
    )
    if balance_after_minor is None:
        raise CreditMoved
    session.add(
        CreditEntry(
            business_id=lot.business_id,
            person_id=lot.person_id,
            credit_lot_id=lot.id,
            redemption_id=redemption_id,
            kind=kind,
            amount_minor=amount_minor,
            currency=lot.currency,
            balance_after_minor=balance_after_minor,
            at=at,
        )
    )
    session.flush()
    session.refresh(lot)
