"""Reads an offer as it is typed: `account_credit:1000` in minor units, `discount:20%` as a rate,
`cash:10%` in money, `recognition:Thank you!` in words,
`choice:1000:cash,charity` with the kinds to choose from.
"""

from __future__ import annotations

from referral.domain.programs import Kind, OfferTerms, Side, Trigger
from referral.domain.programs.offers import CHOOSABLE, WITHOUT_MONEY
from referral.foundation.errors import Invalid


def read_offer(
    side: Side, text: str, trigger: str, *, person_cap: int | None = None
) -> OfferTerms | None:
    """Read what follows the kind and a colon; raises Invalid saying how to write it."""
    if not text.strip():
        return None
    kind, _, amount = text.strip().partition(":")
    field = f"{side}_offer"
    if kind not in [*Kind]:
        raise Invalid(fields={field: f"The kind is one of: {', '.join(Kind)}."})
    chosen = Trigger.SIGNUP if kind == Kind.DISCOUNT else Trigger(trigger)
    has_money = kind not in WITHOUT_MONEY
    choices: tuple[Kind, ...] = ()
    if kind == Kind.CHOICE:
        amount, _, named = amount.partition(":")
        choices = _choices(named, field)
    amount_minor, rate_bp = _amount_or_rate(amount, field) if has_money else (None, None)
    return OfferTerms(
        side=side,
        kind=Kind(kind),
        trigger=chosen,
        amount_minor=amount_minor,
        rate_bp=rate_bp,
        person_cap_minor=person_cap,
        words=None if has_money else amount,
        periods=1 if kind == Kind.FREE_PERIOD else None,
        choices=choices,
    )


def _choices(text: str, field: str) -> tuple[Kind, ...]:
    """Read the kinds to choose from; every one there is when none is named."""
    named = [name.strip() for name in text.split(",") if name.strip()]
    if not set(named) <= set(CHOOSABLE):
        raise Invalid(fields={field: f"Choose among: {', '.join(CHOOSABLE)}."})
    return tuple(Kind(name) for name in named) or CHOOSABLE


def _amount_or_rate(text: str, field: str) -> tuple[int | None, int | None]:
    """Read minor units, or a rate with at most two decimals as basis points."""
    side = field.split("_", maxsplit=1)[0]
    said = f"Write the {side} offer in minor units (1000) or as a rate (10%, 12.5%)."
    number = text.removesuffix("%")
    whole, _, decimals = number.partition(".")
    if not (whole.isascii() and whole.isdigit()) or (decimals and not decimals.isdigit()):
        raise Invalid(fields={field: said})
    if not text.endswith("%"):
        if decimals:
            raise Invalid(fields={field: said})
        return int(whole), None
    if len(decimals) > 2:
        raise Invalid(fields={field: said})
    return None, int(whole) * 100 + int((decimals + "00")[:2])
