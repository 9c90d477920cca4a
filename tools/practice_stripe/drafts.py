"""What an invoice is for, and how it looks before anyone has paid. Moves no money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .books import Books, Thing, new_id
from .listing import whole_list
from .money import discount_of, tax_in


@dataclass(frozen=True)
class Bill:
    """What an invoice is for: prices with their tax inside, in minor units."""

    customer: str
    currency: str
    lines: list[Thing]
    tax: int = 0
    discounts: tuple[Thing, ...] = ()
    subscription: Thing | None = None
    reason: str = "subscription_create"
    paid_by: Thing | None = None

    @property
    def subtotal(self) -> int:
        """The sum of the lines."""
        return sum(line["amount"] for line in self.lines)


def draft(books: Books, bill: Bill, customer: Thing) -> Thing:
    """Write down a draft invoice, and number it in the customer's series."""
    invoice_id = new_id("in_1")
    discounts = [one["id"] for one in bill.discounts]
    left, taken = bill.subtotal, []
    for one in bill.discounts:
        amount = discount_of(one["_coupon"], left)
        taken.append({"amount": amount, "discount": one["id"]})
        left -= amount
    tax = tax_in(bill.tax, amount=bill.subtotal, left=left)
    number = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] = number + 1
    customer["currency"] = customer["currency"] or bill.currency
    books.put(customer)
    return {
        "id": invoice_id,
        "object": "invoice",
        "account_country": "US",
        "account_name": "Practice Stripe",
        "account_tax_ids": None,
        "amount_due": left,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": left,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "automatically_finalizes_at": None,
        "billing_reason": bill.reason,
        "collection_method": "charge_automatically",
        "created": books.now(),
        "currency": bill.currency,
        "custom_fields": None,
        "customer": bill.customer,
        "customer_account": None,
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": discounts,
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": whole_list(
            [_line(invoice_id, bill, one) for one in bill.lines],
            url=f"/v1/invoices/{invoice_id}/lines",
        ),
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": f"{customer['invoice_prefix']}-{number:04d}",
        "on_behalf_of": None,
        "parent": _parent(bill),
        "payment_settings": {"default_mandate": None, "payment_method_types": None},
        "period_end": books.now(),
        "period_start": books.now(),
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": dict.fromkeys(
            ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
        ),
        "subtotal": bill.subtotal,
        "subtotal_excluding_tax": bill.subtotal - bill.tax,
        "test_clock": None,
        "total": left,
        "total_discount_amounts": taken,
        "total_excluding_tax": left - tax,
        "total_pretax_credit_amounts": [],
        "total_taxes": _taxes(tax, left),
        "webhooks_delivered_at": None,
    }


def _taxes(tax: int, total: int) -> list[Thing]:
    if not tax:
        return []
    return [
        {
            "amount": tax,
            "tax_behavior": "inclusive",
            "tax_rate_details": {"tax_rate": "txr_practice"},
            "taxability_reason": "standard_rated",
            "taxable_amount": total - tax,
            "type": "tax_rate_details",
        }
    ]


def _line(invoice_id: str, bill: Bill, line: Thing) -> Thing:
    subscription = bill.subscription
    item = subscription["items"]["data"][0] if subscription else None
    parent: dict[str, Any]
    if item:
        details = {"invoice_item": None, "proration": False, "proration_details": None}
        details |= {"subscription": item["subscription"], "subscription_item": item["id"]}
        parent = {
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        }
    else:
        parent = {
            "invoice_item_details": {"invoice_item": new_id("ii_1"), "proration": False},
            "subscription_item_details": None,
            "type": "invoice_item_details",
        }
    period = (
        {"start": item["current_period_start"], "end": item["current_period_end"]} if item else None
    )
    return {
        "id": new_id("il_1"),
        "object": "line_item",
        "amount": line["amount"],
        "currency": bill.currency,
        "description": line["description"],
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": False,
        "metadata": {},
        "parent": parent,
        "period": period,
        "pretax_credit_amounts": [],
        "quantity": line["quantity"],
        "subscription": subscription["id"] if subscription else None,
        "subtotal": line["amount"],
        "taxes": [],
    }


def _parent(bill: Bill) -> Thing | None:
    if bill.subscription is None:
        return None
    details = {
        "metadata": dict(bill.subscription["metadata"]),
        "subscription": bill.subscription["id"],
    }
    return {
        "quote_details": None,
        "subscription_details": details,
        "type": "subscription_details",
    }
