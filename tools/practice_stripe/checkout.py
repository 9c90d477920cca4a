"""Checkout sessions: what a business asks for when it creates one."""

from __future__ import annotations

from .books import Books, Thing, new_id
from .customers import living
from .discounts import weigh
from .errors import invalid, malformed, missing
from .listing import listing, whole_list
from .money import refuse_small
from .params import (
    address_url,
    array,
    body,
    boolean,
    choice,
    currency,
    integer,
    merged,
    metadata,
    page,
    table,
    text,
)
from .payments import only

_LIFE_S = 24 * 3600
_RECURRING = table(
    {"interval": choice("day", "month", "week", "year"), "interval_count": integer(1, 36)},
    ("interval",),
)
_PRODUCT = table({"description": text(), "metadata": metadata, "name": text()}, ("name",))
_PRICE = table(
    {
        "currency": currency,
        "product_data": _PRODUCT,
        "recurring": _RECURRING,
        "tax_behavior": choice("exclusive", "inclusive", "unspecified"),
        "unit_amount": integer(0, 99_999_999),
    },
    ("currency", "product_data", "unit_amount"),
)
_LINE = table({"price_data": _PRICE, "quantity": integer(1, 999_999)}, ("price_data",))
_SWITCH = table({"enabled": boolean}, ("enabled",))

_EXCLUSIVE = (
    ("customer", "customer_email"),
    ("customer", "customer_creation"),
    ("discounts", "allow_promotion_codes"),
)
_ONLY_IN = {
    "payment": ("customer_creation", "invoice_creation", "payment_intent_data", "submit_type"),
    "subscription": ("subscription_data",),
}

CREATE = body(
    {
        "allow_promotion_codes": boolean,
        "automatic_tax": _SWITCH,
        "billing_address_collection": choice("auto", "required"),
        "cancel_url": address_url,
        "client_reference_id": text(200),
        "currency": currency,
        "customer": text(),
        "customer_creation": choice("always", "if_required"),
        "customer_email": text(800),
        "discounts": array(table({"coupon": text(), "promotion_code": text()}), 1),
        "expires_at": integer(0),
        "invoice_creation": _SWITCH,
        "line_items": array(_LINE),
        "locale": text(10),
        "metadata": metadata,
        "mode": choice("payment", "setup", "subscription"),
        "payment_intent_data": table({"description": text(1000), "metadata": metadata}),
        "phone_number_collection": _SWITCH,
        "submit_type": choice("auto", "book", "donate", "pay", "subscribe"),
        "subscription_data": table({"description": text(500), "metadata": metadata}),
        "success_url": address_url,
        "ui_mode": choice("hosted_page"),
    },
    required=("mode", "line_items", "success_url"),
)
EXPIRE = body({})
LIST = page(
    {
        "customer": text(),
        "payment_intent": text(),
        "status": choice("complete", "expired", "open"),
        "subscription": text(),
    }
)


def create(books: Books, params: Thing) -> Thing:
    """Create an open session whose `url` is a page where it can be paid."""
    _refuse_combinations(params)
    lines = [_line(one) for one in params["line_items"]]
    units = {one["price_data"]["currency"] for one in params["line_items"]}
    if len(units) > 1:
        raise malformed("All line items need the same currency.", param="line_items")
    unit = units.pop()
    customer = params.get("customer")
    email = params.get("customer_email")
    if customer is not None:
        email = living(books, customer)["email"]
    subtotal = sum(line["amount"] for line in lines)
    asked = params.get("discounts", [])
    taken = sum(
        weigh(books, one, customer=customer, amount=subtotal, currency=unit)[2] for one in asked
    )
    if params["mode"] == "payment" and subtotal > taken:
        refuse_small(subtotal - taken, unit, param="line_items")
    session_id = new_id("cs_test_", 58)
    is_invoiced = params.get("invoice_creation", {}).get("enabled", False)
    session = {
        "id": session_id,
        "object": "checkout.session",
        "adaptive_pricing": None,
        "after_expiration": None,
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "amount_subtotal": subtotal,
        "amount_total": subtotal - taken,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": params.get("billing_address_collection"),
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": books.now(),
        "currency": unit,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit")),
        "customer": customer,
        "customer_account": None,
        "customer_creation": None if customer else params.get("customer_creation", "if_required"),
        "customer_details": None,
        "customer_email": params.get("customer_email"),
        "discounts": [
            {"coupon": one.get("coupon"), "promotion_code": one.get("promotion_code")}
            for one in asked
        ],
        "expires_at": params.get("expires_at", books.now() + _LIFE_S),
        "invoice": None,
        "invoice_creation": {"enabled": is_invoiced, "invoice_data": {}},
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": merged({}, params.get("metadata")),
        "mode": params["mode"],
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "always" if params["mode"] == "subscription" else None,
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": params.get("phone_number_collection", {"enabled": False}),
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "total_details": {"amount_discount": taken, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{books.base_url}/checkout/{session_id}",
        "wallet_options": None,
        "_email": email,
        "_lines": lines,
        "_inner": params.get("payment_intent_data") or params.get("subscription_data") or {},
    }
    return books.put(session)


def retrieve(books: Books, params: Thing, session_id: str) -> Thing:
    """Read a session, closing it first when its time is over."""
    session = books.find("checkout.session", session_id)
    if session["status"] == "open" and session["expires_at"] <= books.now():
        return _close(books, session)
    return session


def expire(books: Books, params: Thing, session_id: str) -> Thing:
    """Close an open session before anyone pays it."""
    session = retrieve(books, {}, session_id)
    if session["status"] != "open":
        raise invalid(f"This session is {session['status']}, only open ones can be expired.")
    return _close(books, session)


def find_all(books: Books, params: Thing) -> Thing:
    """List sessions."""
    where = only(params, "customer", "payment_intent", "status", "subscription")
    return listing(books, "checkout.session", params, url="/v1/checkout/sessions", where=where)


def line_items(books: Books, session: Thing) -> Thing:
    """What a session sells, for `expand` and its own address."""
    items = [
        {
            "id": f"li_{place}_{session['id'][-12:]}",
            "object": "item",
            "amount_discount": 0,
            "amount_subtotal": line["amount"],
            "amount_tax": 0,
            "amount_total": line["amount"],
            "currency": session["currency"],
            "description": line["description"],
            "quantity": line["quantity"],
        }
        for place, line in enumerate(session["_lines"])
    ]
    return whole_list(items, url=f"/v1/checkout/sessions/{session['id']}/line_items")


def find_line_items(books: Books, params: Thing, session_id: str) -> Thing:
    """List what a session sells."""
    session = books.get("checkout.session", session_id)
    if session is None:
        raise missing("checkout.session", session_id)
    return line_items(books, session)


def _refuse_combinations(params: Thing) -> None:
    mode = params["mode"]
    if mode == "setup":
        raise malformed("Practice Stripe has no setup mode.", param="mode")
    for one, other in _EXCLUSIVE:
        if one in params and other in params:
            raise malformed(f"You may only specify one of these parameters: {one}, {other}.")
    for name in _ONLY_IN["payment" if mode == "subscription" else "subscription"]:
        if name in params:
            raise malformed(f"You cannot pass {name} in {mode} mode.", param=name)
    if not params["line_items"]:
        raise malformed("line_items is empty.", param="line_items", code="parameter_missing")
    kinds = {"recurring" in one["price_data"] for one in params["line_items"]}
    if kinds != {mode == "subscription"}:
        raise malformed(f"In {mode} mode a price is of the wrong kind.", param="line_items")


def _line(item: Thing) -> Thing:
    price, quantity = item["price_data"], item.get("quantity", 1)
    return {
        "amount": price["unit_amount"] * quantity,
        "description": price["product_data"]["name"],
        "quantity": quantity,
        "recurring": price.get("recurring"),
        "unit_amount": price["unit_amount"],
    }


def _close(books: Books, session: Thing) -> Thing:
    session.update(status="expired", url=None)
    books.emit("checkout.session.expired", books.put(session))
    return session
