"""A discount that a friend's purchase earns: made once it is due, withdrawn while unused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import within
from referral.domain.people import Person
from referral.domain.programs import Kind, Program, Side, Step, Trigger
from referral.domain.purchases import RefundFact
from referral.domain.reports.discounts import discounts_of
from referral.domain.rewards import Reward
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.cast import discount
from tests.stories.test_periods_and_refunds import (
    earned,
    newest_of,
    refund_half,
    refund_whole,
    states,
    trade_with,
)
from tests.stories.trade import Thing, Trade, assert_clean, at_stripe, open_trade
from tools.practice_stripe import PracticeStripe

SHARE = {"rate_bp": 1500}


def opened(app: Flask, practice: PracticeStripe, **terms: Any) -> Trade:
    """Open a shop where each purchase of a friend earns the advocate a discount."""
    return trade_with(app, practice, Kind.DISCOUNT, **terms)


def codes(trade: Trade) -> list[Thing]:
    """List the codes at Stripe, the first first."""
    found: list[Thing] = at_stripe(trade.practice, "GET", "/v1/promotion_codes")["data"][::-1]
    return found


def coupon_of(trade: Trade, code: Thing) -> Thing:
    coupon = code["promotion"]["coupon"]
    found: Thing = at_stripe(trade.practice, "GET", f"/v1/coupons/{coupon}")
    return found


def committed(trade: Trade) -> int:
    with within(trade.shop.business.id):
        known = session.get_one(Program, trade.shop.program.id).committed_minor
        session.commit()
    return known


def use(trade: Trade, code: Thing) -> None:
    paid = trade.practice.buy(
        9000,
        currency="eur",
        customer=code["customer"],
        promotion_code=code["code"],
        deliver=False,
    )
    assert paid["session"]["amount_total"] < 9000


def shown(trade: Trade, person: Person) -> Thing:
    """Ask for a person as the business's server does."""
    headers = {"Authorization": f"Bearer {trade.server_key}"}
    answer = trade.client.get(f"/api/v1/people/{person.public_id}", headers=headers)
    found: Thing = answer.get_json()
    return found


def hear_of_refund(trade: Trade, *, has_failed: bool = False) -> None:
    """Tell of the one refund of the whole purchase, or that it failed after all."""
    with within(trade.shop.business.id):
        purchase = newest_of(trade).purchase
        assert purchase is not None
        fact = RefundFact(
            (purchase.external_id,),
            clock.now(),
            refund_id="re_1",
            amount_minor=purchase.gross_minor,
            has_failed=has_failed,
        )
    session.commit()
    with within(trade.shop.business.id), transaction():
        journey.refund(trade.shop.business, fact, at=clock.now())
    session.remove()


def test_a_purchase_earns_a_code_that_its_advocate_can_use(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = opened(app, practice)
    alice = earned(trade)
    trade.settle()
    (code,) = codes(trade)
    assert code["customer"] in trade.customers_of(alice)
    assert (code["max_redemptions"], code["active"]) == (1, True)
    assert coupon_of(trade, code)["amount_off"] == 1000
    assert coupon_of(trade, code)["name"] == "Thank you for recommending us"
    use(trade, code)
    assert (states(trade), committed(trade)) == (["granted"], 1000)
    assert_clean()


@pytest.mark.parametrize("terms", [{}, SHARE])
@pytest.mark.parametrize("is_used", [False, True])
def test_a_whole_refund_withdraws_a_code_that_nobody_used(
    app: Flask, practice: PracticeStripe, terms: dict[str, Any], is_used: bool
) -> None:
    trade = opened(app, practice, **terms)
    earned(trade)
    trade.settle()
    if is_used:
        use(trade, codes(trade)[0])
    refund_whole(trade)
    trade.settle()
    (code,) = codes(trade)
    reward = newest_of(trade)
    owed = 1000 if is_used and not terms else 0
    assert (reward.owed_minor, committed(trade)) == (owed, owed)
    assert code["times_redeemed"] == int(is_used)
    assert states(trade) == ["granted" if is_used and terms else "reversed"]
    assert code["active"] is False
    assert_clean()


def test_halves_that_make_up_the_whole_withdraw_it_too(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = opened(app, practice)
    earned(trade)
    trade.settle()
    refund_half(trade)
    trade.settle()
    assert (codes(trade)[0]["active"], newest_of(trade).debt_minor) == (True, 500)
    refund_half(trade)
    trade.settle()
    assert (codes(trade)[0]["active"], newest_of(trade).debt_minor) == (False, 0)
    assert (states(trade), committed(trade)) == (["reversed"], 0)
    assert_clean()


def test_what_is_refunded_before_makes_the_code_smaller(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = opened(app, practice)
    alice = earned(trade)
    refund_half(trade)
    trade.settle()
    (code,) = codes(trade)
    assert coupon_of(trade, code)["amount_off"] == 500
    with within(trade.shop.business.id):
        (known,) = discounts_of(alice, at=clock.now())
        assert known.reward.payable_minor == 500
    assert (states(trade), committed(trade)) == (["granted"], 500)
    assert_clean()


def test_a_share_off_is_whole_whatever_part_was_refunded(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = opened(app, practice, **SHARE)
    earned(trade)
    refund_half(trade)
    trade.settle()
    refund_half(trade)
    trade.settle()
    assert (states(trade), codes(trade)[0]["active"]) == (["reversed"], False)
    assert coupon_of(trade, codes(trade)[0])["percent_off"] == 15
    assert_clean()


def test_a_refund_that_fails_brings_a_withdrawn_share_back(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = opened(app, practice, **SHARE)
    earned(trade)
    trade.settle()
    hear_of_refund(trade)
    trade.settle()
    hear_of_refund(trade, has_failed=True)
    trade.settle()
    trade.settle()
    assert states(trade) == ["reversed", "granted"]
    assert [code["active"] for code in codes(trade)] == [False, True]
    assert_clean()


def test_a_refund_that_fails_before_the_withdrawal_leaves_the_code(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = opened(app, practice, **SHARE)
    earned(trade)
    trade.settle()
    hear_of_refund(trade)
    hear_of_refund(trade, has_failed=True)
    trade.settle()
    assert (states(trade), codes(trade)[0]["active"]) == (["granted"], True)
    assert_clean()


def test_a_refund_that_fails_during_the_withdrawal_brings_another_code(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = opened(app, practice, **SHARE)
    earned(trade)
    trade.settle()
    hear_of_refund(trade)
    practice.fault("reset_before", "POST", "/v1/promotion_codes/", times=50)
    trade.settle()
    hear_of_refund(trade, has_failed=True)
    practice.clear_faults()
    trade.settle(from_s=3600)
    trade.settle(from_s=7200)
    assert states(trade) == ["reversed", "granted"]
    assert [code["active"] for code in codes(trade)] == [False, True]
    assert_clean()


def test_each_step_has_a_coupon_of_its_own(app: Flask, practice: PracticeStripe) -> None:
    steps = (Step(1, rate_bp=500), Step(2, rate_bp=1250))
    trade = opened(app, practice, rate_bp=500, steps=steps)
    alice = earned(trade)
    trade.shop.signup("carol", token=trade.token_of(alice))
    trade.shop.purchase("carol", keys=("in_carol",))
    trade.settle()
    shares = [coupon_of(trade, code)["percent_off"] for code in codes(trade)]
    assert sorted(shares) == [5, 12.5]
    assert_clean()


def test_so_many_friends_earn_a_share_off(app: Flask, practice: PracticeStripe) -> None:
    milestone = replace(
        discount(2500), side=Side.ADVOCATE, trigger=Trigger.MILESTONE, milestone_every=2
    )
    trade = open_trade(app, practice, advocate=milestone)
    alice = trade.advocate("alice")
    for friend in ("bob", "carol"):
        trade.shop.signup(friend, token=trade.token_of(alice))
        trade.shop.purchase(friend, keys=(f"in_{friend}",))
    trade.settle()
    trade.settle()
    with within(trade.shop.business.id):
        (reward,) = session.scalars(select(Reward).where(Reward.person_id == alice.id)).all()
        assert (reward.state, reward.amount_minor) == ("granted", 0)
    assert_clean()


def test_the_api_lists_every_discount_and_names_first_what_has_a_code(
    app: Flask, practice: PracticeStripe
) -> None:
    """Alice came by Carol's word, so a welcome code waits for her beside what she earns."""
    thanks = replace(discount(1500), side=Side.ADVOCATE, trigger=Trigger.PURCHASE)
    trade = open_trade(app, practice, advocate=thanks, friend=discount())
    trade.shop.signup("alice", token=trade.token_of(trade.advocate("carol")))
    trade.settle()
    alice = earned(trade)
    before = shown(trade, alice)
    assert [(one["rate_bp"], one["state"]) for one in before["discounts"]] == [
        (1500, "pending"),
        (2000, "granted"),
    ]
    assert before["discount"] == before["discounts"][1]
    trade.settle()
    after = shown(trade, alice)
    assert after["discount"] == after["discounts"][0]
    assert len({one["promotion_code"] for one in after["discounts"]}) == 2
    assert_clean()
