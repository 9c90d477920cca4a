"""Exchange rates: exact, of one day, from a named source; written once and never changed (I-17)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import ClassVar

from sqlalchemy import CheckConstraint, Date, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned
from referral.foundation.db import Currency, Key, Model, Moment, Name, session
from referral.foundation.errors import Conflict, Invalid
from referral.foundation.guards import append_only
from referral.foundation.ids import new_key, public_id
from referral.foundation.inserts import insert_once
from referral.foundation.money import is_currency
from referral.foundation.text import plain

OLDEST = timedelta(days=7)
"""How old a rate may be on the day of a purchase: longer than any row of days without one."""
_LARGEST = Fraction(10**12)
_RATE = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,12}))?", re.ASCII)


class ExchangeRate(Owned, Model):
    """What one whole unit of `base` was worth in `quote` on a day, as exact decimal text."""

    __table_args__ = (
        UniqueConstraint("business_id", "base", "quote", "day"),
        CheckConstraint("base <> quote", name="two_currencies"),
    )
    prefix: ClassVar[str] = "fxr"

    id: Mapped[Key]
    base: Mapped[Currency]
    quote: Mapped[Currency]
    rate: Mapped[str] = mapped_column(String(30))
    day: Mapped[date] = mapped_column(Date)
    source: Mapped[Name]
    recorded_at: Mapped[Moment]

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)


append_only(ExchangeRate)


class RateDiffers(Conflict):
    """Rewards may rest on a rate, so what was said of a day stays."""

    code = "rate_differs"
    message = "Another rate is known for these currencies on this day, and it stays."


@dataclass(frozen=True, slots=True)
class RateTerms:
    """A rate as it is told; `rate` is exact decimal text, see `read_rate`."""

    base: str
    quote: str
    rate: str
    day: date
    source: str

    def check(self, *, today: date) -> None:
        """Raise Invalid naming every field that is wrong; tomorrow's date may be ahead of us."""
        problems = {}
        for field, code in (("base", self.base), ("quote", self.quote)):
            if not is_currency(code):
                problems[field] = "Use an ISO 4217 code such as eur."
        if self.base == self.quote and not problems:
            problems["quote"] = "Name two different currencies."
        if not 1 <= len(plain(self.source)) <= 200:
            problems["source"] = "Say where the rate is from, in at most 200 characters."
        if not date(2000, 1, 1) <= self.day <= today + timedelta(days=1):
            problems["date"] = "Give a day from the year 2000 on that is not in the future."
        try:
            read_rate(self.rate)
        except Invalid as refusal:
            problems |= refusal.fields
        if problems:
            raise Invalid(fields=problems)


def read_rate(text: str) -> str:
    """Return an exact rate in its shortest form, such as `1.0832`; raises Invalid.

    >>> read_rate("1.08320"), read_rate("160")
    ('1.0832', '160')
    """
    found = _RATE.fullmatch(text.strip())
    if found is None or not 0 < Fraction(found[0]) <= _LARGEST:
        raise Invalid(
            fields={"rate": "Write a number above zero with at most twelve decimals: 1.0832."}
        )
    decimals = (found[2] or "").rstrip("0")
    return f"{int(found[1])}.{decimals}" if decimals else str(int(found[1]))


def record_rates(
    business_id: uuid.UUID, told: Iterable[RateTerms], *, at: datetime
) -> list[tuple[ExchangeRate, bool]]:
    """Keep rates, each once; the flag says whether it was new.

    Raises Invalid for one that is wrong, RateDiffers when another rate of its day is known.
    """
    kept = []
    for terms in told:
        terms.check(today=at.date())
        rate = read_rate(terms.rate)
        is_new = insert_once(
            ExchangeRate,
            {
                "id": new_key(),
                "business_id": business_id,
                "base": terms.base,
                "quote": terms.quote,
                "rate": rate,
                "day": terms.day,
                "source": plain(terms.source),
                "recorded_at": at,
            },
        )
        known = session.scalars(
            select(ExchangeRate).where(
                ExchangeRate.business_id == business_id,
                ExchangeRate.base == terms.base,
                ExchangeRate.quote == terms.quote,
                ExchangeRate.day == terms.day,
            )
        ).one()
        if known.rate != rate:
            raise RateDiffers
        kept.append((known, bool(is_new)))
    return kept
