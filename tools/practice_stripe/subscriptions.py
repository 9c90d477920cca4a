"""Subscriptions: begun by a checkout, renewed by hand, billed by invoices."""

from __future__ import annotations

from .books import Books, Thing, new_id
from .drafts import Bill
from .errors import invalid
from .invoices import issue
from .listing import listing, whole_list
from .params import body, choice, page, text
from .payments import only

LIST = page(
    {
        "customer": text(),
        "status": choice("active", "all", "canceled", "ended", "past_due", "trialing", "unpaid"),
    }
)
CANCEL = body({})
_DAY_S = 24 * 3600
_LENGTH_S = {"day": _DAY_S, "week": 7 * _DAY_S, "month": 30 * _DAY_S, "year": 365 * _DAY_S}


def begin(
    books: Books, lines: list[Thing], *, customer: str, currency: str, metadata: dict[str, str]
) -> Thing:
    """Write a new active subscription to what the lines sell."""
    subscription_id = new_id("sub_1")
    now = books.now()
    items = [_item(subscription_id, line, currency=currency, start=now) for line in lines]
    subscription: Thing = {
        "id": subscription_id,
        "object": "subscription",
        "application": None,
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": now,
        "billing_mode": {"flexible": {}, "type": "flexible"},
        "billing_schedules": [],
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "collection_method": "charge_automatically",
        "created": now,
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "default_payment_method": None,
        "description": None,
        "discounts": [],
        "ended_at": None,
        "items": whole_list(items, url=f"/v1/subscription_items?subscription={subscription_id}"),
        "latest_invoice": None,
        "livemode": False,
        "metadata": metadata,
        "start_date": now,
        "status": "active",
        "trial_end": None,
        "trial_start": None,
    }
    return books.put(subscription)


def bill(books: Books, subscription: Thing, *, reason: str, tax: int = 0) -> Thing:
    """Issue the invoice of the current period and remember it as the latest."""
    discounts = tuple(
        one
        for one in (books.find("discount", each) for each in subscription["discounts"])
        if one["end"] is None or books.now() < one["end"]
    )
    lines = [
        {
            "amount": item["price"]["unit_amount"] * item["quantity"],
            "description": item["price"]["nickname"],
            "quantity": item["quantity"],
        }
        for item in subscription["items"]["data"]
    ]
    invoice = issue(
        books,
        Bill(
            customer=subscription["customer"],
            currency=subscription["currency"],
            lines=lines,
            tax=tax,
            discounts=discounts,
            subscription=subscription,
            reason=reason,
        ),
    )
    subscription["discounts"] = [
        one["id"] for one in discounts if one["_coupon"]["duration"] != "once"
    ]
    subscription["latest_invoice"] = invoice["id"]
    books.put(subscription)
    return invoice


def renew(books: Books, subscription_id: str, *, tax: int = 0) -> Thing:
    """Begin the next period and bill it; answers the invoice."""
    subscription = _active(books, subscription_id)
    previous = only(subscription, "latest_invoice")
    for item in subscription["items"]["data"]:
        length_s = item["current_period_end"] - item["current_period_start"]
        item["current_period_start"] = item["current_period_end"]
        item["current_period_end"] += length_s
    invoice = bill(books, subscription, reason="subscription_cycle", tax=tax)
    books.emit("customer.subscription.updated", subscription, previous=previous)
    return invoice


def cancel(books: Books, params: Thing, subscription_id: str) -> Thing:
    """End a subscription now."""
    subscription = _active(books, subscription_id)
    subscription.update(status="canceled", canceled_at=books.now(), ended_at=books.now())
    books.emit("customer.subscription.deleted", books.put(subscription))
    return subscription


def retrieve(books: Books, params: Thing, subscription_id: str) -> Thing:
    """Read a subscription."""
    return books.find("subscription", subscription_id)


def find_all(books: Books, params: Thing) -> Thing:
    """List subscriptions; cancelled ones only when asked for."""
    where = only(params, "customer")
    wanted = {"all": ("active", "canceled"), "ended": ("canceled",)}
    status = params.get("status", "active")
    states = wanted.get(status, (status,))
    return listing(
        books,
        "subscription",
        params,
        url="/v1/subscriptions",
        where=where,
        keep=lambda one: one["status"] in states,
    )


def of_customer(books: Books, customer: Thing) -> Thing:
    """The subscriptions of one customer, for `expand`."""
    found = list(books.every("subscription", {"customer": customer["id"]}))
    return whole_list(found, url=f"/v1/customers/{customer['id']}/subscriptions")


def _active(books: Books, subscription_id: str) -> Thing:
    subscription = books.find("subscription", subscription_id)
    if subscription["status"] != "active":
        raise invalid(f"This subscription is {subscription['status']}.")
    return subscription


def _item(subscription_id: str, line: Thing, *, currency: str, start: int) -> Thing:
    every = line["recurring"]
    length_s = _LENGTH_S[every["interval"]] * every.get("interval_count", 1)
    price = {
        "id": new_id("price_1"),
        "object": "price",
        "active": False,
        "currency": currency,
        "livemode": False,
        "nickname": line["description"],
        "recurring": {"interval": every["interval"], "usage_type": "licensed"},
        "type": "recurring",
        "unit_amount": line["unit_amount"],
    }
    price["recurring"] |= {"interval_count": every.get("interval_count", 1)}
    return {
        "id": new_id("si_", 14),
        "object": "subscription_item",
        "created": start,
        "current_period_end": start + length_s,
        "current_period_start": start,
        "discounts": [],
        "metadata": {},
        "price": price,
        "quantity": line["quantity"],
        "subscription": subscription_id,
        "tax_rates": [],
    }
