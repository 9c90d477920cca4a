"""Every field of every object is one the SDK's pinned version knows."""

from __future__ import annotations

import pytest
import stripe

CLASSES = {
    "account": stripe.Account,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "coupon": stripe.Coupon,
    "customer": stripe.Customer,
    "customer_balance_transaction": stripe.CustomerBalanceTransaction,
    "discount": stripe.Discount,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payout": stripe.Payout,
    "promotion_code": stripe.PromotionCode,
    "refund": stripe.Refund,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "transfer": stripe.Transfer,
    "transfer_reversal": stripe.TransferReversal,
}


def objects_in(value):
    if isinstance(value, dict):
        if str(value.get("object")) in CLASSES:
            yield value
        for inner in value.values():
            yield from objects_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects_in(inner)


@pytest.fixture
def story(practice, sdk):
    """A life that touches every kind of object."""
    alice = sdk.customers.create({"email": "alice@example.com"})
    sdk.customers.balance_transactions.create(alice.id, {"amount": -500, "currency": "usd"})
    sdk.coupons.create({"id": "ten", "percent_off": 10})
    sdk.promotion_codes.create({"promotion": {"type": "coupon", "coupon": "ten"}, "code": "TEN"})
    bought = practice.buy(
        5000, mode="subscription", customer=alice.id, tax=400, promotion_code="ten"
    )
    practice.renew(bought["subscription"]["id"])
    practice.cancel(bought["subscription"]["id"])
    refund = practice.refund(bought["charge"]["id"], 100)["refund"]
    practice.fail_refund(refund["id"])
    practice.close_dispute(practice.dispute(bought["charge"]["id"])["dispute"]["id"], "lost")
    carol = sdk.accounts.create({"capabilities": {"transfers": {"requested": True}}})
    practice.finish_onboarding(carol.id)
    paid = {"amount": 500, "currency": "usd", "destination": carol.id}
    sdk.transfers.reversals.create(sdk.transfers.create(paid).id, {"amount": 100})
    practice.pay_out(carol.id)
    practice.deauthorise(carol.id)
    invoice = sdk.invoices.list({"expand": ["data.discounts", "data.payments"]}).to_dict()
    entries = sdk.customers.balance_transactions.list(alice.id).to_dict()
    return [bought, invoice, entries, practice.events()]


def test_no_object_has_a_field_the_sdk_does_not_know(story):
    unknown = {
        (one["object"], name)
        for one in objects_in(story)
        for name in one
        if name not in CLASSES[one["object"]].__annotations__
    }
    assert unknown == set()
    assert {one["object"] for one in objects_in(story)} == set(CLASSES)


def test_every_event_type_is_one_the_sdk_knows(story):
    known = str(stripe.Event.__annotations__["type"])
    assert [one["type"] for one in story[-1] if f"'{one['type']}'" not in known] == []
