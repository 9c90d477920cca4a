"""What an object of Stripe's says, whatever shape it has: fields may be missing or strange."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from referral.domain.people.people import canonical_email
from referral.foundation.errors import Invalid
from referral.foundation.money import is_currency
from referral.foundation.text import plain
from referral.gateways.stripe.units import from_stripe

Said = Mapping[str, Any]


def ids_in(*things: object) -> tuple[str, ...]:
    """Return the ids there are, each once and in order."""
    return tuple(dict.fromkeys(found for found in map(id_in, things) if found))


def id_in(thing: object) -> str | None:
    """Return the id of something named by its id or given whole."""
    return text_in(thing.get("id")) if isinstance(thing, Mapping) else text_in(thing)


def table(thing: object) -> Said:
    """Return an object, or an empty one for anything else."""
    return thing if isinstance(thing, Mapping) else {}


def items(thing: object) -> list[object]:
    """Return a list, or an empty one for anything else."""
    return thing if isinstance(thing, list) else []


def text_in(thing: object) -> str | None:
    """Return a text that says something, or None."""
    return thing if isinstance(thing, str) and thing.strip() else None


def currency_in(one: Said) -> str | None:
    """Return the currency of some money, or None for one nobody can count in."""
    text = (text_in(one.get("currency")) or "").lower()
    return text if is_currency(text) else None


def name_in(thing: object) -> str | None:
    """Return a name at the length we keep; Stripe allows longer ones."""
    return plain(text_in(thing) or "")[:200] or None


def own_id_in(marks: Said) -> str | None:
    """Return the business's own id of a person; one longer than we keep names nobody here."""
    text = text_in(marks.get("wom_person_external_id"))
    return text if text and len(text) <= 200 else None


def address_in(thing: object) -> str | None:
    """Return an email address we can use; Stripe takes some that name nobody, and those do not."""
    text = text_in(thing)
    try:
        return canonical_email(text) if text else None
    except Invalid:
        return None


def whole(value: object, currency: str | None) -> int:
    """Return an amount in our minor units."""
    return from_stripe(value, currency) if type(value) is int else 0


def moment(seconds: object, otherwise: datetime | None = None) -> datetime:
    """Return a moment in UTC; raises ValueError where there is none and no other is given."""
    if type(seconds) is int:
        return datetime.fromtimestamp(seconds, UTC)
    if otherwise is None:
        raise ValueError("an event without a time")
    return otherwise
