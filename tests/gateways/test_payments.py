"""Giving back a part of somebody's own payment: once, within what is left, found by our marks."""

from __future__ import annotations

import pytest

from referral.gateways.stripe import StripeAccount
from referral.gateways.stripe.errors import NotFoundThere, Permanent
from tools.practice_stripe import PracticeStripe

MARKS = {"wom_reward": "rwd_1", "wom_business": "biz_1", "wom_grant": "rwd_1:refund:1"}


@pytest.fixture
def intent(practice: PracticeStripe, alice: str) -> str:
    bought = practice.buy(5000, currency="eur", customer=alice)
    return str(bought["payment_intent"]["id"])


def test_a_part_is_given_back_once(
    account: StripeAccount, practice: PracticeStripe, alice: str, intent: str
) -> None:
    made = [account.refund_payment(intent, 700, marks=MARKS, key="one") for _ in range(2)]
    assert made[0] == made[1] == account.find_refund(intent, MARKS)
    assert (made[0].amount_minor, made[0].currency, made[0].customer_id) == (700, "eur", alice)
    assert made[0].details == {"status": "succeeded", "payment_intent": intent}
    assert account.find_refund(intent, {"wom_grant": "rwd_1:refund:2"}) is None
    payment = account.last_payment(alice)
    assert payment and (payment.payment_intent, payment.left_minor) == (intent, 4300)


def test_a_refund_that_fails_later_says_so(
    account: StripeAccount, practice: PracticeStripe, alice: str, intent: str
) -> None:
    made = account.refund_payment(intent, 5000, marks=MARKS, key="one")
    assert account.last_payment(alice) is None
    practice.fail_refund(made.object_id)
    found = account.find_refund(intent, MARKS)
    assert found and found.details["status"] == "failed"
    payment = account.last_payment(alice)
    assert payment and payment.left_minor == 5000


def test_more_than_is_left_and_disputed_payments_are_refused(
    account: StripeAccount, practice: PracticeStripe, alice: str, intent: str
) -> None:
    with pytest.raises(Permanent):
        account.refund_payment(intent, 5001, marks=MARKS, key="one")
    practice.dispute(practice.buy(900, currency="eur", customer=alice)["charge"]["id"])
    payment = account.last_payment(alice)
    assert payment and payment.payment_intent == intent
    with pytest.raises(NotFoundThere):
        account.refund_payment("pi_nothing", 1, marks=MARKS, key="two")


def test_the_last_payment_is_of_the_wanted_currency(
    account: StripeAccount, practice: PracticeStripe, alice: str, intent: str
) -> None:
    practice.buy(800, currency="usd", customer=alice)
    payment, last = account.last_payment(alice, "eur"), account.last_payment(alice)
    assert payment and payment.payment_intent == intent
    assert last and (last.left_minor, last.currency) == (800, "usd")
    assert account.last_payment(alice, "gbp") is None
