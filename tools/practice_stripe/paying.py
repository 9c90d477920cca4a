"""What happens when somebody pays: a session completes, and money and events follow."""

from __future__ import annotations

from . import checkout, customers, payments, subscriptions
from .books import Books, Thing
from .discounts import find_code, redeem, weigh
from .drafts import Bill
from .errors import invalid
from .invoices import issue
from .money import tax_in

# A coupon, the promotion code that led to it if any, and what it takes off.
Weighed = tuple[Thing, Thing | None, int]


def pay(
    books: Books,
    session_id: str,
    *,
    email: str | None = None,
    name: str | None = None,
    promotion_code: str | None = None,
    tax: int = 0,
    is_delayed: bool = False,
) -> Thing:
    """Pay an open session as its visitor would; answers the completed session.

    `tax` is the part of the full price that is tax. `is_delayed` leaves the money on its way
    until `settle`. `promotion_code` is what the visitor typed, or a promotion code's id.
    """
    session = checkout.retrieve(books, {}, session_id)
    if session["status"] != "open":
        raise invalid(f"This checkout session is {session['status']}.")
    if is_delayed and session["mode"] != "payment":
        raise invalid("Only a one-off payment can be delayed here.")
    email = email or session["_email"]
    if promotion_code is not None:
        _type_code(books, session, promotion_code)
    asked = [{k: v for k, v in one.items() if v} for one in session["discounts"]]
    weighed = [
        weigh(
            books,
            one,
            customer=session["customer"],
            amount=session["amount_subtotal"],
            currency=session["currency"],
        )
        for one in asked
    ]
    _total(session, taken=sum(one[2] for one in weighed), tax=tax)
    _meet(books, session, email=email, name=name)
    if session["mode"] == "payment":
        _pay_once(books, session, weighed, is_delayed=is_delayed)
    else:
        _subscribe(books, session, weighed)
    session.update(status="complete", url=None)
    books.emit("checkout.session.completed", books.put(session))
    return session


def settle(books: Books, session_id: str, *, is_paid: bool) -> Thing:
    """End the wait of a delayed payment, with the money or without."""
    session = books.find("checkout.session", session_id)
    intent_id = session["payment_intent"]
    intent = books.find("payment_intent", intent_id) if intent_id else None
    if intent is None or intent["status"] != "processing":
        raise invalid("No payment of this session is on its way.")
    if is_paid:
        payments.succeed(books, intent)
        session["payment_status"] = "paid"
        _add_invoice(books, session, intent)
    else:
        payments.fail(books, intent)
    outcome = "succeeded" if is_paid else "failed"
    books.emit(f"checkout.session.async_payment_{outcome}", books.put(session))
    return session


def _type_code(books: Books, session: Thing, typed: str) -> None:
    if session["discounts"] or not session["allow_promotion_codes"]:
        raise invalid("This session takes no promotion code.", param="promotion_code")
    code = books.get("promotion_code", typed) or find_code(
        books, typed, customer=session["customer"]
    )
    session["discounts"] = [{"coupon": None, "promotion_code": code["id"]}]


def _total(session: Thing, *, taken: int, tax: int) -> None:
    subtotal = session["amount_subtotal"]
    session["_tax"] = tax
    session["amount_total"] = subtotal - taken
    session["total_details"] = {
        "amount_discount": taken,
        "amount_shipping": 0,
        "amount_tax": tax_in(tax, amount=subtotal, left=subtotal - taken),
    }


def _meet(books: Books, session: Thing, *, email: str | None, name: str | None) -> None:
    is_kept = (
        session["mode"] == "subscription"
        or session["customer_creation"] == "always"
        or session["invoice_creation"]["enabled"]
    )
    if session["customer"] is None and is_kept:
        given = {"email": email, "name": name}
        session["customer"] = customers.create(books, given)["id"]
    elif session["customer"] is not None:
        known = customers.living(books, session["customer"])
        email, name = known["email"] or email, known["name"] or name
    session["customer_details"] = {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _redeem_all(
    books: Books, session: Thing, weighed: list[Weighed], *, subscription: str | None = None
) -> list[str]:
    return [
        redeem(
            books,
            coupon,
            code,
            customer=session["customer"],
            session=session["id"],
            subscription=subscription,
        )["id"]
        for coupon, code, _ in weighed
    ]


def _pay_once(books: Books, session: Thing, weighed: list[Weighed], *, is_delayed: bool) -> None:
    session["_discounts"] = _redeem_all(books, session, weighed)
    if session["amount_total"] == 0:
        session["payment_status"] = "no_payment_required"
        return
    intent = payments.open_intent(
        books,
        session["amount_total"],
        currency=session["currency"],
        customer=session["customer"],
        metadata=dict(session["_inner"].get("metadata", {})),
        description=session["_inner"].get("description"),
        email=session["customer_details"]["email"],
    )
    session["payment_intent"] = intent["id"]
    if is_delayed:
        payments.wait(books, intent)
        return
    payments.succeed(books, intent)
    session["payment_status"] = "paid"
    _add_invoice(books, session, intent)


def _add_invoice(books: Books, session: Thing, intent: Thing) -> None:
    """Write the invoice a one-off payment asked for; it never takes the balance."""
    if not session["invoice_creation"]["enabled"]:
        return
    bill = Bill(
        customer=session["customer"],
        currency=session["currency"],
        lines=session["_lines"],
        tax=session["_tax"],
        discounts=tuple(books.find("discount", one) for one in session["_discounts"]),
        reason="manual",
        paid_by=intent,
    )
    session["invoice"] = issue(books, bill)["id"]


def _subscribe(books: Books, session: Thing, weighed: list[Weighed]) -> None:
    subscription = subscriptions.begin(
        books,
        session["_lines"],
        customer=session["customer"],
        currency=session["currency"],
        metadata=dict(session["_inner"].get("metadata", {})),
    )
    subscription["discounts"] = _redeem_all(
        books, session, weighed, subscription=subscription["id"]
    )
    books.emit("customer.subscription.created", books.put(subscription))
    invoice = subscriptions.bill(
        books, subscription, reason="subscription_create", tax=session["_tax"]
    )
    session.update(
        invoice=invoice["id"],
        payment_status="paid" if invoice["total"] else "no_payment_required",
        subscription=subscription["id"],
    )
