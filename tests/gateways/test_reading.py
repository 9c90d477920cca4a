"""Events of several API versions say the same; what is strange says nothing, and never breaks."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from referral.domain.purchases import (
    CustomerFact,
    DisputeFact,
    DisputeOutcome,
    PurchaseFact,
    RefundFact,
    SameMoney,
)
from referral.gateways.stripe import read
from referral.gateways.stripe.reading import _READERS, Fact

NOON = 1_790_000_000
AT = datetime.fromtimestamp(NOON, UTC)
TOKEN = "wom_" + "T" * 66


def event(kind: str, thing: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "evt_1", "type": kind, "created": NOON, "data": {"object": thing}, **more}


def only(facts: list[Fact]) -> Any:
    (fact,) = facts
    return fact


INVOICE_OF_2024 = {
    "id": "in_1",
    "customer": "cus_bob",
    "customer_email": "bob@mail.example",
    "amount_paid": 12000,
    "total": 12000,
    "tax": 2000,
    "currency": "eur",
    "charge": "ch_1",
    "payment_intent": "pi_1",
    "subscription_details": {"metadata": {"wom_token": TOKEN}},
    "status_transitions": {"paid_at": NOON},
}
INVOICE_OF_2026 = {
    "id": "in_1",
    "customer": "cus_bob",
    "customer_email": "bob@mail.example",
    "amount_paid": 12000,
    "total": 12000,
    "total_taxes": [{"amount": 1500}, {"amount": 500}],
    "currency": "eur",
    "parent": {
        "type": "subscription_details",
        "subscription_details": {"subscription": "sub_1", "metadata": {"wom_token": TOKEN}},
    },
    "payments": {
        "data": [
            {"payment": {"type": "payment_intent", "payment_intent": "pi_1", "charge": "ch_1"}}
        ]
    },
    "status_transitions": {"paid_at": NOON},
}


@pytest.mark.parametrize("invoice", [INVOICE_OF_2024, INVOICE_OF_2026])
def test_an_invoice_says_the_same_before_and_after_basil(invoice: dict[str, Any]) -> None:
    """F-22."""
    fact: PurchaseFact = only(read(event("invoice.paid", invoice)))
    assert (fact.gross_minor, fact.tax_minor, fact.base_minor) == (12000, 2000, 10000)
    assert set(fact.keys) == {"in_1", "pi_1", "ch_1"}
    assert fact.keys[0] == "in_1"
    assert (fact.currency, fact.occurred_at) == ("eur", AT)
    assert (fact.claim.customer_id, fact.claim.tokens) == ("cus_bob", (TOKEN,))


def test_tax_can_be_the_difference_of_two_totals() -> None:
    invoice = {**INVOICE_OF_2026, "total_taxes": None, "total_excluding_tax": 10000}
    assert only(read(event("invoice.paid", invoice))).tax_minor == 2000


def test_an_invoice_of_nothing_is_worth_nothing() -> None:
    fact = only(read(event("invoice.paid", {**INVOICE_OF_2026, "amount_paid": 0})))
    assert (fact.gross_minor, fact.base_minor) == (0, 0)


@pytest.mark.parametrize("customer", ["cus_bob", {"id": "cus_bob", "object": "customer"}])
def test_an_expanded_customer_is_the_same_customer(customer: object) -> None:
    fact = only(read(event("invoice.paid", {**INVOICE_OF_2026, "customer": customer})))
    assert fact.claim.customer_id == "cus_bob"


SESSION = {
    "id": "cs_1",
    "mode": "payment",
    "payment_status": "paid",
    "payment_intent": "pi_1",
    "customer": "cus_bob",
    "customer_details": {"email": "bob@mail.example", "name": "Bob"},
    "amount_total": 12000,
    "total_details": {"amount_tax": 2000},
    "currency": "eur",
    "client_reference_id": TOKEN,
    "metadata": {},
}


def test_a_paid_session_is_money_and_says_who() -> None:
    fact: PurchaseFact = only(read(event("checkout.session.completed", SESSION)))
    assert fact.keys == ("pi_1", "cs_1")
    assert (fact.gross_minor, fact.base_minor) == (12000, 10000)
    assert (fact.claim.email, fact.claim.name, fact.claim.tokens) == (
        "bob@mail.example",
        "Bob",
        (TOKEN,),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"payment_status": "unpaid"},
        {"payment_status": "unpaid", "invoice": "in_1"},
        {"mode": "setup"},
        {"currency": None},
        {"currency": "xyz"},
        {"currency": 978},
    ],
)
def test_a_session_that_is_no_money_only_says_who(change: dict[str, Any]) -> None:
    fact = only(read(event("checkout.session.completed", {**SESSION, **change})))
    assert isinstance(fact, CustomerFact)
    assert fact.claim.tokens == (TOKEN,)


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        ({"mode": "subscription", "payment_intent": None}, ("in_1", SESSION["id"])),
        ({}, ("in_1", SESSION["payment_intent"], SESSION["id"])),
    ],
)
def test_a_session_with_an_invoice_says_who_and_which_ids_are_one(
    change: dict[str, Any], keys: tuple[str, ...]
) -> None:
    told = read(event("checkout.session.completed", {**SESSION, "invoice": "in_1", **change}))
    assert isinstance(told[0], CustomerFact)
    assert told[1:] == [SameMoney(keys)]


@pytest.mark.parametrize(
    ("paid", "keys"),
    [
        ({"type": "payment_intent", "payment_intent": "pi_1"}, ("in_1", "pi_1")),
        ({"type": "charge", "charge": {"id": "ch_1"}}, ("in_1", "ch_1")),
        ({"type": "payment_record", "payment_record": "pr_1"}, None),
        ("strange", None),
    ],
)
def test_a_payment_of_an_invoice_says_which_ids_are_one(
    paid: object, keys: tuple[str, ...] | None
) -> None:
    told = read(event("invoice_payment.paid", {"invoice": "in_1", "payment": paid}))
    assert told == ([SameMoney(keys, may_be_none=True)] if keys else [])


def test_a_currency_is_read_in_lower_case_and_an_unknown_one_is_no_money() -> None:
    (fact,) = read(event("checkout.session.completed", {**SESSION, "currency": "EUR"}))
    assert isinstance(fact, PurchaseFact)
    assert fact.currency == "eur"
    invoice = {"id": "in_1", "customer": "cus_1", "amount_paid": 100, "currency": "zzz"}
    assert isinstance(only(read(event("invoice.paid", invoice))), CustomerFact)


def test_a_failed_slow_payment_is_no_money() -> None:
    fact = only(read(event("checkout.session.async_payment_failed", SESSION)))
    assert isinstance(fact, CustomerFact)


def test_only_what_looks_like_our_token_counts() -> None:
    session = {
        **SESSION,
        "client_reference_id": "order-17",
        "metadata": {"wom_token": TOKEN, "referral": "somebody"},
    }
    assert only(read(event("checkout.session.completed", session))).claim.tokens == (TOKEN,)


def test_amount_and_advocate_in_metadata_are_ignored() -> None:
    session = {
        **SESSION,
        "metadata": {"amount_total": "999999", "currency": "usd", "advocate": "m"},
    }
    fact = only(read(event("checkout.session.completed", session)))
    assert (fact.gross_minor, fact.currency) == (12000, "eur")


CHARGE_OF_2024 = {
    "id": "ch_1",
    "payment_intent": "pi_1",
    "invoice": "in_1",
    "amount_refunded": 3000,
    "refunds": {"data": [{"id": "re_1", "amount": 3000}]},
}
CHARGE_OF_2026 = {"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 3000}


@pytest.mark.parametrize(
    ("charge", "keys"),
    [(CHARGE_OF_2024, {"ch_1", "pi_1", "in_1"}), (CHARGE_OF_2026, {"ch_1", "pi_1"})],
)
def test_a_refunded_charge_tells_the_whole_so_far(charge: dict[str, Any], keys: set[str]) -> None:
    fact: RefundFact = only(read(event("charge.refunded", charge)))
    assert (set(fact.keys), fact.total_minor, fact.refund_id) == (keys, 3000, None)


@pytest.mark.parametrize(
    ("status", "has_failed"),
    [("succeeded", False), ("pending", False), ("failed", True), ("canceled", True)],
)
def test_a_refund_tells_its_own_amount(status: str, has_failed: bool) -> None:
    refund = {"id": "re_1", "charge": "ch_1", "payment_intent": "pi_1", "amount": 500}
    fact = only(read(event("refund.updated", {**refund, "status": status})))
    assert (fact.refund_id, fact.amount_minor, fact.has_failed) == ("re_1", 500, has_failed)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("needs_response", DisputeOutcome.OPEN),
        ("under_review", DisputeOutcome.OPEN),
        ("something_new", DisputeOutcome.OPEN),
        ("won", DisputeOutcome.WON),
        ("warning_closed", DisputeOutcome.WON),
        ("prevented", DisputeOutcome.WON),
        ("lost", DisputeOutcome.LOST),
    ],
)
def test_a_dispute_is_open_until_it_is_decided(status: str, outcome: DisputeOutcome) -> None:
    disputed = {"id": "du_1", "charge": "ch_1", "amount": 12000, "status": status}
    fact: DisputeFact = only(read(event("charge.dispute.closed", disputed)))
    assert (fact.dispute_id, fact.outcome, fact.amount_minor) == ("du_1", outcome, 12000)


def test_a_customer_of_long_ago_is_known_since_then() -> None:
    long_ago = {"id": "cus_bob", "email": "bob@mail.example", "created": NOON - 30 * 86400}
    fresh = {**long_ago, "created": NOON}
    assert only(read(event("customer.updated", long_ago))).known_since is not None
    assert only(read(event("customer.created", fresh))).known_since is None


@pytest.mark.parametrize(
    "strange",
    [
        event("customer.deleted", {"id": "cus_bob", "deleted": True}),
        event("customer.updated", {"id": "cus_bob", "deleted": True}),
        event("customer.created", {"id": "cus_bob", "metadata": {"wom_person": "per_1"}}),
        event("account.application.deauthorized", {"id": "ca_1"}),
        event("v1.charge.refunded", {}),
        event("charge.refunded", {**CHARGE_OF_2026, "metadata": {"wom_reward": "rwd_1"}}),
        {"id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.no_meter_found"},
        {"id": "evt_1", "type": "invoice.paid", "created": NOON, "data": {"object": "in_1"}},
        {"id": "evt_1", "type": "invoice.paid", "created": NOON, "data": None},
        {"id": "evt_1", "type": None},
        {"id": "evt_1"},
    ],
)
def test_what_tells_us_nothing_is_nothing(strange: dict[str, Any]) -> None:
    assert read(strange) == []


GARBAGE = [None, 0, -1, 1.5, True, "", "x", [], [1], {}, {"id": 5}, {"data": 3}, {"data": [7]}]
FIELDS = sorted(
    {*SESSION, *INVOICE_OF_2024, *INVOICE_OF_2026, *CHARGE_OF_2024, "created", "status"}
)


@pytest.mark.parametrize("kind", sorted(_READERS))
def test_garbage_is_refused_as_a_value_or_read_as_little(kind: str) -> None:
    lots = random.Random(kind)
    for _ in range(400):
        thing = {name: lots.choice(GARBAGE) for name in lots.sample(FIELDS, 8)}
        said = event(kind, thing, created=lots.choice([NOON, NOON, *GARBAGE]))
        try:
            facts = read(json.loads(json.dumps(said)))
        except ValueError:
            continue
        assert isinstance(facts, list)


@pytest.mark.parametrize("email", ["bob@", "bob at home", "bob@localhost", "b" * 400, 17, ["b"]])
def test_an_address_that_names_nobody_is_left_out(email: object) -> None:
    session = {**SESSION, "customer_details": {"email": email, "name": "Bob"}}
    fact = only(read(event("checkout.session.completed", session)))
    assert (fact.claim.email, fact.claim.customer_id) == (None, "cus_bob")


def test_an_address_is_read_in_its_one_form() -> None:
    session = {**SESSION, "customer_details": {"email": " Bob@Mail.Example "}}
    assert only(read(event("checkout.session.completed", session))).claim.email == (
        "bob@mail.example"
    )
