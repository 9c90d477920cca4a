"""What we ask of Stripe is what Stripe takes; asking again with the same key changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from referral.gateways.stripe import Made, StripeAccount
from referral.gateways.stripe.client import call
from referral.gateways.stripe.endpoint import EVENTS, LISTED_EVENTS
from referral.gateways.stripe.errors import NotFoundThere
from referral.gateways.stripe.payments import invoice_of
from tests.stories.trade import at_stripe, balance_of
from tools.practice_stripe import PracticeStripe

MARKS = {"wom_reward": "rwd_1", "wom_business": "biz_1", "wom_grant": "rwd_1:credit:1"}
NOTE = "Thank you for recommending us"


def test_a_credit_is_negative_and_made_once(
    account: StripeAccount, practice: PracticeStripe, alice: str
) -> None:
    made = [
        account.adjust_balance(alice, -1000, "eur", note=NOTE, marks=MARKS, key="one")
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert (made[0].amount_minor, made[0].currency, made[0].customer_id) == (-1000, "eur", alice)
    (entry,) = balance_of(practice, alice)
    assert (entry["id"], entry["amount"], entry["metadata"]) == (made[0].object_id, -1000, MARKS)
    assert account.credit_left(alice, "eur") == 1000


def test_a_debit_takes_credit_back(account: StripeAccount, alice: str) -> None:
    account.adjust_balance(alice, -1000, "eur", note=NOTE, marks=MARKS, key="one")
    account.adjust_balance(alice, 400, "eur", note=NOTE, marks=MARKS, key="two")
    assert account.credit_left(alice, "eur") == 600


@pytest.mark.parametrize("balance", [0, 500])
def test_who_owes_has_no_credit_left(
    account: StripeAccount, practice: PracticeStripe, alice: str, balance: int
) -> None:
    if balance:
        path = f"/v1/customers/{alice}/balance_transactions"
        at_stripe(practice, "POST", path, amount=balance, currency="eur")
    assert account.credit_left(alice, "eur") == 0


def test_credit_in_another_currency_than_the_customers_own_is_what_its_last_change_left(
    account: StripeAccount, alice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.adjust_balance(alice, -1000, "eur", note=NOTE, marks=MARKS, key="one")
    changes = [
        Made("cbtxn", -1, currency, alice, {"ending_balance": left}, {})
        for currency, left in (("eur", -1000), ("usd", -300), ("usd", -900))
    ]
    monkeypatch.setattr(StripeAccount, "balance_changes", lambda *_: changes)
    assert [account.credit_left(alice, unit) for unit in ("eur", "usd", "gbp")] == [1000, 300, 0]


def test_a_deleted_or_foreign_customer_has_no_credit_left(
    account: StripeAccount, practice: PracticeStripe, alice: str
) -> None:
    account.adjust_balance(alice, -1000, "eur", note=NOTE, marks=MARKS, key="one")
    assert account.credit_left(alice, "usd") == 0
    at_stripe(practice, "DELETE", f"/v1/customers/{alice}")
    assert account.credit_left(alice, "eur") == 0
    assert account.credit_left("cus_nobody", "eur") == 0


def test_a_change_is_found_among_many_by_our_marks(
    account: StripeAccount, practice: PracticeStripe, alice: str
) -> None:
    made = account.adjust_balance(alice, -1000, "eur", note=NOTE, marks=MARKS, key="one")
    path = f"/v1/customers/{alice}/balance_transactions"
    for _ in range(105):
        at_stripe(practice, "POST", path, amount=-1, currency="eur")
    assert account.find_balance_change(alice, MARKS) == made
    other = {**MARKS, "wom_grant": "rwd_1:credit:2"}
    assert account.find_balance_change(alice, other) is None


def test_a_coupon_is_made_once_and_its_code_is_for_one_customer(
    account: StripeAccount, practice: PracticeStripe, alice: str
) -> None:
    for _ in range(2):
        account.ensure_coupon("wom_offer", {"name": "Welcome from a friend", "percent_off": 20})
    made = [
        account.make_promotion_code("wom_offer", alice, marks=MARKS, key="one") for _ in range(2)
    ]
    assert made[0] == made[1] == account.find_promotion_code(alice, MARKS)
    code = at_stripe(practice, "GET", f"/v1/promotion_codes/{made[0].object_id}")
    assert (code["customer"], code["max_redemptions"]) == (alice, 1)
    assert code["code"] == made[0].details["code"]
    assert account.find_promotion_code(alice, {**MARKS, "wom_grant": "other"}) is None


def test_a_coupon_many_want_in_the_same_moment_is_made_once(
    app: Flask,
    account: StripeAccount,
    practice: PracticeStripe,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terms = {"name": "Welcome from a friend", "amount_off": 500, "currency": "eur"}
    all_have_looked = threading.Barrier(4)

    def call_and_wait(act: Callable[[], Any], *, changes: bool) -> Any:
        try:
            return call(act, changes=changes)
        finally:
            if not changes:
                all_have_looked.wait()

    monkeypatch.setattr("referral.gateways.stripe.codes.call", call_and_wait)

    def ensure(_: int) -> None:
        with app.app_context():
            account.ensure_coupon("wom_offer", terms)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ensure, range(4)))
    assert len(at_stripe(practice, "GET", "/v1/coupons")["data"]) == 1
    tried = sorted(one["status"] for one in practice.calls("POST", "/v1/coupons"))
    assert tried == [200, *[400] * 3]


def test_a_customer_is_made_once_by_its_key(
    account: StripeAccount, practice: PracticeStripe
) -> None:
    made = {
        account.make_customer(email="bob@mail.example", name="Bob", marks=MARKS, key="per_1")
        for _ in range(2)
    }
    (customer,) = at_stripe(practice, "GET", "/v1/customers")["data"]
    assert made == {customer["id"]}
    assert (customer["email"], customer["metadata"]) == ("bob@mail.example", MARKS)


def test_a_customer_without_name_or_email_can_be_made(account: StripeAccount) -> None:
    assert account.make_customer(email=None, name=None, marks={}, key="per_2").startswith("cus_")


@pytest.mark.parametrize("paid", [{}, {"payment": {"payment_intent": "pi_1"}}])
def test_an_invoice_may_be_told_by_its_id_alone(paid: dict[str, Any]) -> None:
    assert invoice_of("pi_1", {"invoice": "in_1", **paid}) == {"id": "in_1"}
    with pytest.raises(ValueError, match="another payment"):
        invoice_of("pi_1", {"invoice": "in_1", "payment": {"payment_intent": "pi_2"}})


def test_what_a_payment_was_for_is_told(account: StripeAccount, practice: PracticeStripe) -> None:
    def sale(payment: str) -> str | None:
        found = account.sale_of(payment)
        return found["id"] if found else None

    paid = practice.buy(12000, currency="eur", mode="subscription", email="bob@mail.example")
    alone = practice.buy(12000, currency="eur", email="bob@mail.example")
    assert sale(paid["payment_intent"]["id"]) == paid["invoice"]["id"]
    assert sale(alone["payment_intent"]["id"]) == alone["session"]["id"]
    assert sale("pi_nothing") is None
    practice.refuse_rights("checkout:read")
    assert sale(alone["payment_intent"]["id"]) is None


def test_the_currency_a_customer_is_billed_in_is_told(
    account: StripeAccount, practice: PracticeStripe, alice: str
) -> None:
    assert account.currency_of(alice) is None
    account.adjust_balance(alice, -1000, "eur", note=NOTE, marks=MARKS, key="one")
    assert account.currency_of(alice) == "eur"
    at_stripe(practice, "DELETE", f"/v1/customers/{alice}")
    for gone in (alice, "cus_nobody"):
        with pytest.raises(NotFoundThere):
            account.currency_of(gone)


def test_one_question_for_missed_events_names_no_more_types_than_stripe_takes() -> None:
    assert len(LISTED_EVENTS) <= 20
    assert set(EVENTS) - set(LISTED_EVENTS) == {
        "account.updated",
        "account.application.deauthorized",
    }
