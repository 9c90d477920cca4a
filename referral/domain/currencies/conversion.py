"""One amount in another currency, by a rate that is kept with it (I-17)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import or_, select

from referral.domain.currencies.rates import OLDEST, ExchangeRate
from referral.foundation.db import session
from referral.foundation.money import convert


@dataclass(frozen=True, slots=True)
class Conversion:
    """An amount as it was paid, and the rate that made it one of another currency.

    `is_inverse` says that the rate was told the other way round, so the amount is divided by it.
    """

    currency: str
    amount_minor: int
    rate: str
    is_inverse: bool
    day: date
    source: str

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Conversion:
        """Read one back as it is kept with a reward."""
        return cls(**{**kept, "day": date.fromisoformat(kept["day"])})

    def as_json(self) -> dict[str, Any]:
        return {
            "currency": self.currency,
            "amount_minor": self.amount_minor,
            "rate": self.rate,
            "is_inverse": self.is_inverse,
            "day": self.day.isoformat(),
            "source": self.source,
        }

    def into(self, currency: str) -> int:
        """Return the amount in another currency's minor units, rounded half even, once."""
        exact = Fraction(self.rate)
        rate = 1 / exact if self.is_inverse else exact
        return convert(self.amount_minor, rate, base=self.currency, quote=currency)


def convert_on(
    business_id: uuid.UUID, amount_minor: int, *, base: str, quote: str, paid_at: datetime
) -> Conversion | None:
    """Convert by the rate of the day (UTC) something was paid, or the latest of the week before.

    A rate told the other way round serves as well; of one day, the direct one comes first. None
    when no rate is known.
    """
    day = paid_at.date()
    pair = (ExchangeRate.base == base) & (ExchangeRate.quote == quote)
    inverse = (ExchangeRate.base == quote) & (ExchangeRate.quote == base)
    query = (
        select(ExchangeRate)
        .where(ExchangeRate.business_id == business_id, or_(pair, inverse))
        .where(ExchangeRate.day <= day, ExchangeRate.day >= day - OLDEST)
        .order_by(ExchangeRate.day.desc(), ExchangeRate.base != base)
        .limit(1)
    )
    found = session.scalar(query)
    if found is None:
        return None
    return Conversion(
        currency=base,
        amount_minor=amount_minor,
        rate=found.rate,
        is_inverse=found.base != base,
        day=found.day,
        source=found.source,
    )
