"""Subscriptions: begun by a checkout, renewed by hand, billed by invoices."""

from __future__ import annotations

from .books import Books, Thing, new_id
from .drafts import Bill
from .errors import invalid
from .invoices import issue
from .listing import listing, whole_list
from .params import body, boolean, choice, integer, merged, metadata, page, text
from .payments import only

LIST = page(
    {
        "customer": text(),
        "status": choice("active", "all", "canceled", "ended", "past_due", "trialing", "unpaid"),
    }
)
CANCEL = body({})
UPDATE = body(
    {
        "cancel_at_period_end": boolean,
        "description": text(500, may_unset=True),
        "metadata": metadata,
        "proration_behavior": choice("always_invoice", "create_prorations", "none"),
        "trial_end": integer(0),
    }
)
_DAY_S = 24 * 3600
_LENGTH_S = {"day": _DAY_S, "week": 7 * _DAY_S, "month": 30 * _DAY_S, "year": 365 * _DAY_S}
_LONGEST_TRIAL_S = 5 * _LENGTH_S["year"]


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
    """Begin the next period and bill it, a trial's when it is over; answers the invoice."""
    subscription = _running(books, subscription_id)
    previous = only(subscription, "latest_invoice", "status")
    if subscription["status"] == "trialing" and books.now() < subscription["trial_end"]:
        raise invalid("This subscription is in its trial, which is not over.")
    subscription["status"] = "active"
    for item in subscription["items"]["data"]:
        item["current_period_start"] = item["current_period_end"]
        item["current_period_end"] += _length_s(item["price"]["recurring"])
    invoice = bill(books, subscription, reason="subscription_cycle", tax=tax)
    books.emit("customer.subscription.updated", subscription, previous=previous)
    return invoice


def update(books: Books, params: Thing, subscription_id: str) -> Thing:
    """Change a subscription; `trial_end` gives the time until then for nothing."""
    subscription = _running(books, subscription_id)
    previous = only(subscription, "metadata", "status", "trial_end")
    subscription.update(only(params, "cancel_at_period_end", "description"))
    subscription["metadata"] = merged(subscription["metadata"], params.get("metadata"))
    if "trial_end" in params and params["trial_end"] != subscription["trial_end"]:
        _try_until(
            books,
            subscription,
            params["trial_end"],
            proration=params.get("proration_behavior"),
        )
    books.emit("customer.subscription.updated", books.put(subscription), previous=previous)
    return subscription


def cancel(books: Books, params: Thing, subscription_id: str) -> Thing:
    """End a subscription now."""
    subscription = _running(books, subscription_id)
    subscription.update(status="canceled", canceled_at=books.now(), ended_at=books.now())
    books.emit("customer.subscription.deleted", books.put(subscription))
    return subscription


def retrieve(books: Books, params: Thing, subscription_id: str) -> Thing:
    """Read a subscription."""
    return books.find("subscription", subscription_id)


def find_all(books: Books, params: Thing) -> Thing:
    """List subscriptions; cancelled ones only when asked for. Refuses a customer nobody knows."""
    if "customer" in params:
        books.find("customer", params["customer"])
    where = only(params, "customer")
    running = ("active", "trialing")
    wanted = {"all": (*running, "canceled"), "ended": ("canceled",), "": running}
    status = params.get("status", "")
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


def _try_until(books: Books, subscription: Thing, until: int, *, proration: str | None) -> None:
    """Move the period's end and the billing anchor; the trial itself is billed with nothing."""
    now = books.now()
    if proration != "none":
        raise invalid("Practice Stripe makes no prorations.", param="proration_behavior")
    if not now < until <= now + _LONGEST_TRIAL_S:
        raise invalid("trial_end must be within the next five years.", param="trial_end")
    subscription.update(billing_cycle_anchor=until, status="trialing", trial_end=until)
    subscription["trial_start"] = subscription["trial_start"] or now
    for item in subscription["items"]["data"]:
        item.update(current_period_start=now, current_period_end=until)
    lines = [
        {"amount": 0, "description": item["price"]["nickname"], "quantity": item["quantity"]}
        for item in subscription["items"]["data"]
    ]
    trial = Bill(
        customer=subscription["customer"],
        currency=subscription["currency"],
        lines=lines,
        subscription=subscription,
        reason="subscription_update",
    )
    subscription["latest_invoice"] = issue(books, trial)["id"]


def _running(books: Books, subscription_id: str) -> Thing:
    subscription = books.find("subscription", subscription_id)
    if subscription["status"] not in ("active", "trialing"):
        raise invalid(f"This subscription is {subscription['status']}.")
    return subscription


def _item(subscription_id: str, line: Thing, *, currency: str, start: int) -> Thing:
    every = line["recurring"]
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
        "current_period_end": start + _length_s(every),
        "current_period_start": start,
        "discounts": [],
        "metadata": {},
        "price": price,
        "quantity": line["quantity"],
        "subscription": subscription_id,
        "tax_rates": [],
    }


def _length_s(every: Thing) -> int:
    return _LENGTH_S[every["interval"]] * int(every.get("interval_count", 1))
