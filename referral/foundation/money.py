"""Amounts in a currency's minor unit, and the one way to round them; knows no account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from babel.numbers import list_currencies

LIMIT_MINOR = 10**12
"""The most that one amount can be: a purchase, a reward, a refund (I-13)."""
SUM_LIMIT_MINOR = 10**15
"""The most that amounts are added up to; doubles, so JavaScript too, keep it exactly."""
FULL_RATE_BP = 10_000


class CurrencyMismatch(Exception):
    """Amounts of two currencies were about to be added or compared (I-17)."""


@dataclass(frozen=True, slots=True)
class Money:
    """A whole number of minor units of one currency, such as 1050 of "eur".

    Sums are Money too, so no bound is set here: what is asked for and what is kept has its own.
    `currency` is a lower-case ISO 4217 code.
    """

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int:
            raise ValueError("an amount is a whole number of minor units")
        if not is_code(self.currency):
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
_METALS_AND_NOTHING = "xag xau xpd xpt xts xxx"
_UNITS = "bov che chw clf cou mxv usn uss uyi uyw xba xbb xbc xbd xdr xfo xfu xre xsu xua"
_UNPAYABLE = frozenset((*_METALS_AND_NOTHING.split(), *_UNITS.split()))
"""Metals, units of account, the code for tests and the one for no currency: nobody pays in them."""

_ZERO = "bif clp djf gnf isk jpy kmf krw mga pyg rwf ugx uyi vnd vuv xaf xof xpf"
_THREE = "bhd iqd jod kwd lyd omr tnd"
_DIGITS = {
    **dict.fromkeys(_ZERO.split(), 0),
    **dict.fromkeys(_THREE.split(), 3),
    **dict.fromkeys(("clf", "uyw"), 4),
}


def is_currency(code: str) -> bool:
    """Tell whether this is a lower-case ISO 4217 code of money that somebody can pay in.

    >>> is_currency("eur"), is_currency("xof"), is_currency("xau"), is_currency("xxx")
    (True, True, False, False)
    """
    return is_code(code) and code not in _UNPAYABLE


def is_code(code: str) -> bool:
    """Tell whether this is a lower-case ISO 4217 code: amounts may have been kept in any."""
    return code in _CODES


def digits(currency: str) -> int:
    """Return how many decimals the currency's minor unit stands for: 0, 2 or 3, by ISO 4217.

    Locale data says how cash is written, which is 0 for some that are counted in hundredths; and
    the ariary, whose fifths nobody uses, is counted whole as Stripe does.
    """
    return _DIGITS.get(currency, 2)


def step_minor(currency: str) -> int:
    """Return what a reward of this currency is a multiple of, in minor units.

    A currency of three decimals is paid in hundredths: providers demand that the last digit is 0.
    """
    return 10 if digits(currency) > 2 else 1


def half_even(exact: Fraction) -> int:
    """Round to the nearest whole unit, a tie to the even one: the only rounding we use."""
    return round(exact)


def share(amount_minor: int, part: int, whole: int, *, step: int = 1) -> int:
    """Return amount × part ÷ whole, rounded half even; nothing when the whole is nothing.

    A part beyond the whole counts as the whole, so the result never exceeds the amount (I-15).
    It is rounded once, to a multiple of `step`.
    """
    if whole <= 0 or part <= 0:
        return 0
    if part >= whole:
        return amount_minor
    return min(amount_minor, step * half_even(Fraction(amount_minor * part, whole * step)))


def rate(base_minor: int, rate_bp: int, *, step: int = 1) -> int:
    """Return `rate_bp` basis points (1/10,000) of a base, half even to a multiple of `step`."""
    return step * half_even(Fraction(base_minor * rate_bp, FULL_RATE_BP * step))


def convert(amount_minor: int, rate: Fraction, *, base: str, quote: str) -> int:
    """Return an amount of `base` in minor units of `quote`, rounded half even, once (I-17).

    `rate` is how many whole units of `quote` one whole unit of `base` is worth. What goes beyond
    the largest amount counts as the largest.
    """
    scale = Fraction(10) ** (digits(quote) - digits(base))
    return min(half_even(amount_minor * rate * scale), LIMIT_MINOR)


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
