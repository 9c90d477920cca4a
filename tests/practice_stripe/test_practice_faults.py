"""Faults strike where they say, once, and leave the effect they say."""

from __future__ import annotations

import threading
import time

import pytest
import stripe

ONE = {"idempotency_key": "rwd_1:credit:1"}
TEN = {"amount": -1000, "currency": "usd"}


def balance(sdk, customer) -> int:
    return sdk.customers.retrieve(customer.id).balance


@pytest.mark.parametrize(
    ("kind", "happened"),
    [
        ("refuse", False),
        ("reset_before", False),
        ("hang_before", False),
        ("hang_after", True),
        ("reset_after", True),
    ],
)
def test_a_lost_answer_leaves_one_object_after_the_same_key(
    client_for, practice, sdk, alice, kind, happened
):
    practice.fault(kind, "POST", f"/v1/customers/{alice.id}/", seconds=20)
    hasty = client_for(practice.url, timeout_s=0.3)
    with pytest.raises(stripe.APIConnectionError):
        hasty.customers.balance_transactions.create(alice.id, TEN, ONE)
    assert balance(sdk, alice) == (-1000 if happened else 0)

    again = sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
    listed = sdk.customers.balance_transactions.list(alice.id).data
    assert [one.id for one in listed] == [again.id]
    calls = practice.calls("POST", f"/v1/customers/{alice.id}/")
    assert [one["answered"] for one in calls] == [False, True]
    assert calls[1]["replayed"] is happened


def test_a_hanging_call_blocks_no_other(client_for, practice, sdk, alice):
    practice.fault("hang_after", "POST", seconds=20)
    hasty = client_for(practice.url, timeout_s=0.5)

    def hang() -> None:
        with pytest.raises(stripe.APIConnectionError):
            hasty.customers.balance_transactions.create(alice.id, TEN, ONE)

    hanging = threading.Thread(target=hang)
    hanging.start()
    before = time.monotonic()
    assert sdk.customers.retrieve(alice.id).id == alice.id
    assert time.monotonic() - before < 0.4
    hanging.join()


def test_a_wrong_amount_is_told_but_not_booked(practice, sdk, alice):
    practice.fault("wrong_amount", "POST")
    told = sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
    assert (told.amount, balance(sdk, alice)) == (-10_000, -1000)
    practice.fault("wrong_amount", "POST", change={"customer": "cus_mallory"})
    told = sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
    assert (told.customer, told.amount) == ("cus_mallory", -1000)


def test_rubbish_after_the_effect_is_no_answer(practice, sdk, alice):
    practice.fault("invalid_json", "POST")
    with pytest.raises(stripe.APIError):
        sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
    sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
    assert balance(sdk, alice) == -1000


def test_a_dripping_answer_arrives_whole(practice, sdk, alice):
    practice.fault("drip", "GET", seconds=0.2)
    assert balance(sdk, alice) == 0


def test_a_fault_strikes_its_calls_only_and_as_often_as_said(practice, sdk, alice):
    practice.fault("429", "POST", "/v1/coupons", times=2, skip=1, code="lock_timeout")
    answers = []
    for n in range(4):
        try:
            sdk.coupons.create({"id": f"c{n}", "percent_off": 10})
            answers.append("made")
        except stripe.RateLimitError as error:
            answers.append(error.error.code)
        assert balance(sdk, alice) == 0
    assert answers == ["made", "lock_timeout", "lock_timeout", "made"]


def test_faults_can_be_called_off(practice, sdk):
    practice.fault("500", times=100)
    practice.clear_faults()
    assert sdk.customers.list().data == []
