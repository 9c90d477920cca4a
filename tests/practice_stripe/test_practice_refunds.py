"""Refunds and disputes: cumulative, bounded, and failing late."""

from __future__ import annotations

import pytest
import stripe


@pytest.fixture
def bought(practice):
    return practice.buy(5000, email="bob@example.com")


def test_refunds_add_up_and_never_beyond_the_charge(sdk, bought):
    charge = bought["charge"]["id"]
    sdk.refunds.create({"charge": charge, "amount": 1500, "metadata": {"wom_reward": "rwd_1"}})
    with pytest.raises(stripe.InvalidRequestError) as too_much:
        sdk.refunds.create({"payment_intent": bought["payment_intent"]["id"], "amount": 3501})
    assert (too_much.value.param, too_much.value.code) == ("amount", None)

    rest = sdk.refunds.create({"payment_intent": bought["payment_intent"]["id"]})
    assert rest.amount == 3500
    after = sdk.charges.retrieve(charge, {"expand": ["refunds"]})
    assert (after.amount_refunded, after.refunded, len(after.refunds.data)) == (5000, True, 2)

    with pytest.raises(stripe.InvalidRequestError) as all_gone:
        sdk.refunds.create({"charge": charge})
    assert all_gone.value.code == "charge_already_refunded"


def test_a_partial_refund_tells_the_absolute_sum(practice, bought):
    practice.refund(bought["charge"]["id"], 1000)
    second = practice.refund(bought["charge"]["id"], 500)
    kinds = [event["type"] for event in second["events"]]
    assert kinds == ["refund.created", "charge.refunded"]
    told = second["events"][1]["data"]
    assert told["object"]["amount_refunded"] == 1500
    assert told["previous_attributes"] == {"amount_refunded": 1000, "refunded": False}


def test_a_failed_refund_lowers_the_sum_again(sdk, practice, bought):
    refund = practice.refund(bought["charge"]["id"])["refund"]
    failed = practice.fail_refund(refund["id"])
    assert failed["charge"]["amount_refunded"] == 0
    assert not sdk.charges.retrieve(bought["charge"]["id"]).refunded
    assert "refund.failed" in [event["type"] for event in failed["events"]]


def test_a_disputed_charge_cannot_be_refunded_until_it_is_won(sdk, practice, bought):
    charge = bought["charge"]["id"]
    dispute = practice.dispute(charge)["dispute"]
    with pytest.raises(stripe.InvalidRequestError) as disputed:
        sdk.refunds.create({"charge": charge})
    assert disputed.value.code == "charge_disputed"
    assert sdk.disputes.retrieve(dispute["id"]).status == "needs_response"

    closed = practice.close_dispute(dispute["id"], "won")
    assert closed["events"][0]["type"] == "charge.dispute.closed"
    assert closed["events"][0]["data"]["object"]["status"] == "won"
    assert sdk.refunds.create({"charge": charge}).amount == 5000


def test_an_unpaid_charge_cannot_be_refunded(sdk, practice):
    waiting = practice.buy(5000, email="bob@example.com", is_delayed=True)
    with pytest.raises(stripe.InvalidRequestError):
        sdk.refunds.create({"charge": waiting["charge"]["id"]})


def test_a_charge_leads_back_to_its_invoice(sdk, practice):
    bought = practice.buy(5000, mode="subscription", email="bob@example.com")
    intent = bought["payment_intent"]["id"]
    found = sdk.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": intent}}
    )
    assert [one.invoice for one in found.data] == [bought["invoice"]["id"]]
    assert (
        sdk.invoices.list({"subscription": bought["subscription"]["id"]}).data[0].status == "paid"
    )
