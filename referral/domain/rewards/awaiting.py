"""Purchases that wait for an exchange rate: nothing is lost, and the rate brings them back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import Date, ForeignKey, Select, UniqueConstraint, and_, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.domain.businesses import Owned
from referral.domain.currencies import OLDEST, ExchangeRate
from referral.domain.purchases import Purchase
from referral.foundation.db import Currency, Key, Model, UTCDateTime, session
from referral.foundation.due import Due
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once

_FIRST_LOOK = timedelta(minutes=1)


class AwaitedRate(Owned, Due, Model):
    """A purchase that no rate was known for, and into which currency; `met_at` ends the wait."""

    __table_args__ = (UniqueConstraint("purchase_id", "quote"),)

    id: Mapped[Key]
    purchase_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("purchase.id"))
    base: Mapped[Currency]
    quote: Mapped[Currency]
    day: Mapped[date] = mapped_column(Date)
    met_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)

    purchase: Mapped[Purchase] = relationship()


def await_rate(purchase: Purchase, quote: str, *, at: datetime) -> None:
    """Note that a purchase waits for a rate into a currency.

    It is looked at once by itself, for a rate that came in while this was being written.
    """
    insert_once(
        AwaitedRate,
        {
            "id": new_key(),
            "business_id": purchase.business_id,
            "purchase_id": purchase.id,
            "base": purchase.currency,
            "quote": quote,
            "day": purchase.occurred_at.date(),
            "due_at": at + _FIRST_LOOK,
            "attempts": 0,
        },
    )


def wake_awaiting(rates: Iterable[ExchangeRate], *, at: datetime) -> None:
    """Have every purchase that new rates can convert judged again."""
    for rate in rates:
        session.execute(
            update(AwaitedRate)
            .where(AwaitedRate.business_id == rate.business_id, AwaitedRate.met_at.is_(None))
            .where(
                or_(
                    and_(AwaitedRate.base == rate.base, AwaitedRate.quote == rate.quote),
                    and_(AwaitedRate.base == rate.quote, AwaitedRate.quote == rate.base),
                )
            )
            .where(AwaitedRate.day.between(rate.day, rate.day + OLDEST))
            .values(due_at=at, attempts=0, dead_at=None)
            .execution_options(synchronize_session=False)
        )


def awaited_rates() -> Select[str, str, date, int]:
    """Select which rates are awaited: base, quote, day, and for how many purchases."""
    return (
        select(AwaitedRate.base, AwaitedRate.quote, AwaitedRate.day, func.count())
        .where(AwaitedRate.met_at.is_(None))
        .group_by(AwaitedRate.base, AwaitedRate.quote, AwaitedRate.day)
        .order_by(AwaitedRate.day.desc(), AwaitedRate.base, AwaitedRate.quote)
    )
