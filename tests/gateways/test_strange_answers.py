"""An answer that says nothing, or is about something else, tells nothing: it is asked for again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from referral.gateways.stripe import StripeAccount
from referral.gateways.stripe.errors import OutcomeUnknown
from tests.stories.trade import Thing
from tools.practice_stripe import PracticeStripe

_READINGS: dict[str, Callable[[StripeAccount, Thing], Any]] = {
    "credit": lambda account, known: account.credit_left(known["customer"], "eur"),
    "currency": lambda account, known: account.currency_of(known["customer"]),
    "deleted": lambda account, known: account.is_deleted(known["customer"]),
    "code": lambda account, known: account.code_state(known["code"]),
    "payee": lambda account, known: account.payee_status(known["payee"]),
    "transfer": lambda account, known: account.read_transfer(known["transfer"]),
    "subscription": lambda account, known: account.subscription(known["subscription"]),
    "sale": lambda account, known: account.sale_of(known["payment"]),
}


@pytest.fixture
def known(account: StripeAccount, practice: PracticeStripe, alice: str) -> Thing:
    """What can be asked for."""
    account.ensure_coupon("wom_1", {"percent_off": 20, "name": "Welcome"})
    payee = account.make_payee(email=None, country="DE", marks={}, key="payee")
    practice.finish_onboarding(payee)
    paid = account.transfer(payee, 1000, "eur", group="rwd_0", marks={}, key="transfer")
    bought = practice.buy(5000, currency="eur", customer=alice, mode="subscription")
    return {
        "customer": alice,
        "code": account.make_promotion_code("wom_1", alice, marks={}, key="code").object_id,
        "payee": payee,
        "transfer": paid.object_id,
        "subscription": bought["subscription"]["id"],
        "payment": bought["payment_intent"]["id"],
    }


@pytest.mark.parametrize("name", _READINGS)
@pytest.mark.parametrize("is_of_another", [True, False], ids=["another", "nothing"])
def test_what_is_not_about_it_tells_nothing(
    account: StripeAccount, practice: PracticeStripe, known: Thing, name: str, is_of_another: bool
) -> None:
    read = _READINGS[name]
    right = read(account, known)
    change: Thing = {"id": "another" if is_of_another else None}
    if name == "sale":
        of_another = {"payment": {"payment_intent": "pi_another"}, "invoice": "in_another"}
        change = {"data": [of_another] if is_of_another else None}
    practice.fault("wrong_amount", "GET", change=change)
    with pytest.raises(OutcomeUnknown):
        read(account, known)
    assert read(account, known) == right


def test_nobody_s_key_is_nobody_s(account: StripeAccount, practice: PracticeStripe) -> None:
    practice.fault("wrong_amount", "GET", "/v1/account", change={"id": None})
    with pytest.raises(OutcomeUnknown):
        account.whose()
