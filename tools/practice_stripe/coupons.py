"""Coupons and the promotion codes that hand them out."""

from __future__ import annotations

import re

from .books import Books, Thing, new_id
from .customers import living
from .errors import Refusal, invalid, malformed
from .listing import listing
from .params import (
    body,
    boolean,
    choice,
    currency,
    integer,
    merged,
    metadata,
    page,
    percentage,
    table,
    text,
)

_FIVE_YEARS_S = 5 * 366 * 24 * 3600
_CODE = re.compile(r"^[A-Za-z0-9_-]{1,500}$")
_CODE_LETTERS = 8

CREATE = body(
    {
        "amount_off": integer(1),
        "currency": currency,
        "duration": choice("forever", "once", "repeating"),
        "duration_in_months": integer(1),
        "id": text(200),
        "max_redemptions": integer(1),
        "metadata": metadata,
        "name": text(40),
        "percent_off": percentage,
        "redeem_by": integer(0),
    }
)
UPDATE = body({"metadata": metadata, "name": text(40, may_unset=True)})
LIST = page()
CREATE_CODE = body(
    {
        "active": boolean,
        "code": text(500),
        "customer": text(),
        "expires_at": integer(0),
        "max_redemptions": integer(1),
        "metadata": metadata,
        "promotion": table({"coupon": text(), "type": choice("coupon")}, ("type", "coupon")),
        "restrictions": table(
            {
                "first_time_transaction": boolean,
                "minimum_amount": integer(1),
                "minimum_amount_currency": currency,
            }
        ),
    },
    required=("promotion",),
)
UPDATE_CODE = body({"active": boolean, "metadata": metadata})
LIST_CODES = page({"active": boolean, "code": text(500), "coupon": text(), "customer": text()})


def create(books: Books, params: Thing) -> Thing:
    """Create a coupon, under the caller's own id if one is given."""
    if ("percent_off" in params) == ("amount_off" in params):
        raise malformed("Give exactly one of percent_off and amount_off.", param="percent_off")
    if "amount_off" in params and "currency" not in params:
        raise malformed("amount_off needs a currency.", param="currency", code="parameter_missing")
    if (params.get("duration") == "repeating") != ("duration_in_months" in params):
        raise malformed("duration_in_months belongs to repeating.", param="duration_in_months")
    coupon_id = params.get("id") or new_id("", 8)
    if books.get("coupon", coupon_id) is not None:
        raise invalid("Coupon already exists.", param="id", code="resource_already_exists")
    coupon = {
        "id": coupon_id,
        "object": "coupon",
        "amount_off": params.get("amount_off"),
        "created": books.now(),
        "currency": params.get("currency") if "amount_off" in params else None,
        "duration": params.get("duration", "once"),
        "duration_in_months": params.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": merged({}, params.get("metadata")),
        "name": params.get("name"),
        "percent_off": params.get("percent_off"),
        "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0,
        "valid": True,
    }
    books.emit("coupon.created", books.put(coupon))
    return coupon


def retrieve(books: Books, params: Thing, coupon_id: str) -> Thing:
    """Read a coupon."""
    return books.find("coupon", coupon_id)


def update(books: Books, params: Thing, coupon_id: str) -> Thing:
    """Rename a coupon or change its metadata; terms never change."""
    coupon = books.find("coupon", coupon_id)
    coupon["name"] = params.get("name", coupon["name"])
    coupon["metadata"] = merged(coupon["metadata"], params.get("metadata"))
    books.emit("coupon.updated", books.put(coupon))
    return coupon


def delete(books: Books, params: Thing, coupon_id: str) -> Thing:
    """Delete a coupon: no new uses, running discounts go on."""
    coupon = books.find("coupon", coupon_id)
    books.remove("coupon", coupon_id)
    books.emit("coupon.deleted", fresh_coupon(books, {**coupon, "valid": False}))
    return {"id": coupon_id, "object": "coupon", "deleted": True}


def find_all(books: Books, params: Thing) -> Thing:
    """List coupons."""
    return listing(books, "coupon", params, url="/v1/coupons")


def create_code(books: Books, params: Thing) -> Thing:
    """Create a promotion code; a taken code is refused regardless of case."""
    coupon = books.find("coupon", params["promotion"]["coupon"], param="promotion[coupon]")
    customer = params.get("customer")
    if customer is not None:
        living(books, customer)
    code = params.get("code") or new_id("", _CODE_LETTERS).upper()
    _refuse_code(books, code, customer)
    _refuse_terms(books, params, coupon)
    asked = params.get("restrictions", {})
    promotion_code = {
        "id": new_id("promo_1"),
        "object": "promotion_code",
        "active": True,
        "code": code,
        "created": books.now(),
        "customer": customer,
        "customer_account": None,
        "expires_at": params.get("expires_at"),
        "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": merged({}, params.get("metadata")),
        "promotion": {"type": "coupon", "coupon": coupon["id"]},
        "restrictions": {
            "first_time_transaction": asked.get("first_time_transaction", False),
            "minimum_amount": asked.get("minimum_amount"),
            "minimum_amount_currency": asked.get("minimum_amount_currency"),
        },
        "times_redeemed": 0,
        "_folded": code.casefold(),
        "_is_on": params.get("active", True),
    }
    books.emit("promotion_code.created", fresh_code(books, books.put(promotion_code)))
    return promotion_code


def retrieve_code(books: Books, params: Thing, code_id: str) -> Thing:
    """Read a promotion code."""
    return books.find("promotion_code", code_id)


def update_code(books: Books, params: Thing, code_id: str) -> Thing:
    """Switch a promotion code on or off, or change its metadata."""
    found = books.find("promotion_code", code_id)
    if params.get("active") and not found["_is_on"]:
        _refuse_code(books, found["code"], found["customer"])
    found["_is_on"] = params.get("active", found["_is_on"])
    found["metadata"] = merged(found["metadata"], params.get("metadata"))
    books.emit("promotion_code.updated", fresh_code(books, books.put(found)))
    return found


def find_codes(books: Books, params: Thing) -> Thing:
    """List promotion codes by code (any case), coupon, customer or state."""
    where = {}
    if "code" in params:
        where["_folded"] = params["code"].casefold()
    if "coupon" in params:
        where["promotion.coupon"] = params["coupon"]
    if "customer" in params:
        where["customer"] = params["customer"]

    def fits(one: Thing) -> bool:
        return "active" not in params or fresh_code(books, one)["active"] == params["active"]

    return listing(
        books, "promotion_code", params, url="/v1/promotion_codes", where=where, keep=fits
    )


def fresh_coupon(books: Books, coupon: Thing) -> Thing:
    """Judge anew whether a coupon is still valid."""
    is_left = _is_left(coupon) and books.get("coupon", coupon["id"]) is not None
    is_early = coupon["redeem_by"] is None or books.now() <= coupon["redeem_by"]
    return {**coupon, "valid": is_left and is_early}


def fresh_code(books: Books, promotion_code: Thing) -> Thing:
    """Judge anew whether a promotion code is active: on, in time, not used up, coupon valid."""
    coupon = books.get("coupon", promotion_code["promotion"]["coupon"])
    expires_at = promotion_code["expires_at"]
    is_active = (
        promotion_code["_is_on"]
        and (expires_at is None or books.now() < expires_at)
        and _is_left(promotion_code)
        and coupon is not None
        and fresh_coupon(books, coupon)["valid"]
    )
    return {**promotion_code, "active": is_active}


def _is_left(thing: Thing) -> bool:
    most = thing["max_redemptions"]
    return most is None or thing["times_redeemed"] < most


def _refuse_code(books: Books, code: str, customer: str | None) -> None:
    if not _CODE.match(code):
        raise invalid("A code holds letters, digits, - and _ only.", param="code")
    for other in books.every("promotion_code", {"_folded": code.casefold()}):
        is_shared = customer is None or other["customer"] in (customer, None)
        if is_shared and fresh_code(books, other)["active"]:
            raise Refusal(400, f"An active promotion code with `code: {code}` already exists.")


def _refuse_terms(books: Books, params: Thing, coupon: Thing) -> None:
    expires_at = params.get("expires_at")
    if expires_at is not None:
        if not books.now() < expires_at <= books.now() + _FIVE_YEARS_S:
            raise invalid("expires_at must be within the next 5 years.", param="expires_at")
        if coupon["redeem_by"] is not None and expires_at > coupon["redeem_by"]:
            raise invalid("expires_at is after the coupon's redeem_by.", param="expires_at")
    most = coupon["max_redemptions"]
    if most is not None and params.get("max_redemptions", most) > most:
        raise invalid("More redemptions than the coupon allows.", param="max_redemptions")
    asked = params.get("restrictions", {})
    if ("minimum_amount" in asked) != ("minimum_amount_currency" in asked):
        raise invalid(
            "minimum_amount and its currency belong together.",
            param="restrictions[minimum_amount_currency]",
        )
