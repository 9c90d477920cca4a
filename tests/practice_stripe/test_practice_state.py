"""A practice account outlives its process when it is given a file."""

from __future__ import annotations

import pytest
import stripe

from tools.practice_stripe import launch, start

ONE = {"idempotency_key": "rwd_1:credit:1"}
TEN = {"amount": -1000, "currency": "usd"}


def test_what_was_answered_survives_kill_9(tmp_path, client_for):
    state = str(tmp_path / "practice.sqlite")
    with launch(state=state) as first:
        sdk = client_for(first.url)
        alice = sdk.customers.create({"name": "Alice"})
        entry = sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
        first.kill()

    with launch(state=state) as second:
        sdk = client_for(second.url)
        assert sdk.customers.retrieve(alice.id).balance == -1000
        again = sdk.customers.balance_transactions.create(alice.id, TEN, ONE)
        assert again.id == entry.id
        assert [one["type"] for one in second.practice.events()] == [
            "customer.created",
            "customer.updated",
        ]
        assert second.stop() == 0


def test_deliveries_that_waited_go_out_after_a_restart(tmp_path, receiver):
    state = str(tmp_path / "practice.sqlite")
    with start(state=state) as first:
        first.practice.register_webhook(receiver.url, "whsec_practice")
        bought = first.practice.buy(5000, email="bob@example.com", deliver=False)
    with start(state=state) as second:
        second.practice.release()
        second.practice.wait_delivered()
    assert {one.id for one in receiver.events()} == {one["id"] for one in bought["events"]}


def test_the_same_port_can_be_taken_again_at_once(client_for):
    with start() as first:
        port = int(first.url.rpartition(":")[2])
        client_for(first.url).customers.create({"name": "Alice"})
    with start(port) as second:
        assert client_for(second.url).customers.list().data == []


def test_only_the_given_key_is_accepted(client_for):
    with start(only_key="sk_test_mine") as running:
        assert client_for(running.url, "sk_test_mine").customers.list().data == []
        with pytest.raises(stripe.AuthenticationError):
            client_for(running.url, "sk_test_other").customers.list()


def test_reset_forgets_all_but_the_receivers(practice, receiver, sdk, alice):
    practice.fault("500")
    practice.reset()
    assert sdk.customers.list().data == []
    assert [one["status"] for one in practice.calls()] == [200]
    bought = practice.buy(1000, email="bob@example.com")
    practice.wait_delivered()
    assert bought["events"][0]["id"] in {one.id for one in receiver.events()}


def test_the_calls_so_far_can_be_forgotten(practice, sdk, alice):
    practice.clear_calls()
    assert practice.calls() == []
    sdk.customers.retrieve(alice.id)
    assert [one["method"] for one in practice.calls()] == ["GET"]
