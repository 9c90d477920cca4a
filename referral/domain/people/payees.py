"""Where a person is paid: their account at Stripe, and how it stood when Stripe last said.

Nobody's own word counts here: every figure was read from Stripe, and is read again before money
is sent.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.domain.businesses import Owned
from referral.domain.people.people import Person
from referral.foundation.db import JsonList, Key, Model, Moment, UTCDateTime, session
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once

GONE = "gone"
"""The reason of an account that Stripe does not let us reach any more."""


class Payee(Owned, Model):
    """A person's account at Stripe that money is sent to.

    `needs` are Stripe's own names of what it still asks for, until `deadline` where there is one.
    An account that was left behind has `left_at`; the newest other one counts.
    """

    __table_args__ = (
        UniqueConstraint("business_id", "account_id"),
        Index(None, "person_id"),
    )

    id: Mapped[Key]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[str] = mapped_column(String(100))
    country: Mapped[str] = mapped_column(String(2))
    can_be_paid: Mapped[bool] = mapped_column(default=False)
    payouts_enabled: Mapped[bool] = mapped_column(default=False)
    needs: Mapped[JsonList]
    disabled_reason: Mapped[str | None] = mapped_column(String(100), default=None)
    deadline: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    made_at: Mapped[Moment]
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    left_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)

    person: Mapped[Person] = relationship()

    @property
    def is_gone(self) -> bool:
        """Tell whether Stripe does not let us reach it any more."""
        return self.disabled_reason == GONE

    @property
    def is_rejected(self) -> bool:
        """Tell whether Stripe turned its owner away for good."""
        return (self.disabled_reason or "").startswith("rejected.")


@dataclass(frozen=True, slots=True)
class Standing:
    """How an account stands, as Stripe says it."""

    can_be_paid: bool
    payouts_enabled: bool = False
    needs: Sequence[str] = ()
    disabled_reason: str | None = None
    deadline: datetime | None = None


def payee_of(person_id: uuid.UUID) -> Payee | None:
    """Return where a person is paid, if they began to set it up."""
    query = select(Payee).where(Payee.person_id == person_id, Payee.left_at.is_(None))
    return session.scalar(query.order_by(Payee.id.desc()).limit(1))


def payees_before(person_id: uuid.UUID) -> int:
    """Count the accounts a person ever had, so that the key of the next one is its own."""
    query = select(func.count()).select_from(Payee).where(Payee.person_id == person_id)
    return session.scalar(query) or 0


def payee_of_account(business_id: uuid.UUID, account_id: str) -> Payee | None:
    """Return whose account at Stripe it is, if it is known."""
    query = select(Payee).where(Payee.business_id == business_id, Payee.account_id == account_id)
    return session.scalar(query)


def keep_payee(person: Person, account_id: str, country: str, *, at: datetime) -> Payee:
    """Write down the account that was made for a person; repeating it returns the same one."""
    values = {
        "id": new_key(),
        "business_id": person.business_id,
        "person_id": person.id,
        "account_id": account_id,
        "country": country,
        "can_be_paid": False,
        "payouts_enabled": False,
        "needs": [],
        "made_at": at,
    }
    insert_once(Payee, values)
    query = select(Payee).where(Payee.account_id == account_id)
    return session.scalars(query).one()


def note_standing(payee: Payee, standing: Standing, *, at: datetime) -> bool:
    """Write down how an account stands; True when it can be paid and could not before.

    What was read earlier never overwrites what was read later.
    """
    session.refresh(payee, with_for_update=True)
    if payee.read_at is not None and payee.read_at > at:
        return False
    became_ready = standing.can_be_paid and not payee.can_be_paid
    payee.can_be_paid, payee.payouts_enabled = standing.can_be_paid, standing.payouts_enabled
    payee.needs, payee.deadline = list(standing.needs), standing.deadline
    payee.disabled_reason = standing.disabled_reason[:100] if standing.disabled_reason else None
    payee.read_at = at
    session.flush()
    return became_ready


def leave_payee(payee: Payee, *, at: datetime) -> None:
    """Have another account count from now on; what this one holds stays its owner's."""
    session.refresh(payee, with_for_update=True)
    payee.left_at = payee.left_at or at
    session.flush()
