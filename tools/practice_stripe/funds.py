"""What an account and its connected accounts hold per currency, as Stripe counts `available`.

Every currency an account deals in begins with a float that lets the demo pay out; payments,
refunds, disputes, transfers and top-ups move it from there. Nothing is ever pending here.
"""

from __future__ import annotations

from .books import Books, Thing
from .errors import invalid
from .money import is_payable

START = 10_000_000
"""What the platform begins with in each currency, in minor units."""

_KIND = "_funds"


def held(books: Books, currency: str, *, payee: str | None = None) -> int:
    """What is available in a currency: the platform's, or a connected account's."""
    return int(_funds(books, currency, payee)["amount"])


def add(books: Books, currency: str, amount: int, *, payee: str | None = None) -> None:
    """Change what is available; below nothing is possible for a refund, as at Stripe."""
    funds = _funds(books, currency, payee)
    books.put({**funds, "amount": funds["amount"] + amount})


def take(books: Books, currency: str, amount: int, *, payee: str | None = None) -> None:
    """Take a sum that must be there; raises Refusal `balance_insufficient`."""
    if held(books, currency, payee=payee) < amount:
        whose = "connected account" if payee else "account"
        raise invalid(
            f"The {whose} has too little {currency.upper()} available for this.",
            code="balance_insufficient",
        )
    add(books, currency, -amount, payee=payee)


def refuse_amount(amount: int, currency: str) -> None:
    """Refuse a sum that cannot be moved, as three-decimal ones must end in 0."""
    if not is_payable(amount, currency):
        raise invalid(f"Amounts in {currency} must end in 0.", param="amount")


def balance(books: Books, *, payee: str | None = None) -> Thing:
    """The balance object, in every currency that was dealt in."""
    found = {one["currency"]: one["amount"] for one in books.every(_KIND, {"payee": payee or ""})}
    if not found:
        found = {"usd": held(books, "usd", payee=payee)}
    available = [
        {"amount": amount, "currency": unit, "source_types": {"card": amount}}
        for unit, amount in sorted(found.items())
    ]
    pending = [{**one, "amount": 0, "source_types": {"card": 0}} for one in available]
    return {"object": "balance", "available": available, "livemode": False, "pending": pending}


def _funds(books: Books, currency: str, payee: str | None) -> Thing:
    funds_id = f"{payee or ''}:{currency}"
    return books.get(_KIND, funds_id) or {
        "id": funds_id,
        "object": _KIND,
        "amount": 0 if payee else START,
        "currency": currency,
        "payee": payee or "",
    }
