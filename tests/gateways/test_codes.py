"""Codes with limits, and codes withdrawn: Stripe says whether they were used."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from referral.gateways.stripe import CodeState, Made, StripeAccount
from referral.gateways.stripe.errors import NotFoundThere
from tests.stories.trade import at_stripe
from tools.practice_stripe import PracticeStripe

MARKS = {"wom_reward": "rwd_1", "wom_business": "biz_1", "wom_grant": "rwd_1:promotion_code:1"}


@pytest.fixture
def code(account: StripeAccount, alice: str) -> Made:
    account.ensure_coupon("wom_offer", {"name": "Welcome", "percent_off": 20})
    return account.make_promotion_code("wom_offer", alice, marks=MARKS, key="one")


def test_a_code_has_an_end_and_a_least_purchase(
    account: StripeAccount, practice: PracticeStripe, alice: str, code: Made
) -> None:
    end = datetime.fromtimestamp(int(time.time()), UTC) + timedelta(days=30)
    least = {"minimum_amount": 2000, "minimum_amount_currency": "eur"}
    made = account.make_promotion_code(
        "wom_offer",
        alice,
        marks=MARKS,
        key="two",
        expires_at=end,
        restrictions={"first_time_transaction": True, **least},
    )
    found = at_stripe(practice, "GET", f"/v1/promotion_codes/{made.object_id}")
    assert found["expires_at"] == end.timestamp()
    assert found["restrictions"] == {"first_time_transaction": True, **least}
    practice.set_clock(31 * 24 * 3600)
    assert not account.code_state(made.object_id).is_active


@pytest.mark.parametrize(
    ("currency", "least", "sent"),
    [("isk", 5000, 500_000), ("jpy", 5000, 5000), ("kwd", 1250, 1250)],
)
def test_a_least_purchase_is_told_in_stripes_own_units(
    account: StripeAccount,
    practice: PracticeStripe,
    alice: str,
    code: Made,
    currency: str,
    least: int,
    sent: int,
) -> None:
    made = account.make_promotion_code(
        "wom_offer",
        alice,
        marks=MARKS,
        key="two",
        restrictions={"minimum_amount": least, "minimum_amount_currency": currency},
    )
    found = at_stripe(practice, "GET", f"/v1/promotion_codes/{made.object_id}")
    assert found["restrictions"]["minimum_amount"] == sent


def test_an_unused_code_is_withdrawn(
    account: StripeAccount, practice: PracticeStripe, alice: str, code: Made
) -> None:
    for _ in range(2):
        withdrawn = account.deactivate_code(code.object_id, key="withdraw")
        assert withdrawn == CodeState(code.object_id, is_active=False, times_redeemed=0)
    with pytest.raises(Exception, match="not active"):
        practice.buy(5000, customer=alice, promotion_code=code.object_id)
    assert len(practice.events("promotion_code.updated")) == 1


def test_a_used_code_says_that_it_was_used(
    account: StripeAccount, practice: PracticeStripe, alice: str, code: Made
) -> None:
    practice.buy(5000, customer=alice, promotion_code=code.object_id)
    used = CodeState(code.object_id, is_active=False, times_redeemed=1)
    assert account.code_state(code.object_id) == used
    assert account.deactivate_code(code.object_id, key="withdraw") == used


def test_a_code_nobody_made_is_not_found(account: StripeAccount) -> None:
    with pytest.raises(NotFoundThere):
        account.deactivate_code("promo_nothing", key="withdraw")
