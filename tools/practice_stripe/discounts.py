"""Redeeming a coupon or promotion code on a purchase."""

from __future__ import annotations

from .books import Books, Thing, new_id
from .coupons import fresh_code, fresh_coupon
from .errors import Refusal, invalid
from .money import discount_of

_MONTH_S = 30 * 24 * 3600


def weigh(
    books: Books, asked: Thing, *, customer: str | None, amount: int, currency: str
) -> tuple[Thing, Thing | None, int]:
    """Judge `{coupon}` or `{promotion_code}`: the coupon, the code if any, what it takes off.

    Raises Refusal when it may not be used for this purchase.
    """
    code = None
    if asked.get("promotion_code"):
        code = books.find("promotion_code", asked["promotion_code"], param="promotion_code")
        _refuse_code(books, code, customer=customer, amount=amount, currency=currency)
        coupon = books.find("coupon", code["promotion"]["coupon"], param="coupon")
    else:
        coupon = books.find("coupon", asked["coupon"], param="coupon")
    if not fresh_coupon(books, coupon)["valid"]:
        raise invalid("This coupon is not valid any more.", param="coupon", code="coupon_expired")
    if coupon["currency"] not in (None, currency):
        raise invalid(f"This coupon is for {coupon['currency']}.", param="currency")
    return coupon, code, discount_of(coupon, amount)


def find_code(books: Books, typed: str, *, customer: str | None) -> Thing:
    """The active promotion code a person typed, their own before a general one."""
    found = [
        one
        for one in books.every("promotion_code", {"_folded": typed.strip().casefold()})
        if fresh_code(books, one)["active"] and one["customer"] in (customer, None)
    ]
    if not found:
        raise invalid("This promotion code is not valid.", param="promotion_code")
    return min(found, key=lambda one: one["customer"] is None)


def redeem(
    books: Books,
    coupon: Thing,
    code: Thing | None,
    *,
    customer: str | None,
    session: str,
    subscription: str | None,
) -> Thing:
    """Count one redemption and answer the discount object."""
    for counted, kind in ((coupon, "coupon"), (code, "promotion_code")):
        if counted is not None:
            counted["times_redeemed"] += 1
            books.put(counted)
            fresh = fresh_coupon if kind == "coupon" else fresh_code
            books.emit(f"{kind}.updated", fresh(books, counted))
    months = coupon["duration_in_months"]
    return books.put(
        {
            "id": new_id("di_1"),
            "object": "discount",
            "checkout_session": session,
            "customer": customer,
            "customer_account": None,
            "end": books.now() + months * _MONTH_S if months else None,
            "invoice": None,
            "invoice_item": None,
            "promotion_code": code["id"] if code else None,
            "source": {"type": "coupon", "coupon": coupon["id"]},
            "start": books.now(),
            "subscription": subscription,
            "subscription_item": None,
            "_coupon": coupon,
        }
    )


def _refuse_code(
    books: Books, code: Thing, *, customer: str | None, amount: int, currency: str
) -> None:
    if not fresh_code(books, code)["active"]:
        raise _not_for_you("it is not active")
    if code["customer"] is not None and code["customer"] != customer:
        raise _not_for_you("it belongs to another customer")
    terms = code["restrictions"]
    if terms["first_time_transaction"] and customer and _has_paid(books, customer):
        raise _not_for_you("it is for a first purchase")
    least, unit = terms["minimum_amount"], terms["minimum_amount_currency"]
    if least is not None and (unit != currency or amount < least):
        raise _not_for_you("the purchase is below its minimum amount")


def _has_paid(books: Books, customer: str) -> bool:
    return any(
        next(books.every(kind, {"customer": customer, "status": status}), None) is not None
        for kind, status in (("payment_intent", "succeeded"), ("invoice", "paid"))
    )


def _not_for_you(reason: str) -> Refusal:
    return invalid(f"This promotion code cannot be redeemed: {reason}.", param="promotion_code")
