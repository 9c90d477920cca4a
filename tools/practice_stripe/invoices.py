"""Invoices: issued, paid from the customer's balance first, then by a charge."""

from __future__ import annotations

from .books import Books, Thing, new_id
from .customers import adjust, living
from .drafts import Bill, draft
from .listing import listing, whole_list
from .money import least_charge
from .params import choice, integer, page, table, text
from .payments import only, open_intent, succeed

LIST = page(
    {
        "collection_method": choice("charge_automatically", "send_invoice"),
        "customer": text(),
        "due_date": integer(0),
        "status": choice("draft", "open", "paid", "uncollectible", "void"),
        "subscription": text(),
    }
)
LIST_PAYMENTS = page(
    {
        "invoice": text(),
        "payment": table(
            {
                "payment_intent": text(),
                "payment_record": text(),
                "type": choice("payment_intent", "payment_record"),
            },
            ("type",),
        ),
        "status": choice("canceled", "open", "paid"),
    }
)


def issue(books: Books, bill: Bill) -> Thing:
    """Create, finalise and pay an invoice; only a subscription's takes the balance.

    Credit that covers everything leaves `amount_paid` 0 and no payment.
    """
    customer = living(books, bill.customer)
    invoice = draft(books, bill, customer)
    books.emit("invoice.created", books.put(invoice))
    _finalise(books, invoice, customer, takes_balance=bill.subscription is not None)
    books.emit("invoice.finalized", books.put(invoice))
    if invoice["amount_due"] > 0:
        _collect(books, invoice, bill)
    invoice.update(amount_remaining=0, attempted=True, auto_advance=False, status="paid")
    invoice["status_transitions"]["paid_at"] = books.now()
    books.put(invoice)
    books.emit("invoice.paid", invoice)
    books.emit("invoice.payment_succeeded", invoice)
    return invoice


def retrieve(books: Books, params: Thing, invoice_id: str) -> Thing:
    """Read an invoice."""
    return books.find("invoice", invoice_id)


def find_all(books: Books, params: Thing) -> Thing:
    """List invoices."""
    where = only(params, "collection_method", "customer", "due_date", "status")
    if "subscription" in params:
        where["parent.subscription_details.subscription"] = params["subscription"]
    return listing(books, "invoice", params, url="/v1/invoices", where=where)


def find_payments(books: Books, params: Thing) -> Thing:
    """List what paid which invoice, by invoice or by payment intent."""
    where = only(params, "invoice", "status")
    for name, value in params.get("payment", {}).items():
        where[f"payment.{name}"] = value
    return listing(books, "invoice_payment", params, url="/v1/invoice_payments", where=where)


def payments_of(books: Books, invoice: Thing) -> Thing:
    """The payments of one invoice, for `expand`."""
    found = list(books.every("invoice_payment", {"invoice": invoice["id"]}))
    return whole_list(found, url=f"/v1/invoice_payments?invoice={invoice['id']}")


def _finalise(books: Books, invoice: Thing, customer: Thing, *, takes_balance: bool) -> None:
    unit, total, due = invoice["currency"], invoice["total"], invoice["total"]
    if takes_balance and customer["currency"] in (None, unit):
        invoice["starting_balance"] = customer["balance"]
        due = max(0, total + customer["balance"])
        moves = [(total - due, "applied_to_invoice")]
        if 0 < due < least_charge(unit):
            moves.append((due, "invoice_too_small"))
            due = 0
        for amount, kind in moves:
            if amount:
                adjust(books, customer, amount, currency=unit, kind=kind, invoice=invoice["id"])
        invoice["ending_balance"] = customer["balance"]
    invoice.update(amount_due=due, amount_remaining=due, effective_at=books.now(), status="open")
    invoice["status_transitions"]["finalized_at"] = books.now()


def _collect(books: Books, invoice: Thing, bill: Bill) -> None:
    intent = bill.paid_by or _charge_customer(books, invoice, bill)
    payment = {
        "id": new_id("inpay_1"),
        "object": "invoice_payment",
        "amount_paid": invoice["amount_due"],
        "amount_requested": invoice["amount_due"],
        "created": books.now(),
        "currency": bill.currency,
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": books.now()},
    }
    invoice.update(amount_paid=invoice["amount_due"], attempt_count=1)
    books.emit("invoice_payment.paid", books.put(payment))


def _charge_customer(books: Books, invoice: Thing, bill: Bill) -> Thing:
    intent = open_intent(
        books,
        invoice["amount_due"],
        currency=bill.currency,
        customer=bill.customer,
        metadata={},
        description=f"Invoice {invoice['number']}",
        email=invoice["customer_email"],
    )
    succeed(books, intent)
    return intent
