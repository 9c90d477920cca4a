"""Idempotency keys as Stripe keeps them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

ONE = {"idempotency_key": "rwd_1:credit:1"}
TEN = {"amount": -1000, "currency": "usd"}


def test_the_same_key_replays_the_first_answer(sdk, practice, alice):
    first = sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
    again = sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    original = first.last_response.headers["Request-Id"]
    assert again.last_response.headers["Original-Request"] == original
    assert sdk.customers.retrieve(alice.id).balance == -1000
    calls = practice.calls("POST", f"/v1/customers/{alice.id}/")
    assert [one["replayed"] for one in calls] == [False, True]


def test_a_key_with_other_parameters_is_refused(sdk, alice):
    sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
    with pytest.raises(stripe.IdempotencyError):
        sdk.customers.balance_transactions.create(alice.id, {**TEN, "amount": -2000}, ONE)
    with pytest.raises(stripe.IdempotencyError):
        sdk.customers.create({"name": "Bob"}, ONE)
    assert sdk.customers.retrieve(alice.id).balance == -1000


def test_a_business_error_is_kept_but_a_malformed_call_is_not(sdk, practice, alice):
    bought = practice.buy(1000)
    refund = {"charge": bought["charge"]["id"], "amount": 2000}
    for replayed in (None, "true"):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            sdk.refunds.create(refund, ONE)
        assert refused.value.headers.get("Idempotent-Replayed") == replayed

    other = {"idempotency_key": "other"}
    with pytest.raises(stripe.InvalidRequestError):
        sdk.customers.balance_transactions.create(alice.id, {**TEN, "amount": "ten"}, other)
    assert sdk.customers.balance_transactions.create(alice.id, TEN, other).amount == -1000


@pytest.mark.parametrize("kind", ["429", "409", "500"])
def test_refusals_before_the_call_ran_are_not_kept(sdk, practice, alice, kind):
    practice.fault(kind, "POST")
    with pytest.raises(stripe.StripeError) as refused:
        sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
    assert refused.value.http_status == int(kind)
    assert sdk.customers.balance_transactions.create(alice.id, TEN, ONE).amount == -1000


def test_a_call_still_running_refuses_its_key_and_blocks_no_other(sdk, practice, alice):
    practice.fault("slow", "POST", seconds=0.4)
    first = threading.Thread(
        target=sdk.customers.balance_transactions.create, args=(alice.id, TEN, ONE)
    )
    first.start()
    while not practice.calls("POST", f"/v1/customers/{alice.id}/"):
        pass
    with pytest.raises(stripe.APIError) as refused:
        sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
    assert sdk.customers.retrieve(alice.id).balance == 0
    first.join()
    assert refused.value.http_status == 409
    assert sdk.customers.retrieve(alice.id).balance == -1000


@pytest.mark.parametrize(
    ("kind", "balance"), [("500_stored", 0), ("500_stored_after_effect", -1000)]
)
def test_a_stored_500_never_changes_for_its_key(sdk, practice, alice, kind, balance):
    practice.fault(kind, "POST")
    for _ in range(2):
        with pytest.raises(stripe.APIError) as broken:
            sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
        assert broken.value.http_status == 500
        assert broken.value.headers["Stripe-Should-Retry"] == "false"
    assert broken.value.headers["Idempotent-Replayed"] == "true"
    assert sdk.customers.retrieve(alice.id).balance == balance


def test_after_24_hours_a_key_is_forgotten_and_acts_again(sdk, practice, alice):
    first = sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
    practice.set_clock(25 * 3600)
    second = sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
    practice.forget_keys()
    third = sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
    assert len({first.id, second.id, third.id}) == 3


def test_deletions_ignore_keys(sdk, alice):
    sdk.customers.delete(alice.id, None, ONE)
    assert sdk.customers.create({"name": "Bob"}, ONE).name == "Bob"


def test_sixteen_calls_at_once_with_one_key_make_one_object(client_for, practice, sdk, alice):
    def call(_: int) -> int:
        try:
            client_for(practice.url).customers.balance_transactions.create(alice.id, TEN, ONE)
        except stripe.APIError as error:
            return int(error.http_status or 0)
        return 200

    with ThreadPoolExecutor(16) as pool:
        statuses = set(pool.map(call, range(16)))
    assert 200 in statuses and statuses <= {200, 409}
    assert sdk.customers.retrieve(alice.id).balance == -1000
