"""Customers and their credit balance. A negative balance is credit for the customer."""

from __future__ import annotations

from typing import Any

from .books import Books, Thing, new_id
from .errors import missing
from .listing import listing
from .money import refuse_currency
from .params import array, body, choice, currency, integer, merged, metadata, page, table, text

_ADDRESS_PARTS = ("city", "country", "line1", "line2", "postal_code", "state")
_ADDRESS = table({part: text(may_unset=True) for part in _ADDRESS_PARTS})
_FIELDS = {
    "address": _ADDRESS,
    "balance": integer(),
    "description": text(may_unset=True),
    "email": text(512, may_unset=True),
    "metadata": metadata,
    "name": text(256, may_unset=True),
    "phone": text(20, may_unset=True),
    "preferred_locales": array(text(20)),
    "tax_exempt": choice("exempt", "none", "reverse"),
}
CREATE = UPDATE = body(_FIELDS)
LIST = page({"email": text(512)})
CREDIT = body(
    {
        "amount": integer(),
        "currency": currency,
        "description": text(350),
        "metadata": metadata,
    },
    required=("amount", "currency"),
)
CREDITS = page({"invoice": text()})


def create(books: Books, params: Thing) -> Thing:
    """Create a customer; a starting balance is one adjustment."""
    given = {name: value for name, value in params.items() if name in _FIELDS}
    start = given.pop("balance", 0)
    customer = {
        "id": new_id("cus_", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": books.now(),
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": new_id("", 8).upper(),
        "livemode": False,
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        **given,
        "metadata": merged({}, params.get("metadata")),
    }
    books.put(customer)
    books.emit("customer.created", customer)
    if start:
        adjust(books, customer, start, currency="usd")
    return customer


def retrieve(books: Books, params: Thing, customer_id: str) -> Thing:
    """Read a customer; a deleted one is a stub saying so."""
    return books.find("customer", customer_id)


def update(books: Books, params: Thing, customer_id: str) -> Thing:
    """Change a customer; a new balance is booked as an adjustment."""
    customer = living(books, customer_id, param="id")
    given = {name: value for name, value in params.items() if name in _FIELDS}
    target = given.pop("balance", customer["balance"])
    if "metadata" in given:
        given["metadata"] = merged(customer["metadata"], given["metadata"])
    previous = {name: customer[name] for name in given if customer[name] != given[name]}
    customer.update(given)
    books.put(customer)
    if previous:
        books.emit("customer.updated", customer, previous=previous)
    if target != customer["balance"]:
        unit = customer["currency"] or "usd"
        adjust(books, customer, target - customer["balance"], currency=unit)
    return customer


def delete(books: Books, params: Thing, customer_id: str) -> Thing:
    """Delete a customer for good; a stub remains."""
    customer = living(books, customer_id, param="id")
    books.emit("customer.deleted", customer)
    return books.put({"id": customer_id, "object": "customer", "deleted": True})


def find_all(books: Books, params: Thing) -> Thing:
    """List the customers that exist, optionally of one exact e-mail address."""
    where = {"email": params["email"]} if "email" in params else {}
    return listing(
        books,
        "customer",
        params,
        url="/v1/customers",
        where=where,
        keep=lambda one: not one.get("deleted"),
    )


def credit(books: Books, params: Thing, customer_id: str) -> Thing:
    """Book an adjustment; negative amounts are credit."""
    customer = living(books, customer_id, param="customer_path")
    return adjust(
        books,
        customer,
        params["amount"],
        currency=params["currency"],
        description=params.get("description"),
        metadata=merged({}, params.get("metadata")),
    )


def retrieve_credit(books: Books, params: Thing, customer_id: str, entry_id: str) -> Thing:
    """Read one balance transaction of this customer."""
    living(books, customer_id, param="customer_path")
    entry = books.find("customer_balance_transaction", entry_id)
    if entry["customer"] != customer_id:
        raise missing("customer_balance_transaction", entry_id)
    return entry


def find_credits(books: Books, params: Thing, customer_id: str) -> Thing:
    """List this customer's balance transactions, newest first."""
    living(books, customer_id, param="customer_path")
    where: dict[str, Any] = {"customer": customer_id}
    if "invoice" in params:
        where["invoice"] = params["invoice"]
    return listing(
        books,
        "customer_balance_transaction",
        params,
        url=f"/v1/customers/{customer_id}/balance_transactions",
        where=where,
    )


def living(books: Books, customer_id: str, *, param: str = "customer") -> Thing:
    """Read a customer that exists; raises Refusal for an unknown or deleted one."""
    customer = books.find("customer", customer_id, param=param)
    if customer.get("deleted"):
        raise missing("customer", customer_id, param=param)
    return customer


def adjust(
    books: Books,
    customer: Thing,
    amount: int,
    *,
    currency: str,
    kind: str = "adjustment",
    description: str | None = None,
    metadata: dict[str, str] | None = None,
    invoice: str | None = None,
) -> Thing:
    """Add `amount` to a customer's balance and write the entry. Changes `customer` in place."""
    refuse_currency(customer["currency"], currency)
    previous = {"balance": customer["balance"]}
    customer["balance"] += amount
    customer["currency"] = currency
    entry = {
        "id": new_id("cbtxn_1"),
        "object": "customer_balance_transaction",
        "amount": amount,
        "checkout_session": None,
        "created": books.now(),
        "credit_note": None,
        "currency": currency,
        "customer": customer["id"],
        "customer_account": None,
        "description": description,
        "ending_balance": customer["balance"],
        "invoice": invoice,
        "livemode": False,
        "metadata": metadata or {},
        "type": kind,
    }
    books.put(customer)
    books.put(entry)
    books.emit("customer.updated", customer, previous=previous)
    return entry
