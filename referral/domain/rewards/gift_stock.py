"""Stocks of gift codes: what each is worth, its codes, and each given to one person at most."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.domain.businesses import Business, Owned
from referral.foundation.crypto import keyed_hash, unseal
from referral.foundation.db import (
    Currency,
    Key,
    Long,
    Minor,
    Model,
    Moment,
    Name,
    UTCDateTime,
    session,
    whole_minor,
)
from referral.foundation.errors import Invalid, NotFound
from referral.foundation.ids import parse_public_id, public_id
from referral.foundation.money import LIMIT_MINOR, is_currency

MOST_LOW_AT = 10_000


class GiftStock(Owned, Model):
    """Codes of one worth under one name; with `low_at` codes left or fewer staff are told.

    `warned_at` is when they were told, until it is filled up again.
    """

    __table_args__ = (
        UniqueConstraint("business_id", "name"),
        Index(None, "business_id", "currency", "value_minor"),
        CheckConstraint("value_minor > 0", name="value_positive"),
        CheckConstraint("low_at >= 0", name="low_not_negative"),
        *whole_minor("value_minor"),
    )
    prefix: ClassVar[str] = "gst"

    id: Mapped[Key]
    name: Mapped[Name]
    value_minor: Mapped[Minor]
    currency: Mapped[Currency]
    low_at: Mapped[int]
    created_at: Mapped[Moment]
    warned_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)

    business: Mapped[Business] = relationship()

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)


class GiftCode(Owned, Model):
    """One code, sealed; `fingerprint` tells whether it is known without opening any.

    It belongs to the reward it was given for. `shown_at` is when its person first looked at it.
    """

    __table_args__ = (
        UniqueConstraint("business_id", "fingerprint"),
        UniqueConstraint("reward_id"),
        Index(None, "stock_id", "reward_id", "expires_on"),
        CheckConstraint("reward_id IS NOT NULL OR shown_at IS NULL", name="shown_is_given"),
    )

    id: Mapped[Key]
    stock_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("gift_stock.id"))
    sealed: Mapped[Long]
    fingerprint: Mapped[str] = mapped_column(String(64))
    last_four: Mapped[str] = mapped_column(String(4))
    expires_on: Mapped[date | None] = mapped_column(Date)
    imported_at: Mapped[Moment]
    reward_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("reward.id"), default=None)
    given_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    shown_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)

    stock: Mapped[GiftStock] = relationship()

    @property
    def text(self) -> str:
        """Return the code itself, for the person it was given to."""
        return unseal(self.sealed)

    def has_ended(self, on: date) -> bool:
        """Tell whether its last day is past on a day."""
        return self.expires_on is not None and self.expires_on < on


@dataclass(frozen=True, slots=True)
class Count:
    """How many codes of a stock are free, given, seen by their person, and past their day."""

    free: int = 0
    given: int = 0
    shown: int = 0
    expired: int = 0


def fingerprint_of(code: str) -> str:
    """Return what a code is known by; a copy of the database does not reveal the code."""
    return keyed_hash("gift code", code)


def is_free(on: date) -> ColumnElement[bool]:
    """Say in SQL that a code may still be given on a day; its last day is one of them."""
    is_valid = or_(GiftCode.expires_on.is_(None), GiftCode.expires_on >= on)
    return and_(GiftCode.reward_id.is_(None), is_valid)


def open_stock(
    business_id: uuid.UUID,
    name: str,
    *,
    value_minor: int,
    currency: str,
    low_at: int,
    at: datetime,
) -> GiftStock:
    """Open an empty stock; raises Invalid naming what does not fit."""
    wrong: dict[str, str] = {}
    if not 1 <= len(name) <= 200:
        wrong["name"] = "Give the stock a name people understand."
    elif session.scalar(select(GiftStock.id).where(GiftStock.name == name)):
        wrong["name"] = "There is a stock of this name already: add the codes to it."
    if not is_currency(currency):
        wrong["currency"] = "Use an ISO 4217 code such as EUR."
    if not 1 <= value_minor <= LIMIT_MINOR:
        wrong["value"] = "Say what one code is worth."
    check_low_at(low_at, wrong)
    if wrong:
        raise Invalid(fields=wrong)
    stock = GiftStock(
        business_id=business_id,
        name=name,
        value_minor=value_minor,
        currency=currency,
        low_at=low_at,
        created_at=at,
    )
    session.add(stock)
    session.flush()
    return stock


def check_low_at(low_at: int, wrong: dict[str, str]) -> None:
    """Add what is wrong with the number of codes from which on staff are told."""
    if not 0 <= low_at <= MOST_LOW_AT:
        wrong["low_at"] = f"Write a number from 0 to {MOST_LOW_AT:,}."


def find_stock(text: str) -> GiftStock:
    """Return the business's stock of a public id; raises NotFound."""
    key = parse_public_id(GiftStock.prefix, text)
    stock = session.scalar(select(GiftStock).where(GiftStock.id == key))
    if stock is None:
        raise NotFound("There is no such stock.")
    return stock


def stocks() -> Sequence[GiftStock]:
    """List the stocks of the business at work by their names."""
    return session.scalars(select(GiftStock).order_by(GiftStock.name)).all()


def counts(on: date) -> dict[uuid.UUID, Count]:
    """Count the codes of every stock of the business at work, in one query."""
    is_unused = GiftCode.reward_id.is_(None)
    query = select(
        GiftCode.stock_id,
        func.sum(case((is_free(on), 1), else_=0)),
        func.sum(case((GiftCode.reward_id.is_not(None), 1), else_=0)),
        func.sum(case((GiftCode.shown_at.is_not(None), 1), else_=0)),
        func.sum(case((and_(is_unused, GiftCode.expires_on < on), 1), else_=0)),
    ).group_by(GiftCode.stock_id)
    return {key: Count(*(int(one) for one in found)) for key, *found in session.execute(query)}


def code_of(reward_id: uuid.UUID) -> GiftCode | None:
    """Return the code that was given for a reward."""
    return session.scalar(select(GiftCode).where(GiftCode.reward_id == reward_id))
