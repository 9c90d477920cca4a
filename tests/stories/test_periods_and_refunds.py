"""Free time on a subscription, a part of one's own payment back, and codes that are withdrawn."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.people import Person
from referral.domain.programs import Kind, OfferTerms, Side, Trigger
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.moving import RewardMoved
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.intervals import plus
from tests.cast import credit
from tests.stories.trade import Thing, Trade, assert_clean, at_stripe, open_trade
from tools.practice_stripe import PracticeStripe

OLIVE = Actor("operator", "Olive")
NEVER_MINOR = 10**9


def trade_with(app: Flask, practice: PracticeStripe, kind: Kind, **terms: Any) -> Trade:
    """Open a shop where each purchase of a friend earns the advocate something worth 10.00."""
    worth = {"amount_minor": None if "rate_bp" in terms else 1000}
    offer = OfferTerms(side=Side.ADVOCATE, kind=kind, trigger=Trigger.PURCHASE, **worth, **terms)
    friend = credit(side=Side.FRIEND, minimum_minor=NEVER_MINOR)
    return open_trade(app, practice, advocate=offer, friend=friend)


def subscribed(trade: Trade, person: Person) -> Thing:
    """Let somebody pay for a month of a subscription; return the subscription."""
    (customer,) = trade.customers_of(person)
    bought = trade.practice.buy(
        2000, currency="eur", mode="subscription", customer=customer, deliver=False
    )
    found: Thing = bought["subscription"]
    return found


def end_of(trade: Trade, subscription: Thing) -> datetime:
    known = at_stripe(trade.practice, "GET", f"/v1/subscriptions/{subscription['id']}")
    ends = max(known["items"]["data"][0]["current_period_end"], known["trial_end"] or 0)
    return datetime.fromtimestamp(ends, UTC)


def earned(trade: Trade, times: int = 1) -> Person:
    """Let Bob buy on Alice's word; return Alice."""
    alice = trade.advocate("alice")
    trade.shop.signup("bob", token=trade.token_of(alice))
    for number in range(times):
        trade.shop.purchase("bob", keys=(f"in_bob_{number}",))
    return alice


def states(trade: Trade) -> list[str]:
    with within(trade.shop.business.id):
        found = session.scalars(select(Reward).order_by(Reward.id)).all()
        session.commit()
    return [one.state for one in found if one.side == Side.ADVOCATE]


def refund_whole(trade: Trade) -> None:
    with within(trade.shop.business.id):
        reward = session.scalars(select(Reward).where(Reward.side == Side.ADVOCATE)).first()
        assert reward is not None and reward.purchase is not None
        purchase = reward.purchase
    session.commit()
    trade.shop.refund(purchase, purchase.gross_minor)
    session.remove()


def refund_half(trade: Trade) -> None:
    with within(trade.shop.business.id):
        purchase = newest_of(trade).purchase
    session.commit()
    assert purchase is not None
    trade.shop.refund(purchase, purchase.gross_minor // 2)
    session.remove()


def newest_of(trade: Trade) -> Reward:
    with within(trade.shop.business.id):
        query = select(Reward).where(Reward.side == Side.ADVOCATE).order_by(Reward.id.desc())
        found = session.scalars(query).first()
        session.commit()
    assert found is not None
    return found


def paid_back(trade: Trade) -> Thing:
    """Let the advocate earn a reward and pay something it can come off; return what they paid."""
    (customer,) = trade.customers_of(earned(trade))
    paid = trade.practice.buy(5000, currency="eur", customer=customer, deliver=False)
    trade.tell(paid["events"])
    found: Thing = paid
    return found


def fails(trade: Trade, paid: Thing) -> list[Thing]:
    """Let the one refund of a payment fail at Stripe; return the news of it."""
    listed = at_stripe(trade.practice, "GET", f"/v1/refunds?charge={paid['charge']['id']}")
    (back,) = listed["data"]
    found: list[Thing] = trade.practice.fail_refund(back["id"], deliver=False)["events"]
    return found


def test_two_rewards_free_two_months_one_after_the_other(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = trade_with(app, practice, Kind.FREE_PERIOD)
    alice = earned(trade, 2)
    subscription = subscribed(trade, alice)
    began = end_of(trade, subscription)
    trade.settle()
    assert states(trade) == ["granted", "granted"]
    assert end_of(trade, subscription) == plus(plus(began, 1, "month"), 1, "month")
    assert_clean()


def test_a_lost_answer_frees_no_second_month(app: Flask, practice: PracticeStripe) -> None:
    trade = trade_with(app, practice, Kind.FREE_PERIOD, periods=2)
    alice = earned(trade)
    subscription = subscribed(trade, alice)
    began = end_of(trade, subscription)
    practice.fault("reset_after", "POST", "/v1/subscriptions/", times=1)
    trade.settle()
    assert (states(trade), end_of(trade, subscription)) == (["granted"], plus(began, 2, "month"))
    assert_clean()


def test_somebody_without_a_subscription_waits_for_one(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = trade_with(app, practice, Kind.FREE_PERIOD)
    alice = earned(trade)
    trade.settle()
    with within(trade.shop.business.id):
        assert session.scalars(select(Grant.waits_for)).all() == ["no_subscription"]
    subscription = subscribed(trade, alice)
    began = end_of(trade, subscription)
    trade.settle(from_s=3600)
    assert (states(trade), end_of(trade, subscription)) == (["granted"], plus(began, 1, "month"))


@pytest.mark.parametrize("kind", [Kind.FREE_PERIOD, Kind.REFUND])
def test_a_customer_stripe_does_not_know_is_named_and_another_one_helps(
    app: Flask, practice: PracticeStripe, kind: Kind
) -> None:
    trade = trade_with(app, practice, kind)
    alice = trade.shop.customer("alice", customer="cus_of_another_account")
    trade.shop.signup("bob", token=trade.token_of(alice))
    trade.shop.purchase("bob")
    trade.settle()
    with within(trade.shop.business.id):
        assert session.scalars(select(Grant.waits_for)).all() == ["customer_gone"]
    known = at_stripe(practice, "POST", "/v1/customers", email="alice@mail.example")["id"]
    trade.shop.customer("alice", customer=known)
    practice.buy(2000, currency="eur", mode="subscription", customer=known, deliver=False)
    trade.settle(from_s=3600)
    assert states(trade) == ["granted"]
    assert_clean()


def test_free_time_that_has_not_begun_is_taken_back(app: Flask, practice: PracticeStripe) -> None:
    trade = trade_with(app, practice, Kind.FREE_PERIOD)
    alice = earned(trade)
    subscription = subscribed(trade, alice)
    began = end_of(trade, subscription)
    trade.settle()
    refund_whole(trade)
    trade.settle()
    assert (states(trade), end_of(trade, subscription)) == (["reversed"], began)
    assert_clean()


@pytest.mark.parametrize("is_settled_between", [False, True])
def test_halves_that_make_up_the_whole_take_free_time_back(
    app: Flask, practice: PracticeStripe, is_settled_between: bool
) -> None:
    trade = trade_with(app, practice, Kind.FREE_PERIOD)
    alice = earned(trade)
    subscription = subscribed(trade, alice)
    began = end_of(trade, subscription)
    trade.settle()
    refund_half(trade)
    if is_settled_between:
        trade.settle()
    assert newest_of(trade).debt_minor == 500
    refund_half(trade)
    trade.settle()
    assert (states(trade), end_of(trade, subscription)) == (["reversed"], began)
    assert (newest_of(trade).debited_minor, newest_of(trade).owed_minor) == (1000, 0)
    assert_clean()


def test_free_time_is_given_whole_and_what_was_refunded_before_is_owed(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = trade_with(app, practice, Kind.FREE_PERIOD)
    alice = earned(trade)
    refund_half(trade)
    subscription = subscribed(trade, alice)
    began = end_of(trade, subscription)
    trade.settle()
    assert (states(trade), end_of(trade, subscription)) == (["granted"], plus(began, 1, "month"))
    assert (newest_of(trade).withheld_minor, newest_of(trade).debt_minor) == (0, 500)
    assert_clean()


def test_a_last_payment_that_is_too_small_is_passed_over(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = trade_with(app, practice, Kind.REFUND)
    paid = paid_back(trade)
    customer = paid["charge"]["customer"]
    practice.buy(700, currency="eur", customer=customer, deliver=False)
    trade.settle()
    assert states(trade) == ["granted"]
    charge = at_stripe(practice, "GET", f"/v1/charges/{paid['charge']['id']}")
    assert charge["amount_refunded"] == 1000
    assert_clean()


def test_a_part_of_the_own_payment_goes_back_and_takes_nobodys_reward(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = trade_with(app, practice, Kind.REFUND)
    carol = trade.advocate("carol")
    trade.shop.signup("alice", token=trade.token_of(carol))
    alice = earned(trade)
    (customer,) = trade.customers_of(alice)
    paid = practice.buy(5000, currency="eur", customer=customer, deliver=False)
    trade.tell(paid["events"])
    trade.settle()
    trade.settle(from_s=3600)
    (back,) = at_stripe(practice, "GET", f"/v1/refunds?charge={paid['charge']['id']}")["data"]
    assert (back["amount"], back["metadata"]["wom_business"]) == (1000, trade.business_id)
    trade.tell([*practice.events("charge.refunded"), *practice.events("refund.created")], times=2)
    trade.settle()
    with within(trade.shop.business.id):
        of_carol = session.scalars(select(Reward).where(Reward.person_id == carol.id)).one()
    assert of_carol.clawback_minor == 0
    assert_clean()


def test_a_refund_that_fails_later_begins_anew_on_hold(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = trade_with(app, practice, Kind.REFUND)
    paid = paid_back(trade)
    trade.settle()
    trade.tell(fails(trade, paid), times=2)
    trade.settle()
    assert states(trade) == ["reversed", "pending"]
    assert newest_of(trade).is_held
    assert_clean()


def test_what_failed_later_begins_without_what_was_refunded_meanwhile(
    app: Flask, practice: PracticeStripe
) -> None:
    """The refunded half stood as a debt; the advocate never had the money, so it goes."""
    trade = trade_with(app, practice, Kind.REFUND)
    paid = paid_back(trade)
    trade.settle()
    refund_half(trade)
    trade.settle()
    assert newest_of(trade).debt_minor == 500
    trade.tell(fails(trade, paid))
    trade.settle()
    begun = newest_of(trade)
    assert states(trade) == ["reversed", "pending"]
    assert (begun.payable_minor, begun.clawback_minor) == (500, 500)
    assert_clean()


def test_news_of_a_failure_waits_while_the_outcome_is_not_known(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = trade_with(app, practice, Kind.REFUND)
    paid = paid_back(trade)
    practice.fault("reset_after", "POST", "/v1/refunds")
    practice.fault("reset_before", "POST", "/v1/refunds", times=50)
    trade.settle()
    trade.tell(fails(trade, paid))
    trade.settle()
    assert states(trade) == ["granting"]
    practice.clear_faults()
    trade.settle(from_s=86_400)
    trade.settle(from_s=90_000)
    assert states(trade) == ["reversed", "pending"]
    assert_clean()


@pytest.mark.parametrize("is_used", [False, True])
def test_an_unused_code_is_withdrawn_and_a_used_one_stays(trade: Trade, is_used: bool) -> None:
    alice = trade.advocate("alice")
    trade.shop.signup("bob", token=trade.token_of(alice))
    trade.settle()
    with within(trade.shop.business.id):
        reward = session.scalars(select(Reward).where(Reward.side == Side.FRIEND)).one()
        code = session.scalars(select(Grant.object_id).where(Grant.reward_id == reward.id)).one()
        customer = session.scalars(
            select(Grant.parameters).where(Grant.reward_id == reward.id)
        ).one()["customer"]
        session.commit()
        if is_used:
            trade.practice.buy(
                9000, currency="eur", customer=customer, promotion_code=code, deliver=False
            )
        with transaction():
            journey.take_back_reward(reward, actor=OLIVE, reason="Stolen card.", at=clock.now())
    trade.settle()
    known = at_stripe(trade.practice, "GET", f"/v1/promotion_codes/{code}")
    with within(trade.shop.business.id):
        stands = session.get_one(Reward, reward.id).state
    assert (stands, known["times_redeemed"]) == (("granted", 1) if is_used else ("reversed", 0))
    assert not known["active"]
    assert_clean()


def test_staff_take_a_whole_credit_back_once(trade: Trade) -> None:
    alice = earned(trade)
    trade.settle()
    with within(trade.shop.business.id):
        reward = session.scalars(select(Reward).where(Reward.side == Side.ADVOCATE)).one()
        with transaction():
            journey.take_back_reward(reward, actor=OLIVE, reason="Same household.", at=clock.now())
        with pytest.raises(RewardMoved), transaction():
            journey.take_back_reward(reward, actor=OLIVE, reason="Again.", at=clock.now())
    trade.settle()
    assert [one["amount"] for one in trade.credits_of(alice)] == [-1000, 1000]
    assert states(trade) == ["reversed"]
    refund_whole(trade)
    trade.settle()
    assert [one["amount"] for one in trade.credits_of(alice)] == [-1000, 1000]
    assert_clean()
