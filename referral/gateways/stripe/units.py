"""Amounts as Stripe counts them: our minor units, but for two currencies it writes with decimals.

Source: Stripe's page on currencies. ISK and UGX have no decimals, yet are sent in hundredths that
are always whole. HUF and TWD are special only in payouts to a bank, which Stripe makes itself.
"""

from __future__ import annotations

from fractions import Fraction

from referral.foundation.money import half_even, step_minor

_IN_HUNDREDTHS = ("isk", "ugx")


def at_stripe(amount_minor: int, currency: str | None) -> int:
    """Return what to send for an amount of ours.

    >>> at_stripe(500, "isk"), at_stripe(500, "jpy"), at_stripe(1250, "kwd")
    (50000, 500, 1250)
    """
    return amount_minor * 100 if currency in _IN_HUNDREDTHS else amount_minor


def from_stripe(amount: int, currency: str | None) -> int:
    """Return what an amount of Stripe's is in our minor units.

    >>> from_stripe(50000, "isk"), from_stripe(500, "jpy")
    (500, 500)
    """
    return half_even(Fraction(amount, 100)) if currency in _IN_HUNDREDTHS else amount


def payable(amount_minor: int, currency: str) -> int:
    """Return the most of an amount that can be sent: three-decimal ones must end in 0.

    >>> payable(1239, "kwd"), payable(1239, "eur")
    (1230, 1239)
    """
    return amount_minor - amount_minor % step_minor(currency)
