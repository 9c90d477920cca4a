"""Payment intents and the charges they make."""

from __future__ import annotations

from . import funds
from .books import Books, Thing, new_id
from .customers import living
from .errors import declined, invalid
from .listing import listing
from .money import refuse_small
from .params import body, boolean, choice, currency, integer, merged, metadata, page, table, text

_DECLINING = "pm_card_chargeDeclined"

CREATE = body(
    {
        "amount": integer(0, 99_999_999),
        "automatic_payment_methods": table(
            {"allow_redirects": choice("always", "never"), "enabled": boolean}, ("enabled",)
        ),
        "confirm": boolean,
        "currency": currency,
        "customer": text(),
        "description": text(1000),
        "metadata": metadata,
        "off_session": boolean,
        "payment_method": text(),
        "receipt_email": text(800),
        "return_url": text(),
        "statement_descriptor": text(22),
        "statement_descriptor_suffix": text(22),
        "transfer_group": text(),
    },
    required=("amount", "currency"),
)
CONFIRM = body({"payment_method": text(), "return_url": text(), "off_session": boolean})
LIST = page({"customer": text()})
LIST_CHARGES = page({"customer": text(), "payment_intent": text()})


def create(books: Books, params: Thing) -> Thing:
    """Create a payment intent and, with `confirm`, pay it with the named payment method."""
    refuse_small(params["amount"], params["currency"])
    if "customer" in params:
        living(books, params["customer"])
    intent = open_intent(
        books,
        params["amount"],
        currency=params["currency"],
        customer=params.get("customer"),
        metadata=merged({}, params.get("metadata")),
        description=params.get("description"),
        email=params.get("receipt_email"),
    )
    if params.get("payment_method"):
        intent["payment_method"] = params["payment_method"]
        intent["status"] = "requires_confirmation"
        books.put(intent)
    return confirm(books, {}, intent["id"]) if params.get("confirm") else intent


def confirm(books: Books, params: Thing, intent_id: str) -> Thing:
    """Pay an open intent."""
    intent = books.find("payment_intent", intent_id)
    method = params.get("payment_method") or intent["payment_method"]
    if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
        raise invalid(
            f"This PaymentIntent is {intent['status']} and cannot be confirmed.",
            code="payment_intent_unexpected_state",
        )
    if method is None:
        raise invalid("There is no payment method to confirm with.", param="payment_method")
    intent["payment_method"] = method
    if method == _DECLINING:
        fail(books, intent)
        raise declined()
    succeed(books, intent)
    return intent


def retrieve(books: Books, params: Thing, intent_id: str) -> Thing:
    """Read a payment intent."""
    return books.find("payment_intent", intent_id)


def find_all(books: Books, params: Thing) -> Thing:
    """List payment intents."""
    return listing(
        books, "payment_intent", params, url="/v1/payment_intents", where=only(params, "customer")
    )


def retrieve_charge(books: Books, params: Thing, charge_id: str) -> Thing:
    """Read a charge."""
    return books.find("charge", charge_id)


def find_charges(books: Books, params: Thing) -> Thing:
    """List charges; refuses a customer nobody knows."""
    if "customer" in params:
        books.find("customer", params["customer"])
    where = only(params, "customer", "payment_intent")
    return listing(books, "charge", params, url="/v1/charges", where=where)


def only(params: Thing, *names: str) -> Thing:
    """The named parameters that were given."""
    return {name: params[name] for name in names if name in params}


def open_intent(
    books: Books,
    amount: int,
    *,
    currency: str,
    customer: str | None,
    metadata: dict[str, str],
    description: str | None = None,
    email: str | None = None,
) -> Thing:
    """Write a payment intent that nobody has paid yet."""
    intent_id = new_id("pi_3")
    intent = {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_{new_id('')}",
        "confirmation_method": "automatic",
        "created": books.now(),
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "description": description,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": metadata,
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": email,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "statement_descriptor": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }
    books.emit("payment_intent.created", books.put(intent))
    return intent


def succeed(books: Books, intent: Thing) -> Thing:
    """Pay an intent, through its waiting charge if it has one; answers the charge."""
    waiting = intent["latest_charge"]
    charge = books.find("charge", waiting) if waiting else _charge(books, intent)
    charge.update(
        amount_captured=charge["amount"],
        captured=True,
        failure_code=None,
        failure_message=None,
        paid=True,
        status="succeeded",
    )
    intent.update(
        amount_received=intent["amount"],
        last_payment_error=None,
        latest_charge=charge["id"],
        payment_method=charge["payment_method"],
        processing=None,
        status="succeeded",
    )
    books.put(charge)
    books.put(intent)
    funds.add(books, charge["currency"], charge["amount"])
    books.emit("charge.succeeded", charge)
    books.emit("payment_intent.succeeded", intent)
    return charge


def wait(books: Books, intent: Thing) -> Thing:
    """Begin a slow payment, such as a bank debit: the charge is pending."""
    charge = _charge(books, intent)
    intent.update(latest_charge=charge["id"], status="processing")
    books.put(charge)
    books.put(intent)
    books.emit("charge.pending", charge)
    books.emit("payment_intent.processing", intent)
    return charge


def fail(books: Books, intent: Thing) -> Thing:
    """Let the payment of an intent fail; it may be tried again."""
    waiting = intent["latest_charge"]
    charge = books.find("charge", waiting) if waiting else _charge(books, intent)
    charge.update(
        failure_code="card_declined",
        failure_message="The payment was declined.",
        paid=False,
        status="failed",
    )
    intent.update(
        last_payment_error={
            "charge": charge["id"],
            "code": "card_declined",
            "message": "The payment was declined.",
            "type": "card_error",
        },
        latest_charge=charge["id"],
        payment_method=None,
        status="requires_payment_method",
    )
    books.put(charge)
    books.put(intent)
    books.emit("charge.failed", charge)
    books.emit("payment_intent.payment_failed", intent)
    return charge


def _charge(books: Books, intent: Thing) -> Thing:
    return {
        "id": new_id("ch_3"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": new_id("txn_3"),
        "billing_details": {
            "address": None,
            "email": intent["receipt_email"],
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "calculated_statement_descriptor": "PRACTICE",
        "captured": False,
        "created": books.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"] or new_id("pm_1"),
        "payment_method_details": {"card": {"brand": "visa", "last4": "4242"}, "type": "card"},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "status": "pending",
        "transfer_data": None,
        "transfer_group": None,
    }
