"""Customer credit: its sign, its currency, and the next invoice."""

from __future__ import annotations

import pytest
import stripe


def test_a_negative_amount_is_credit_and_lowers_the_next_invoice(sdk, practice, alice):
    entry = sdk.customers.balance_transactions.create(
        alice.id, {"amount": -1000, "currency": "usd", "metadata": {"wom_reward": "rwd_1"}}
    )
    assert (entry.amount, entry.ending_balance, entry.type) == (-1000, -1000, "adjustment")
    assert sdk.customers.retrieve(alice.id).balance == -1000

    bought = practice.buy(3000, mode="subscription", customer=alice.id, tax=300)

    invoice = sdk.invoices.retrieve(bought["invoice"]["id"], {"expand": ["payments"]})
    assert (invoice.total, invoice.total_excluding_tax) == (3000, 2700)
    assert (invoice.starting_balance, invoice.amount_due, invoice.amount_paid) == (
        -1000,
        2000,
        2000,
    )
    assert invoice.parent.subscription_details.subscription == bought["subscription"]["id"]
    payment = invoice.payments.data[0].payment.payment_intent
    assert payment == bought["payment_intent"]["id"]
    assert sdk.customers.retrieve(alice.id).balance == 0
    used = sdk.customers.balance_transactions.list(alice.id, {"limit": 1}).data[0]
    assert (used.amount, used.type, used.invoice) == (1000, "applied_to_invoice", invoice.id)


def test_credit_that_covers_everything_leaves_nothing_paid_and_no_payment(sdk, practice, alice):
    sdk.customers.balance_transactions.create(alice.id, {"amount": -5000, "currency": "usd"})
    bought = practice.buy(3000, mode="subscription", customer=alice.id)
    assert bought["invoice"]["status"] == "paid"
    assert (bought["invoice"]["amount_paid"], bought["payment_intent"]) == (0, None)
    assert "invoice.paid" in [event["type"] for event in bought["events"]]
    assert sdk.customers.retrieve(alice.id).balance == -2000


def test_a_remainder_too_small_to_charge_becomes_a_debit(sdk, practice, alice):
    sdk.customers.balance_transactions.create(alice.id, {"amount": -2980, "currency": "usd"})
    bought = practice.buy(3000, mode="subscription", customer=alice.id)
    assert bought["invoice"]["amount_paid"] == 0
    assert sdk.customers.retrieve(alice.id).balance == 20


def test_a_one_off_payment_does_not_take_the_credit(sdk, practice, alice):
    sdk.customers.balance_transactions.create(alice.id, {"amount": -1000, "currency": "usd"})
    bought = practice.buy(3000, customer=alice.id, invoice=True)
    assert bought["invoice"]["amount_paid"] == bought["charge"]["amount"] == 3000
    assert bought["invoice"]["parent"] is None
    assert sdk.customers.retrieve(alice.id).balance == -1000


def test_credit_in_another_currency_is_refused(sdk, alice):
    sdk.customers.balance_transactions.create(alice.id, {"amount": -1000, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.customers.balance_transactions.create(alice.id, {"amount": -1000, "currency": "eur"})
    assert refused.value.param == "currency"
    assert sdk.customers.retrieve(alice.id).balance == -1000


def test_credit_for_a_deleted_customer_is_refused(sdk, alice):
    sdk.customers.delete(alice.id)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.customers.balance_transactions.create(alice.id, {"amount": -1, "currency": "usd"})
    assert (refused.value.code, refused.value.http_status) == ("resource_missing", 404)
    assert sdk.customers.retrieve(alice.id).deleted


def test_balance_transactions_are_listed_newest_first_in_pages(sdk, alice):
    credit = sdk.customers.balance_transactions
    made = [credit.create(alice.id, {"amount": -n, "currency": "usd"}).id for n in range(1, 6)]
    listed = [one.id for one in credit.list(alice.id, {"limit": 2}).auto_paging_iter()]
    assert listed == made[::-1]
    assert credit.list(alice.id, {"created": {"gte": 4_000_000_000}}).data == []
    assert credit.retrieve(alice.id, made[0]).amount == -1


def test_a_renewal_takes_the_credit_given_meanwhile(sdk, practice, alice):
    bought = practice.buy(3000, mode="subscription", customer=alice.id)
    sdk.customers.balance_transactions.create(alice.id, {"amount": -1000, "currency": "usd"})
    renewed = practice.renew(bought["subscription"]["id"], tax=0)
    assert renewed["invoice"]["amount_paid"] == renewed["charge"]["amount"] == 2000
    assert renewed["invoice"]["billing_reason"] == "subscription_cycle"
