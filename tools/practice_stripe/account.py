"""An account itself, its balance, and the events it can still list."""

from __future__ import annotations

from collections import Counter

from .accounts import MAIN
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
    """Describe the account of the asking key."""
    return {
        "id": books.accounts.id_of(books.account or MAIN),
        "object": "account",
        "business_profile": {"name": "Practice Stripe", "url": None},
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": "practice@example.com",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": "Practice Stripe", "timezone": "Etc/UTC"}},
        "type": "standard",
    }


def retrieve_balance(books: Books, params: Thing) -> Thing:
    """What the account holds per currency: paid charges less refunds."""
    held: Counter[str] = Counter(usd=0)
    for charge in books.every("charge", {"status": "succeeded"}):
        held[charge["currency"]] += charge["amount"] - charge["amount_refunded"]
    funds = [
        {"amount": amount, "currency": unit, "source_types": {"card": amount}}
        for unit, amount in sorted(held.items())
    ]
    pending = [{**one, "amount": 0, "source_types": {"card": 0}} for one in funds]
    return {"object": "balance", "available": funds, "livemode": False, "pending": pending}


def retrieve_event(books: Books, params: Thing, event_id: str) -> Thing:
    """Read an event."""
    return books.find("event", event_id)


def find_events(books: Books, params: Thing) -> Thing:
    """List the events of the last 30 days by type, time and whether they were delivered."""
    if "type" in params and "types" in params:
        raise malformed("You may only specify one of these parameters: type, types.")
    wanted = params.get("types") or ([params["type"]] if "type" in params else ["*"])
    oldest = books.now() - _LIFE_S

    def fits(event: Thing) -> bool:
        if event["created"] < oldest or not any(matches(one, event["type"]) for one in wanted):
            return False
        success = params.get("delivery_success")
        return success is None or books.post.is_delivered(event["id"]) == success

    return listing(books, "event", params, url="/v1/events", keep=fits)
