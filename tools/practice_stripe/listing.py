"""Stripe's list object, and following the ids inside an object (`expand`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .books import Books, Thing, visible
from .errors import malformed

# Fields that hold the id of another object, and its kind.
LINKS = {
    "charge": "charge",
    "coupon": "coupon",
    "customer": "customer",
    "destination": "account",
    "discounts": "discount",
    "invoice": "invoice",
    "latest_charge": "charge",
    "latest_invoice": "invoice",
    "payment_intent": "payment_intent",
    "promotion_code": "promotion_code",
    "subscription": "subscription",
    "transfer": "transfer",
}
_DEEPEST = 4

Compute = Callable[[Books, Thing], Any]


def listing(
    books: Books,
    kind: str,
    params: Thing,
    *,
    url: str,
    where: Mapping[str, Any] | None = None,
    keep: Callable[[Thing], bool] = lambda thing: True,
) -> Thing:
    """One page of a kind as a list object."""
    found, has_more = books.page(kind, params, where=where, keep=keep)
    return {"object": "list", "data": found, "has_more": has_more, "url": url}


def whole_list(things: list[Thing], *, url: str) -> Thing:
    """A list object that holds everything there is."""
    return {"object": "list", "data": things, "has_more": False, "url": url}


@dataclass(frozen=True)
class Presenter:
    """Makes objects ready to be sent: fresh, without private fields, expanded as asked.

    `computed` fields appear only when asked for; `freshened` kinds are re-judged when shown.
    """

    books: Books
    computed: Mapping[tuple[str, str], Compute]
    freshened: Mapping[str, Compute]

    def show(self, thing: Thing, expand: list[str]) -> Thing:
        """Present an object or list; raises Refusal for what cannot be expanded."""
        shown = self._ready(thing)
        for path in expand:
            parts = path.split(".")
            if len(parts) > _DEEPEST:
                raise malformed("Expansion is limited to four levels.", param="expand")
            shown = self._follow(shown, parts, path)
        return dict(shown)

    def _ready(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._ready(one) for one in value]
        if not isinstance(value, dict) or "object" not in value:
            return value
        kind = value["object"]
        if kind == "list":
            return {**value, "data": self._ready(value["data"])}
        is_stale = kind in self.freshened and not value.get("deleted")
        return visible(self.freshened[kind](self.books, value) if is_stale else value)

    def _follow(self, one: Any, path: list[str], whole: str) -> Any:
        if isinstance(one, list):
            return [self._follow(each, path, whole) for each in one]
        if not path or not isinstance(one, dict):
            return one
        head, rest = path[0], path[1:]
        inside = self._ready(self._inside(one, head, whole))
        return {**one, head: self._follow(inside, rest, whole)}

    def _inside(self, one: Thing, head: str, whole: str) -> Any:
        compute = self.computed.get((one.get("object", ""), head))
        if compute is not None and not isinstance(one.get(head), dict):
            return compute(self.books, self.books.find(one["object"], one["id"]))
        value = one.get(head)
        is_plain = not isinstance(value, dict | list) and value is not None
        if head not in one or (is_plain and head not in LINKS):
            raise malformed(f"This property cannot be expanded ({whole}).", param="expand")
        return self._linked(head, value) if head in LINKS else value

    def _linked(self, head: str, value: Any) -> Any:
        if isinstance(value, str):
            return self.books.get(LINKS[head], value) or value
        if isinstance(value, list):
            return [self._linked(head, one) for one in value]
        return value
