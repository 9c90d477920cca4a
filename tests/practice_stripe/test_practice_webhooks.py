"""Events: signed, delivered, repeated, and listed for those who missed them."""

from __future__ import annotations

import json
from urllib.request import Request, urlopen

import pytest
import stripe

from tools.practice_stripe.driver import Refused


def test_a_purchase_is_delivered_with_genuine_signatures(practice, receiver):
    bought = practice.buy(5000, email="bob@example.com", client_reference_id="wom_t")
    practice.wait_delivered()
    got = {event.id: event for event in receiver.events()}
    assert set(got) == {event["id"] for event in bought["events"]}
    [completed] = [one for one in got.values() if one.type == "checkout.session.completed"]
    assert completed.data.object.client_reference_id == "wom_t"
    assert completed.data.object.customer == bought["customer"]["id"]
    assert completed.api_version == stripe.api_version


def test_a_signature_is_refused_with_another_secret(practice, receiver):
    practice.buy(5000, email="bob@example.com")
    practice.wait_delivered()
    body, signature = receiver.got[0]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature, "whsec_mallory")


def test_a_refused_delivery_is_tried_again(practice, receiver, sdk):
    receiver.statuses = [500]
    sdk.customers.create({"name": "Bob"})
    practice.wait_delivered()
    assert [one["attempts"] for one in practice.deliveries()] == [2]
    assert len({event.id for event in receiver.events()}) == 1
    assert len(receiver.got) == 2


def test_an_event_can_be_delivered_again_many_times_at_once(practice, receiver, sdk):
    sdk.customers.create({"name": "Bob"})
    practice.wait_delivered()
    [event] = practice.events("customer.created")
    assert practice.deliver(event["id"], times=16, parallel=True) == [200] * 16
    assert len(receiver.got) == 17


def test_withheld_events_wait_and_can_be_sent_in_any_order(practice, receiver, sdk):
    bought = practice.buy(5000, email="bob@example.com", deliver=False)
    missed = sdk.events.list({"delivery_success": False, "limit": 100}).data
    assert {one.id for one in missed} == {one["id"] for one in bought["events"]}
    for event in reversed(bought["events"]):
        assert practice.deliver(event["id"]) == [200]
    order = [event.id for event in receiver.events()]
    assert order == [event["id"] for event in reversed(bought["events"])]
    assert sdk.events.list({"delivery_success": False}).data == []


def test_released_events_are_sent(practice, receiver):
    bought = practice.buy(5000, email="bob@example.com", deliver=False)
    assert receiver.got == []
    practice.release()
    practice.wait_delivered()
    assert len(receiver.got) == len(bought["events"])


def test_missed_events_are_listed_oldest_first_from_a_cursor(practice, sdk):
    first = practice.buy(5000, email="bob@example.com")["events"][-1]["id"]
    later = practice.buy(6000, email="charlie@example.com")["events"]
    wanted = ["payment_intent.succeeded", "checkout.session.completed"]
    missed = sdk.events.list({"types": wanted, "ending_before": first, "limit": 1})
    listed = [one.id for one in missed.auto_paging_iter()]
    assert listed == [one["id"] for one in later if one["type"] in wanted]


def test_receivers_choose_types_and_must_be_on_this_machine(practice, receiver):
    practice.register_webhook(receiver.url, "whsec_practice", events=["invoice.*"])
    practice.buy(5000, mode="subscription", email="bob@example.com")
    practice.wait_delivered()
    assert {event.type for event in receiver.events()} == {
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
    }
    with pytest.raises(Refused):
        practice.register_webhook("https://example.com/hooks", "whsec_practice")


def test_registering_a_receiver_answers_its_address(practice, receiver):
    asked = json.dumps({"url": receiver.url, "secret": "whsec_practice"}).encode()
    with urlopen(Request(f"{practice.url}/_practice/webhooks", asked)) as answer:
        assert json.load(answer) == {"registered": receiver.url}


def test_an_event_names_the_request_and_key_that_caused_it(practice, sdk):
    made = sdk.customers.create({"name": "Bob"}, {"idempotency_key": "k-1"})
    [event] = practice.events("customer.created")
    assert event["request"]["idempotency_key"] == "k-1"
    assert event["request"]["id"] == made.last_response.headers["Request-Id"]


def test_an_act_can_be_dated_back(practice, sdk):
    bought = practice.buy(5000, email="bob@example.com", at=1_700_000_000)
    assert bought["charge"]["created"] == bought["events"][0]["created"] == 1_700_000_000
