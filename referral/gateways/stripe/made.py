"""An object at Stripe in our words, whatever its kind, and how our own are told from others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from referral.gateways.stripe.errors import OutcomeUnknown


@dataclass(frozen=True, slots=True)
class Made:
    """An object at Stripe; the amount is signed as Stripe signs it.

    `customer_id` is whom it is for: a customer, or the payee of a transfer and its reversal.
    `gives` is 1 where a positive amount gives its receiver something, and -1 where it takes.
    """

    object_id: str
    amount_minor: int
    currency: str
    customer_id: str
    details: dict[str, Any]
    marks: dict[str, str]
    gives: int = 1

    @property
    def given_minor(self) -> int:
        """Return what its receiver has of it; below zero when it takes back."""
        return self.gives * self.amount_minor

    def bears(self, marks: Mapping[str, str]) -> bool:
        """Tell whether it is the object that was made with these marks."""
        return all(self.marks.get(name) == value for name, value in marks.items())

    def is_about(self, named: Mapping[str, str]) -> bool:
        """Tell whether nothing it says of itself, in its marks or details, is otherwise than named.

        What an answer leaves out says nothing against it.
        """
        said = {**self.details, **self.marks}
        return not _differs(said, named)


def first_with(marks: Mapping[str, str], found: Iterable[Made]) -> Made | None:
    """Return the first object that bears these marks; Stripe's lists have no filter for them."""
    return next((one for one in found if one.bears(marks)), None)


def own_id(one: Mapping[str, Any]) -> str:
    """Return the id an object has in an answer; raises ValueError for an answer without one."""
    found = one.get("id")
    if not isinstance(found, str) or not found:
        raise ValueError("an answer without an id")
    return found


def about(asked_id: str, one: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an answer about what was asked for; raises ValueError for one about anything else."""
    if own_id(one) != asked_id:
        raise ValueError("an answer about something else")
    return one


def id_with(marks: Mapping[str, str], one: Mapping[str, Any], *, email: str | None) -> str:
    """Return the id of what was made; raises OutcomeUnknown where it is somebody else's.

    That is where it bears other marks than these, or another address than was given with them.
    """
    if _differs(marks_in(one), marks) or (email and _differs(one, {"email": email})):
        raise OutcomeUnknown("The answer is about something else than what was asked for.")
    return own_id(one)


def _differs(said: Mapping[str, Any], named: Mapping[str, str]) -> bool:
    return any(said.get(name) not in (None, value) for name, value in named.items())


def id_of(thing: object) -> str | None:
    """Return the id of something that may be an id, an expanded object, or nothing."""
    if isinstance(thing, Mapping):
        return str(thing["id"]) if thing.get("id") else None
    return str(thing) if thing else None


def marks_in(thing: Mapping[str, Any]) -> dict[str, str]:
    """Return the metadata of an object."""
    return dict(thing.get("metadata") or {})
