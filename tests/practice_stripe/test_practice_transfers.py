"""Transfers and reversals: real sums on both sides, refused where the money or the right lacks."""

from __future__ import annotations

from urllib.request import urlopen

import pytest
import stripe

from tests.practice_stripe.test_practice_payees import EXPRESS
from tools.practice_stripe import funds

ONE = {"idempotency_key": "rwd_1:transfer:1"}
TWO = {"idempotency_key": "rwd_1:transfer:2"}


@pytest.fixture
def payee(sdk, practice):
    made = sdk.accounts.create(EXPRESS)
    practice.finish_onboarding(made.id)
    return made.id


@pytest.fixture
def pay(sdk, payee):
    def transfer(amount=1000, currency="eur", options=None, **more):
        asked = {"amount": amount, "currency": currency, "destination": payee, **more}
        return sdk.transfers.create(asked, options)

    return transfer


def held(sdk, payee=None):
    """What is available, by currency."""
    options = {"stripe_account": payee} if payee else None
    return {one.currency: one.amount for one in sdk.balance.retrieve(None, options).available}


def refusal(ask):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        ask()
    return refused.value


def test_a_transfer_moves_the_money_and_is_found_by_its_group(sdk, payee, pay):
    marks = {"wom_grant": "rwd_1:transfer:1"}
    made = pay(transfer_group="rwd_1", metadata=marks)
    pay(amount=5, transfer_group="rwd_2")
    (found,) = sdk.transfers.list({"transfer_group": "rwd_1"}).data
    assert (found.id, found.amount, found.destination) == (made.id, 1000, payee)
    assert found.metadata.to_dict() == marks
    assert len(sdk.transfers.list({"destination": payee}).data) == 2
    assert held(sdk) == {"eur": funds.START - 1005}
    assert held(sdk, payee) == {"eur": 1005}


def test_too_little_is_refused_and_the_answer_stays_with_its_key(sdk, practice, pay):
    practice.set_balance("eur", 999)
    for _ in range(2):
        assert refusal(lambda: pay(options=ONE)).code == "balance_insufficient"
    practice.set_balance("eur", 1000)
    again = refusal(lambda: pay(options=ONE))
    assert again.headers["Idempotent-Replayed"] == "true"
    assert pay(options=TWO).amount == 1000
    assert held(sdk) == {"eur": 0}
    assert len(sdk.transfers.list().data) == 1


def test_a_payment_a_refund_and_a_dispute_move_the_balance(sdk, practice):
    practice.set_balance("usd", 0)
    charge = practice.buy(5000)["charge"]["id"]
    refund = practice.refund(charge, 1000)["refund"]["id"]
    assert held(sdk) == {"usd": 4000}
    practice.fail_refund(refund)
    dispute = practice.dispute(charge)["dispute"]["id"]
    assert held(sdk) == {"usd": 0}
    practice.close_dispute(dispute, "won")
    assert held(sdk) == {"usd": 5000}


def test_whoever_is_not_onboarded_or_gone_is_not_paid(sdk, practice, payee, pay):
    practice.require_more(payee)
    assert refusal(pay).code == "insufficient_capabilities_for_transfer"
    practice.deauthorise(payee)
    gone = refusal(pay)
    assert (gone.http_status, gone.code, gone.param) == (400, "resource_missing", "destination")
    assert held(sdk) == {"usd": funds.START}


@pytest.mark.parametrize(
    ("amount", "currency", "is_taken"),
    [
        (0, "eur", False),
        (-5, "eur", False),
        (1, "jpy", True),
        (10, "kwd", True),
        (15, "kwd", False),
    ],
)
def test_amounts_follow_their_currency(sdk, pay, amount, currency, is_taken):
    if is_taken:
        assert pay(amount, currency).amount == amount
    else:
        assert refusal(lambda: pay(amount, currency)).param == "amount"
    assert len(sdk.transfers.list().data) == is_taken


def test_a_reversal_takes_back_what_is_still_there(sdk, practice, payee, pay):
    made = pay()
    first = sdk.transfers.reversals.create(made.id, {"amount": 400, "metadata": {"a": "b"}})
    assert refusal(lambda: sdk.transfers.reversals.create(made.id, {"amount": 601})).param == (
        "amount"
    )
    assert sdk.transfers.retrieve(made.id).amount_reversed == 400
    sdk.transfers.reversals.create(made.id)
    after = sdk.transfers.retrieve(made.id)
    assert (after.amount_reversed, after.reversed, len(after.reversals.data)) == (1000, True, 2)
    assert refusal(lambda: sdk.transfers.reversals.create(made.id))
    assert held(sdk) == {"eur": funds.START}
    assert held(sdk, payee) == {"eur": 0}
    listed = sdk.transfers.reversals.list(made.id).data
    assert [one.amount for one in listed] == [600, 400]
    assert sdk.transfers.reversals.retrieve(made.id, first.id).metadata.to_dict() == {"a": "b"}
    assert len(practice.events("transfer.reversed")) == 2


def test_what_was_paid_out_cannot_be_taken_back(sdk, practice, payee, pay):
    made = pay()
    practice.pay_out(payee, "eur")
    refused = refusal(lambda: sdk.transfers.reversals.create(made.id))
    assert refused.code == "balance_insufficient"
    assert sdk.transfers.retrieve(made.id).amount_reversed == 0
    assert held(sdk) == {"eur": funds.START - 1000}


def test_a_transfer_keeps_its_money_whatever_its_words(sdk, pay):
    made = pay(metadata={"a": "1"})
    sdk.transfers.update(made.id, {"metadata": {"b": "2"}})
    assert sdk.transfers.retrieve(made.id).metadata.to_dict() == {"a": "1", "b": "2"}
    assert refusal(lambda: sdk.transfers.update(made.id, {"amount": 5})).param == "amount"


def test_the_overview_shows_who_is_paid(practice, payee, pay):
    pay(12_340, "kwd")
    page = urlopen(practice.url, timeout=5).read().decode()
    assert payee in page and "can be paid" in page and "12.340 KWD" in page
