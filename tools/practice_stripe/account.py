"""An account itself, its balance, and the events it can still list."""

from __future__ import annotations

from . import funds, payees
from .books import Books, Thing
from .errors import malformed
from .listing import listing
from .params import array, body, boolean, page, text
from .post import matches

RETRIEVE = body({})
LIST_EVENTS = page(
    {"delivery_success": boolean, "type": text(), "types": array(text(), 20)},
)
_LIFE_S = 30 * 24 * 3600


def retrieve(books: Books, params: Thing) -> Thing:
    """Describe the account of the asking key, or the connected one it asks in the name of."""
    return payees.connected(books, books.payee) if books.payee else payees.platform(books)


def retrieve_balance(books: Books, params: Thing) -> Thing:
    """What the account holds per currency."""
    return funds.balance(books, payee=books.payee)


def retrieve_event(books: Books, params: Thing, event_id: str) -> Thing:
    """Read an event."""
    return books.find("event", event_id)


def find_events(books: Books, params: Thing) -> Thing:
    """List the events of the last 30 days by type, time and whether they were delivered.

    Those of connected accounts are listed only in the name of the account, as at Stripe.
    """
    if "type" in params and "types" in params:
        raise malformed("You may only specify one of these parameters: type, types.")
    wanted = params.get("types") or ([params["type"]] if "type" in params else ["*"])
    oldest = books.now() - _LIFE_S

    def fits(event: Thing) -> bool:
        if event["created"] < oldest or event.get("account") != books.payee:
            return False
        if not any(matches(one, event["type"]) for one in wanted):
            return False
        success = params.get("delivery_success")
        return success is None or books.post.is_delivered(event["id"]) == success

    return listing(books, "event", params, url="/v1/events", keep=fits)
