"""Transfers to connected accounts and their reversals: money moves at once, or not at all."""

from __future__ import annotations

from . import funds
from .books import Books, Thing, new_id
from .errors import invalid, missing
from .listing import listing, whole_list
from .params import body, currency, integer, merged, metadata, page, text
from .payments import only

CREATE = body(
    {
        "amount": integer(1),
        "currency": currency,
        "description": text(1000),
        "destination": text(),
        "metadata": metadata,
        "transfer_group": text(),
    },
    required=("amount", "currency", "destination"),
)
UPDATE = body({"description": text(1000, may_unset=True), "metadata": metadata})
LIST = page({"destination": text(), "transfer_group": text()})
REVERSE = body({"amount": integer(1), "description": text(1000), "metadata": metadata})
LIST_REVERSALS = page(by_time=False)


def create(books: Books, params: Thing) -> Thing:
    """Move money to a connected account that may be paid; the platform must have it available."""
    amount, unit, payee_id = params["amount"], params["currency"], params["destination"]
    payee = books.get("account", payee_id)
    if payee is None or not payee["_is_connected"]:
        raise missing("destination", payee_id, param="destination")
    if payee["capabilities"].get("transfers") != "active":
        raise invalid(
            "The destination account cannot be paid: its transfers capability is not active.",
            code="insufficient_capabilities_for_transfer",
        )
    funds.refuse_amount(amount, unit)
    funds.take(books, unit, amount)
    funds.add(books, unit, amount, payee=payee_id)
    transfer_id = new_id("tr_1")
    transfer = {
        "id": transfer_id,
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": new_id("txn_1"),
        "created": books.now(),
        "currency": unit,
        "description": params.get("description"),
        "destination": payee_id,
        "destination_payment": new_id("py_1"),
        "livemode": False,
        "metadata": merged({}, params.get("metadata")),
        "reversals": whole_list([], url=f"/v1/transfers/{transfer_id}/reversals"),
        "reversed": False,
        "source_transaction": None,
        "source_type": "card",
        "transfer_group": params.get("transfer_group"),
    }
    books.emit("transfer.created", books.put(transfer))
    return transfer


def retrieve(books: Books, params: Thing, transfer_id: str) -> Thing:
    """Read a transfer."""
    return books.find("transfer", transfer_id)


def update(books: Books, params: Thing, transfer_id: str) -> Thing:
    """Change a transfer's description or metadata; its money has moved."""
    transfer = books.find("transfer", transfer_id)
    transfer["description"] = params.get("description", transfer["description"])
    transfer["metadata"] = merged(transfer["metadata"], params.get("metadata"))
    books.emit("transfer.updated", books.put(transfer))
    return transfer


def find_all(books: Books, params: Thing) -> Thing:
    """List transfers by destination or group."""
    where = only(params, "destination", "transfer_group")
    return listing(books, "transfer", params, url="/v1/transfers", where=where)


def reverse(books: Books, params: Thing, transfer_id: str) -> Thing:
    """Take a transfer back, wholly or in part, from what the connected account still holds."""
    transfer = books.find("transfer", transfer_id)
    rest = transfer["amount"] - transfer["amount_reversed"]
    if rest == 0:
        raise invalid(f"Transfer {transfer_id} is reversed already.")
    amount, unit = params.get("amount", rest), transfer["currency"]
    if amount > rest:
        raise invalid(f"Only {rest} of {transfer_id} is not reversed yet.", param="amount")
    funds.refuse_amount(amount, unit)
    funds.take(books, unit, amount, payee=transfer["destination"])
    funds.add(books, unit, amount)
    reversal = {
        "id": new_id("trr_1"),
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": new_id("txn_1"),
        "created": books.now(),
        "currency": unit,
        "destination_payment_refund": new_id("pyr_1"),
        "metadata": merged({}, params.get("metadata")),
        "source_refund": None,
        "transfer": transfer_id,
    }
    books.put(reversal)
    _note(books, transfer, reversal)
    return reversal


def retrieve_reversal(books: Books, params: Thing, transfer_id: str, reversal_id: str) -> Thing:
    """Read a reversal of this transfer."""
    reversal = books.find("transfer_reversal", reversal_id)
    if reversal["transfer"] != transfer_id:
        raise missing("transfer_reversal", reversal_id)
    return reversal


def find_reversals(books: Books, params: Thing, transfer_id: str) -> Thing:
    """List the reversals of a transfer."""
    books.find("transfer", transfer_id)
    return listing(
        books,
        "transfer_reversal",
        params,
        url=f"/v1/transfers/{transfer_id}/reversals",
        where={"transfer": transfer_id},
    )


def pay_out(books: Books, payee: Thing, unit: str) -> Thing:
    """Send what a connected account holds to its bank; a reversal finds nothing afterwards."""
    amount = funds.held(books, unit, payee=payee["id"])
    if amount <= 0:
        raise invalid(f"There is nothing to pay out in {unit}.")
    funds.take(books, unit, amount, payee=payee["id"])
    payout = {
        "id": new_id("po_1"),
        "object": "payout",
        "amount": amount,
        "arrival_date": books.now(),
        "automatic": True,
        "balance_transaction": new_id("txn_1"),
        "created": books.now(),
        "currency": unit,
        "description": None,
        "destination": new_id("ba_1"),
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "source_type": "card",
        "status": "paid",
        "type": "bank_account",
    }
    books.emit("payout.paid", books.put(payout), of=payee["id"])
    return payout


def _note(books: Books, transfer: Thing, reversal: Thing) -> None:
    transfer["amount_reversed"] += reversal["amount"]
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"].insert(0, reversal)
    books.emit("transfer.reversed", books.put(transfer))
