"""Exchange rates: what you tell us of a day, so that purchases in another currency count."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field
from sqlalchemy import select

from referral.domain import journey
from referral.domain.currencies import ExchangeRate, RateDiffers, RateTerms
from referral.surfaces.api.contract import (
    EXACT,
    VISIBLE,
    Currency,
    In,
    Moment,
    Out,
    Page,
    id_pattern,
)
from referral.surfaces.api.cursors import PageAsked, page
from referral.surfaces.api.layer import Call, Kept, Resource

route = Resource("Exchange rates", "What one currency was worth in another, of each day you tell.")


def _day(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("Give a day such as 2026-11-20.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("Give a day such as 2026-11-20.") from None


Day = Annotated[date, Field(description="A day, such as 2026-11-20."), BeforeValidator(_day)]
Rate = Annotated[
    str,
    Field(
        pattern=EXACT,
        description="How many whole units of `quote` one whole unit of `base` was worth, exactly.",
        examples=["0.9231"],
    ),
]


class ExchangeRateIn(In):
    """A rate of one day. It is written as text, so that no digit of it is lost."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "base": "usd",
                    "quote": "eur",
                    "rate": "0.9231",
                    "date": "2026-11-20",
                    "source": "European Central Bank",
                }
            ]
        }
    )

    base: Currency
    quote: Currency
    rate: Rate
    date: Day
    source: Annotated[str, Field(min_length=1, max_length=200, pattern=VISIBLE)]


class ExchangeRateOut(Out):
    """A rate as it is kept; it never changes."""

    id: Annotated[str, Field(pattern=id_pattern("fxr"), description="The id of an exchange rate.")]
    base: str
    quote: str
    rate: str
    date: date
    source: str
    recorded_at: Moment

    @classmethod
    def of(cls, rate: ExchangeRate) -> ExchangeRateOut:
        """Write a rate."""
        return cls(
            id=rate.public_id,
            base=rate.base,
            quote=rate.quote,
            rate=rate.rate,
            date=rate.day,
            source=rate.source,
            recorded_at=rate.recorded_at,
        )


class ExchangeRatesOut(Page[ExchangeRateOut]):
    """A page of rates."""


class ExchangeRatesAsked(PageAsked):
    """Which rates to list."""

    base: Currency | None = None
    quote: Currency | None = None


@route.post(
    "/exchange-rates",
    takes=ExchangeRateIn,
    gives=ExchangeRateOut,
    creates=True,
    refuses=(RateDiffers,),
)
def record_exchange_rate(call: Call, sent: ExchangeRateIn) -> Kept:
    """Tell us a rate.

    Purchases that waited for it are judged again within moments. The same rate again is the same
    (200); another one for the same currencies and day is refused, since rewards may rest on it.
    """
    terms = RateTerms(sent.base, sent.quote, sent.rate, sent.date, sent.source)
    [(rate, is_new)] = journey.tell_rates(call.business, [terms], at=call.at)
    return Kept(ExchangeRateOut.of(rate), is_new)


@route.get("/exchange-rates", gives=ExchangeRatesOut, asks=ExchangeRatesAsked)
def list_exchange_rates(call: Call, asked: ExchangeRatesAsked) -> ExchangeRatesOut:
    """List the rates you told, of some currencies if you like."""
    query = select(ExchangeRate)
    if asked.base is not None:
        query = query.where(ExchangeRate.base == asked.base)
    if asked.quote is not None:
        query = query.where(ExchangeRate.quote == asked.quote)
    rows, after = page(call.business, "exchange-rates", query, ExchangeRate.id, asked)
    return ExchangeRatesOut(items=[ExchangeRateOut.of(row) for row in rows], next=after)
