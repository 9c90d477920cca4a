"""Amounts in a currency's minor unit, and the one way to round them; knows no account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from babel.numbers import get_currency_precision, list_currencies

LIMIT_MINOR = 10**12
FULL_RATE_BP = 10_000


class CurrencyMismatch(Exception):
    """Amounts of two currencies were about to be added or compared (I-17)."""


@dataclass(frozen=True, slots=True)
class Money:
    """A whole number of minor units of one currency, such as 1050 of "eur".

    `amount_minor` lies within ±10^12; `currency` is a lower-case ISO 4217 code.
    """

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int or abs(self.amount_minor) > LIMIT_MINOR:
            raise ValueError("an amount is a whole number within ±10^12 minor units")
        if not is_currency(self.currency):
            raise ValueError("a currency is a lower-case ISO 4217 code")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount_minor, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")


_CODES = frozenset(code.lower() for code in list_currencies())


def is_currency(code: str) -> bool:
    """Tell whether this is a lower-case ISO 4217 code we can count in."""
    return code in _CODES


def digits(currency: str) -> int:
    """Return how many decimals the currency's minor unit stands for: 0, 2 or 3."""
    return int(get_currency_precision(currency.upper()))


def half_even(exact: Fraction) -> int:
    """Round to the nearest whole unit, a tie to the even one: the only rounding we use."""
    return round(exact)


def share(amount_minor: int, part: int, whole: int) -> int:
    """Return amount × part ÷ whole, rounded half even; nothing when the whole is nothing.

    A part beyond the whole counts as the whole, so the result never exceeds the amount (I-15).
    """
    if whole <= 0 or part <= 0:
        return 0
    return half_even(Fraction(amount_minor * min(part, whole), whole))


def rate(base_minor: int, rate_bp: int) -> int:
    """Return `rate_bp` basis points (1/10,000) of a base, rounded half even."""
    return half_even(Fraction(base_minor * rate_bp, FULL_RATE_BP))


def split(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount by weights so that the parts sum to it exactly (I-16).

    Each part is rounded down, then the largest remainders get one unit each; among equals the
    earlier part goes first. Weights are non-negative and not all zero.
    """
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        raise ValueError("weights are non-negative and not all zero")
    parts = [amount_minor * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(amount_minor * weights[i] % total), i))
    for index in order[: amount_minor - sum(parts)]:
        parts[index] += 1
    return parts
