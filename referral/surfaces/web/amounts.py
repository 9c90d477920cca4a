"""Amounts and rates as people type them, read exactly into minor units and basis points.

Knows decimal notation. Refuses to guess: what could be read in two ways is asked for again.
"""

from __future__ import annotations

import re
from decimal import Decimal

from referral.foundation.errors import Invalid
from referral.foundation.money import FULL_RATE_BP, LIMIT_MINOR, digits
from referral.surfaces.web.words import money

NO_CURRENCY = "Use an ISO 4217 code such as EUR."


def read_amount(text: str, currency: str, *, field: str, most_minor: int = LIMIT_MINOR) -> int:
    """Read an amount in major units, such as `10.50` or `10,5`, into minor units.

    Raises Invalid for anything else: a sign, grouping, more decimals than the currency has, more
    than `most_minor`.

    >>> read_amount("10,5", "eur", field="amount"), read_amount("1000", "jpy", field="amount")
    (1050, 1000)
    """
    plain = re.sub(r"[\s'’]", "", text)
    found = re.fullmatch(r"([0-9]{1,40})(?:[.,]([0-9]*))?", plain, re.ASCII)
    if found is None:
        raise Invalid(fields={field: f"Write an amount such as {example(currency)}."})
    places = digits(currency)
    whole, rest = found[1], found[2] or ""
    if len(rest) > places:
        raise Invalid(fields={field: _too_fine(currency, places)})
    amount_minor = int(whole + rest.ljust(places, "0"))
    if amount_minor > most_minor:
        raise Invalid(fields={field: f"At most {money(most_minor, currency)}."})
    return amount_minor


def read_rate(text: str, *, field: str) -> int:
    """Read a percentage such as `12.5` or `12,5 %` into basis points; raises Invalid.

    >>> read_rate("12,5 %", field="rate")
    1250
    """
    plain = re.sub(r"\s", "", text).removesuffix("%")
    found = re.fullmatch(r"([0-9]{1,3})(?:[.,]([0-9]{0,2}))?", plain, re.ASCII)
    rate_bp = int(found[1] + (found[2] or "").ljust(2, "0")) if found else 0
    if not 1 <= rate_bp <= FULL_RATE_BP:
        raise Invalid(
            fields={field: "Write a percentage above 0 and up to 100, with at most two decimals."}
        )
    return rate_bp


def typed_amount(amount_minor: int | None, currency: str) -> str:
    """Write an amount as it would be typed, such as `10.50`.

    >>> typed_amount(1050, "eur"), typed_amount(None, "eur")
    ('10.50', '')
    """
    if amount_minor is None:
        return ""
    return f"{Decimal(amount_minor).scaleb(-digits(currency)):f}"


def typed_rate(rate_bp: int | None) -> str:
    """Write basis points as a percentage would be typed.

    >>> typed_rate(1250), typed_rate(None)
    ('12.5', '')
    """
    if rate_bp is None:
        return ""
    return f"{Decimal(rate_bp).scaleb(-2):f}".rstrip("0").rstrip(".")


def example(currency: str) -> str:
    """Return an amount of the currency as it may be typed.

    >>> example("eur"), example("jpy")
    ('12.50', '1250')
    """
    return typed_amount(1250, currency)


def _too_fine(currency: str, places: int) -> str:
    code = currency.upper()
    if places == 0:
        return f"{code} has no decimals: write a whole number."
    return f"{code} has {places} decimals: write {example(currency)}, without thousands separators."
