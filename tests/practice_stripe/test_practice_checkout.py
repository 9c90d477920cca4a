"""Checkout: sessions, delayed payments and the page where one pays."""

from __future__ import annotations

import http.client
from urllib.parse import urlencode, urlsplit

import pytest
import stripe

from tools.practice_stripe import funds

PRICE = {"currency": "usd", "unit_amount": 5000, "product_data": {"name": "Mug"}}
SESSION = {
    "mode": "payment",
    "line_items": [{"price_data": PRICE, "quantity": 2}],
    "success_url": "https://shop.example/thanks?s={CHECKOUT_SESSION_ID}",
    "client_reference_id": "wom_token",
}


def fetch(url, method="GET", form=None):
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=5)
    connection.request(method, address.path, urlencode(form or {}))
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()
    return answer, page


def test_a_guest_pays_on_the_page_and_goes_back_to_the_shop(sdk, practice):
    session = sdk.checkout.sessions.create(SESSION)
    answer, page = fetch(session.url)
    assert answer.status == 200
    assert "no real money" in page and "Pay 100.00 USD" in page
    assert "script" not in page
    assert "form-action 'self' https://shop.example" in answer.headers["Content-Security-Policy"]

    answer, _ = fetch(session.url, "POST", {"email": "bob@example.com", "name": "Bob"})
    assert answer.status == 303
    assert answer.headers["Location"] == f"https://shop.example/thanks?s={session.id}"

    paid = sdk.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent", "line_items"]})
    assert (paid.status, paid.payment_status, paid.customer) == ("complete", "paid", None)
    assert (paid.client_reference_id, paid.customer_details.email) == (
        "wom_token",
        "bob@example.com",
    )
    assert paid.payment_intent.amount_received == paid.line_items.data[0].amount_total == 10_000
    _, page = fetch(session.url)
    assert "was paid" in page


def test_paying_twice_on_the_page_charges_once(sdk, practice):
    session = sdk.checkout.sessions.create(SESSION)
    for _ in range(2):
        answer, _ = fetch(session.url, "POST", {"email": "bob@example.com"})
        assert answer.status == 303
    assert len(sdk.charges.list().data) == 1


def test_a_wrong_code_on_the_page_is_explained(sdk):
    session = sdk.checkout.sessions.create({**SESSION, "allow_promotion_codes": True})
    answer, page = fetch(session.url, "POST", {"promotion_code": "<nope>", "email": "b@x.org"})
    assert answer.status == 400
    assert 'role="alert"' in page and "not valid" in page
    assert 'value="b@x.org"' in page and "<nope>" not in page
    assert sdk.checkout.sessions.retrieve(session.id).status == "open"


def test_a_delayed_payment_completes_unpaid_and_is_settled_later(sdk, practice):
    bought = practice.buy(5000, email="bob@example.com", is_delayed=True)
    session = bought["session"]
    assert (session["status"], session["payment_status"]) == ("complete", "unpaid")
    assert bought["charge"]["status"] == "pending"

    settled = practice.settle(session["id"])
    assert settled["session"]["payment_status"] == "paid"
    assert settled["charge"]["paid"]
    assert settled["charge"]["id"] == bought["charge"]["id"]
    assert settled["events"][-1]["type"] == "checkout.session.async_payment_succeeded"


def test_a_delayed_payment_may_fail(sdk, practice):
    bought = practice.buy(5000, email="bob@example.com", is_delayed=True)
    failed = practice.settle(bought["session"]["id"], outcome="failed")
    assert failed["session"]["payment_status"] == "unpaid"
    assert failed["events"][-1]["type"] == "checkout.session.async_payment_failed"
    assert sdk.balance.retrieve().available[0].amount == funds.START


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"client_reference_id": ""}, "client_reference_id"),
        ({"client_reference_id": "x" * 201}, "client_reference_id"),
        ({"success_url": "/thanks"}, "success_url"),
        ({"customer": "cus_nobody"}, "customer"),
        ({"mode": "subscription"}, "line_items"),
        ({"subscription_data": {"metadata": {"a": "b"}}}, "subscription_data"),
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"discounts": [{"coupon": "none"}], "allow_promotion_codes": True}, None),
    ],
)
def test_a_session_stripe_would_refuse_is_refused(sdk, change, param):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.checkout.sessions.create({**SESSION, **change})
    assert (refused.value.http_status, refused.value.param) == (400, param)
    assert sdk.checkout.sessions.list().data == []


def test_an_expired_session_cannot_be_paid(sdk, practice):
    session = sdk.checkout.sessions.create(SESSION)
    sdk.checkout.sessions.expire(session.id)
    answer, _ = fetch(f"{practice.url}/checkout/{session.id}", "POST", {"email": "b@example.com"})
    assert answer.status == 410
    assert sdk.charges.list().data == []


def test_a_purchase_tells_its_story_in_events(practice):
    bought = practice.buy(
        5000, mode="subscription", email="bob@example.com", inner_metadata={"wom_token": "t"}
    )
    kinds = [event["type"] for event in bought["events"]]
    assert kinds == [
        "customer.created",
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.paid",
        "invoice.payment_succeeded",
        "checkout.session.completed",
    ]
    details = bought["invoice"]["parent"]["subscription_details"]
    assert details["metadata"] == {"wom_token": "t"}
    assert all("payments" not in event["data"]["object"] for event in bought["events"])


def test_the_overview_shows_balances_and_escapes_names(sdk, practice):
    mallory = sdk.customers.create({"name": "<script>alert(1)</script>"})
    sdk.customers.balance_transactions.create(mallory.id, {"amount": -1050, "currency": "usd"})
    answer, page = fetch(f"{practice.url}/")
    assert answer.status == 200
    assert "10.50 USD credit" in page and "no real money" in page
    assert "<script>" not in page


def test_a_payment_intent_can_be_paid_or_declined(sdk):
    asked = {"amount": 2000, "currency": "usd", "confirm": True}
    paid = sdk.payment_intents.create({**asked, "payment_method": "pm_card_visa"})
    assert (paid.status, paid.amount_received) == ("succeeded", 2000)
    with pytest.raises(stripe.CardError) as declined:
        sdk.payment_intents.create({**asked, "payment_method": "pm_card_chargeDeclined"})
    assert declined.value.code == "card_declined"
    assert sdk.charges.list({"limit": 1}).data[0].status == "failed"
