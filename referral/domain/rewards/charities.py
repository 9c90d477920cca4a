"""Charities a business gives to, and what it owes each of them for rewards given that way."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    case,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.domain.businesses import Owned
from referral.domain.rewards.grants import Waiting
from referral.domain.rewards.waking import wake_waiting_for
from referral.foundation.db import (
    Currency,
    Key,
    Minor,
    Model,
    Moment,
    Name,
    UTCDateTime,
    changed,
    session,
    whole_minor,
)
from referral.foundation.errors import Conflict, Invalid, NotFound
from referral.foundation.ids import parse_public_id, public_id
from referral.foundation.money import Money


class Charity(Owned, Model):
    """Somebody a reward may go to; the default one takes what nobody chose a charity for."""

    __table_args__ = (UniqueConstraint("business_id", "name"),)
    prefix: ClassVar[str] = "cha"

    id: Mapped[Key]
    name: Mapped[Name]
    website: Mapped[str] = mapped_column(String(400))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_default: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Moment]

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)


class Donation(Owned, Model):
    """What is owed to a charity for one reward, less what refunds took; paid when staff say so."""

    __table_args__ = (
        UniqueConstraint("reward_id"),
        Index(None, "charity_id", "currency", "paid_at"),
        CheckConstraint("withdrawn_minor BETWEEN 0 AND amount_minor", name="withdrawn_within"),
        CheckConstraint("(paid_at IS NULL) = (reference IS NULL)", name="paid_with_reference"),
        *whole_minor("amount_minor"),
    )
    prefix: ClassVar[str] = "don"

    id: Mapped[Key]
    charity_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("charity.id"))
    reward_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reward.id"))
    amount_minor: Mapped[Minor]
    withdrawn_minor: Mapped[Minor] = mapped_column(default=0)
    currency: Mapped[Currency]
    at: Mapped[Moment]
    paid_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    reference: Mapped[str | None] = mapped_column(String(200), default=None)

    charity: Mapped[Charity] = relationship()

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)


@dataclass(frozen=True, slots=True)
class Total:
    """What one charity was given in one currency: still owed to it, and paid."""

    owed: Money
    paid: Money


class TotalChanged(Conflict):
    """Another amount is owed than whoever marked it as paid had seen."""

    code = "total_changed"
    message = "The amount has changed meanwhile. Look at it again before you mark it as paid."


def add_charity(business_id: uuid.UUID, name: str, website: str, *, at: datetime) -> Charity:
    """Put a charity on the list; raises Invalid naming what does not fit."""
    wrong: dict[str, str] = {}
    if not 1 <= len(name) <= 200:
        wrong["name"] = "Say what the charity is called."
    elif session.scalar(select(Charity.id).where(Charity.name == name)):
        wrong["name"] = "This charity is on the list already."
    if not _is_website(website):
        wrong["website"] = "Write the whole address, such as https://charity.example."
    if wrong:
        raise Invalid(fields=wrong)
    charity = Charity(business_id=business_id, name=name, website=website, created_at=at)
    session.add(charity)
    session.flush()
    wake_waiting_for(Waiting.NO_CHARITY, at=at)
    return charity


def set_active(charity: Charity, *, is_active: bool, at: datetime) -> None:
    """Let people choose a charity, or not any more; what was chosen before stays."""
    charity.is_active = is_active
    if not is_active:
        charity.is_default = False
    session.flush()
    wake_waiting_for(Waiting.NO_CHARITY if is_active else Waiting.CHOICE, at=at)


def set_default(charity: Charity | None) -> None:
    """Say which charity takes what nobody chose one for; None lets that wait."""
    for one in session.scalars(select(Charity).where(Charity.is_default)):
        one.is_default = False
    session.flush()
    if charity is not None:
        if not charity.is_active:
            raise Invalid(fields={"charity": "Only a charity people can choose is a default."})
        charity.is_default = True
        session.flush()


def charities(*, only_active: bool = False) -> Sequence[Charity]:
    """List the charities of the business at work by their names."""
    query = select(Charity).order_by(Charity.name)
    return session.scalars(query.where(Charity.is_active) if only_active else query).all()


def default_charity() -> Charity | None:
    """Return the charity that takes what nobody chose one for."""
    query = select(Charity).where(Charity.is_default, Charity.is_active)
    return session.scalar(query.order_by(Charity.id).limit(1))


def find_charity(text: str) -> Charity:
    """Return the business's charity of a public id; raises NotFound."""
    key = parse_public_id(Charity.prefix, text)
    charity = session.scalar(select(Charity).where(Charity.id == key))
    if charity is None:
        raise NotFound("There is no such charity.")
    return charity


def charity_of(reward_id: uuid.UUID) -> Charity | None:
    """Return the charity a reward went to, or None when it went to none."""
    query = select(Charity).join(Donation, Donation.charity_id == Charity.id)
    return session.scalar(query.where(Donation.reward_id == reward_id))


def totals() -> dict[uuid.UUID, list[Total]]:
    """Add up what each charity is owed and was paid, by currency."""
    net = Donation.amount_minor - Donation.withdrawn_minor
    query = (
        select(
            Donation.charity_id,
            Donation.currency,
            func.sum(case((Donation.paid_at.is_(None), net), else_=0)),
            func.sum(case((Donation.paid_at.is_not(None), net), else_=0)),
        )
        .group_by(Donation.charity_id, Donation.currency)
        .order_by(Donation.currency)
    )
    found: dict[uuid.UUID, list[Total]] = {}
    for key, currency, owed, paid in session.execute(query):
        total = Total(Money(int(owed), currency), Money(int(paid), currency))
        found.setdefault(key, []).append(total)
    return found


def mark_paid(charity: Charity, total: Money, *, reference: str, at: datetime) -> int:
    """Write down that a charity was paid all that it is owed in a currency; returns for how many.

    Raises TotalChanged, with nothing marked, when another amount is owed than `total`.
    """
    unpaid = (
        Donation.charity_id == charity.id,
        Donation.currency == total.currency,
        Donation.paid_at.is_(None),
        Donation.amount_minor > Donation.withdrawn_minor,
    )
    marked = session.execute(
        update(Donation)
        .where(*unpaid)
        .values(paid_at=at, reference=reference)
        .returning(Donation.amount_minor - Donation.withdrawn_minor)
        .execution_options(synchronize_session=False)
    ).all()
    if not marked or sum(int(one) for (one,) in marked) != total.amount_minor:
        raise TotalChanged
    return len(marked)


def withdraw(reward_id: uuid.UUID, amount_minor: int) -> bool:
    """Take a part of a donation back that is not paid yet; False when it is."""
    taken = session.execute(
        update(Donation)
        .where(Donation.reward_id == reward_id, Donation.paid_at.is_(None))
        .where(Donation.withdrawn_minor + amount_minor <= Donation.amount_minor)
        .values(withdrawn_minor=Donation.withdrawn_minor + amount_minor)
        .execution_options(synchronize_session=False)
    )
    return changed(taken) == 1


def _is_website(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and len(text) <= 400
