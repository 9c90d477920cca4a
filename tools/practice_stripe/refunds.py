"""Refunds and disputes: what goes back of a charge. Refunded sums are cumulative."""

from __future__ import annotations

from . import funds
from .books import Books, Thing, new_id
from .errors import Refusal, invalid, malformed
from .listing import listing
from .params import body, choice, integer, merged, metadata, page, text
from .payments import only

CREATE = body(
    {
        "amount": integer(1),
        "charge": text(),
        "metadata": metadata,
        "payment_intent": text(),
        "reason": choice("duplicate", "fraudulent", "requested_by_customer"),
    }
)
LIST = page({"charge": text(), "payment_intent": text()})
LIST_DISPUTES = page({"charge": text(), "payment_intent": text()})


def create(books: Books, params: Thing) -> Thing:
    """Refund a charge, wholly or in part."""
    charge = _charge_of(books, params)
    rest = charge["amount"] - charge["amount_refunded"]
    amount = params.get("amount", rest)
    _refuse_refund(books, charge, amount=amount, rest=rest)
    previous = only(charge, "amount_refunded", "refunded")
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    refund = {
        "id": new_id("re_3"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": new_id("txn_3"),
        "charge": charge["id"],
        "created": books.now(),
        "currency": charge["currency"],
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": merged({}, params.get("metadata")),
        "payment_intent": charge["payment_intent"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    funds.add(books, charge["currency"], -amount)
    books.put(charge)
    books.put(refund)
    books.emit("refund.created", refund)
    books.emit("charge.refunded", charge, previous=previous)
    return refund


def retrieve(books: Books, params: Thing, refund_id: str) -> Thing:
    """Read a refund."""
    return books.find("refund", refund_id)


def find_all(books: Books, params: Thing) -> Thing:
    """List refunds."""
    where = only(params, "charge", "payment_intent")
    return listing(books, "refund", params, url="/v1/refunds", where=where)


def fail(books: Books, refund_id: str) -> Thing:
    """Let a refund fail after all: its share counts as not refunded again."""
    refund = books.find("refund", refund_id)
    if refund["status"] != "succeeded":
        raise invalid(f"This refund is {refund['status']} already.")
    charge = books.find("charge", refund["charge"])
    previous = only(charge, "amount_refunded", "refunded")
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    refund.update(
        failure_balance_transaction=new_id("txn_3"),
        failure_reason="expired_or_canceled_card",
        status="failed",
    )
    funds.add(books, charge["currency"], refund["amount"])
    books.put(charge)
    books.put(refund)
    books.emit("charge.updated", charge, previous=previous)
    books.emit("charge.refund.updated", refund, previous={"status": "succeeded"})
    books.emit("refund.updated", refund, previous={"status": "succeeded"})
    books.emit("refund.failed", refund)
    return refund


def dispute(books: Books, charge_id: str, *, amount: int | None, reason: str) -> Thing:
    """Let the payer's bank dispute a charge; the money is withdrawn at once."""
    charge = books.find("charge", charge_id, param="charge")
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise invalid("Only a paid charge can be disputed, and once.", param="charge")
    rest = charge["amount"] - charge["amount_refunded"]
    disputed = {
        "id": new_id("du_1"),
        "object": "dispute",
        "amount": min(rest, amount or rest),
        "balance_transactions": [],
        "charge": charge_id,
        "created": books.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": books.now() + 7 * 24 * 3600,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": {"brand": "visa"}, "type": "card"},
        "reason": reason,
        "status": "needs_response",
    }
    charge["disputed"] = True
    funds.add(books, charge["currency"], -disputed["amount"])
    books.put(charge)
    books.put(disputed)
    books.emit("charge.dispute.created", disputed)
    books.emit("charge.dispute.funds_withdrawn", disputed)
    return disputed


def close_dispute(books: Books, dispute_id: str, *, status: str) -> Thing:
    """End a dispute as won or lost; a won one gives the money back."""
    disputed = books.find("dispute", dispute_id)
    if disputed["status"] in ("won", "lost"):
        raise invalid(f"This dispute is {disputed['status']} already.")
    previous = only(disputed, "status")
    disputed["status"] = status
    books.put(disputed)
    books.emit("charge.dispute.closed", disputed, previous=previous)
    if status == "won":
        funds.add(books, disputed["currency"], disputed["amount"])
        books.emit("charge.dispute.funds_reinstated", disputed)
    return disputed


def retrieve_dispute(books: Books, params: Thing, dispute_id: str) -> Thing:
    """Read a dispute."""
    return books.find("dispute", dispute_id)


def find_disputes(books: Books, params: Thing) -> Thing:
    """List disputes."""
    where = only(params, "charge", "payment_intent")
    return listing(books, "dispute", params, url="/v1/disputes", where=where)


def _charge_of(books: Books, params: Thing) -> Thing:
    if "charge" in params:
        return books.find("charge", params["charge"], param="charge")
    if "payment_intent" not in params:
        raise malformed(
            "Give a charge or a payment_intent.", param="payment_intent", code="parameter_missing"
        )
    intent = books.find("payment_intent", params["payment_intent"], param="payment_intent")
    if intent["latest_charge"] is None:
        raise _nothing_paid(intent["id"])
    return books.find("charge", intent["latest_charge"], param="charge")


def _refuse_refund(books: Books, charge: Thing, *, amount: int, rest: int) -> None:
    if charge["status"] != "succeeded":
        raise _nothing_paid(charge["id"])
    if rest == 0:
        raise invalid(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if any(one["status"] != "won" for one in books.every("dispute", {"charge": charge["id"]})):
        raise invalid(f"Charge {charge['id']} is disputed.", code="charge_disputed")
    if amount > rest:
        raise invalid(
            f"Refund amount ({amount}) is greater than the unrefunded amount ({rest}).",
            param="amount",
        )


def _nothing_paid(thing_id: str) -> Refusal:
    return invalid(f"{thing_id} has no successful charge to refund.", param="payment_intent")
