"""Sums in integer minor units: discounts, the part that is tax, the least one can charge."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .errors import invalid

# Stripe's smallest charge per currency; elsewhere it is about half a US dollar.
_LEAST_CHARGE = {"gbp": 30, "dkk": 250, "nok": 300, "sek": 300, "mxn": 1000, "czk": 1500}
_LEAST_CHARGE_ELSEWHERE = 50

WHOLE_UNITS = {
    *("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"),
    *("pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"),
}
THREE_DECIMALS = {"bhd", "jod", "kwd", "omr", "tnd"}


def least_charge(currency: str) -> int:
    """The smallest amount that can be charged."""
    return _LEAST_CHARGE.get(currency, _LEAST_CHARGE_ELSEWHERE)


def refuse_small(amount: int, currency: str, *, param: str = "amount") -> None:
    """Refuse to charge less than the currency's minimum."""
    if amount < least_charge(currency):
        raise invalid(
            f"The amount must be at least {least_charge(currency)} in {currency}.",
            param=param,
            code="amount_too_small",
        )


def refuse_currency(kept: str | None, asked: str) -> None:
    """Refuse an amount in another currency than the customer's."""
    if kept is not None and kept != asked:
        raise invalid(f"This customer's currency is {kept}, not {asked}.", param="currency")


def discount_of(coupon: dict[str, Any], amount: int) -> int:
    """What a coupon takes off an amount, rounded half up, never more than the amount."""
    if coupon["percent_off"] is None:
        return min(amount, int(coupon["amount_off"]))
    return share(amount, Decimal(str(coupon["percent_off"])) / 100)


def tax_in(tax: int, *, amount: int, left: int) -> int:
    """The tax inside `left`, when `tax` was the part of `amount` that is tax."""
    return share(tax, Decimal(left) / amount) if amount else 0


def share(amount: int, part: Decimal) -> int:
    """A part of an amount, rounded half up to a whole minor unit."""
    return int((amount * part).quantize(Decimal(1), ROUND_HALF_UP))


def is_payable(amount: int, currency: str) -> bool:
    """Whether an amount can be moved: three-decimal currencies go in steps of ten."""
    return currency not in THREE_DECIMALS or amount % 10 == 0


def shown(amount: int, currency: str) -> str:
    """An amount for people, such as `12.50 EUR`."""
    places = 0 if currency in WHOLE_UNITS else 3 if currency in THREE_DECIMALS else 2
    return f"{Decimal(amount).scaleb(-places):,.{places}f} {currency.upper()}"
