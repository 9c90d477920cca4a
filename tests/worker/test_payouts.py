"""Money is sent once for each reward, whatever is in its way, and taken back if it is there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import across_businesses, within
from referral.domain.businesses.audit import SYSTEM
from referral.domain.programs import Kind, Side
from referral.domain.reports.auditor.report import Report
from referral.domain.reports.totals import totals_of
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.choosing import choose
from referral.domain.rewards.thresholds import THRESHOLDS
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.gateways.stripe.balances import StripeBalance
from referral.worker.comparing import compare_with_provider
from tests.cast import cash, credit
from tests.crash.scenes import NEVER_MINOR
from tests.stories.trade import Trade, assert_clean, at_stripe, open_trade
from tests.worker.payouts import (
    HOUR_S,
    acts,
    balance_news,
    begin_onboarding,
    bought,
    earn_cash,
    finish,
    onboard,
    open_paying_trade,
    paid,
    payee,
    states,
    transfers,
    work_in,
)
from tools.practice_stripe import PracticeStripe

_FAULTS = ["reset_before", "reset_after", "500_stored", "500_stored_after_effect"]
ONCE = [(1000, "eur", 0)]


def choose_money(trade: Trade) -> None:
    """Have Alice take all she may choose about as money."""
    with within(trade.shop.business.id), transaction():
        for reward in session.scalars(select(Reward).where(Reward.kind == Kind.CHOICE)):
            choose(reward, Kind.CASH, None, actor=SYSTEM, at=clock.now())


@pytest.fixture
def trade(app: Flask, practice: PracticeStripe) -> Trade:
    return open_paying_trade(app, practice)


def assert_paid_once(trade: Trade) -> None:
    assert (paid(trade), states(trade)) == (ONCE, ["granted"])
    assert_clean()


def test_money_waits_for_a_payee_and_goes_once_they_are_set_up(trade: Trade) -> None:
    alice = earn_cash(trade)
    trade.work()
    assert (states(trade), acts(trade)) == (["approved"], [("transfer", "waiting", "no_payee")])
    onboard(trade, alice)
    trade.work()
    assert_paid_once(trade)
    (sent,) = transfers(trade)
    session.remove()
    reward = session.scalars(select(Reward).execution_options(**across_businesses())).one()
    assert sent["transfer_group"] == sent["metadata"]["wom_reward"] == reward.public_id
    assert sent["metadata"]["wom_business"] == trade.business_id


def test_half_an_account_is_not_paid_and_says_what_it_needs(trade: Trade) -> None:
    alice = earn_cash(trade)
    account = begin_onboarding(trade, alice)
    trade.tell(trade.practice.leave_onboarding(account, deliver=False)["events"])
    trade.work()
    assert acts(trade) == [("transfer", "waiting", "payee_not_ready")]
    found = payee(trade, alice)
    assert found is not None
    assert (found.can_be_paid, found.disabled_reason) == (False, "requirements.past_due")
    assert "external_account" in found.needs
    finish(trade, account)
    trade.work()
    assert_paid_once(trade)


def test_news_of_a_payee_in_any_order_and_twice_changes_nothing(trade: Trade) -> None:
    alice = earn_cash(trade)
    account = begin_onboarding(trade, alice)
    half = trade.practice.leave_onboarding(account, deliver=False)["events"]
    whole = trade.practice.finish_onboarding(account, deliver=False)["events"]
    trade.tell([*whole, *half], times=2)
    trade.work()
    trade.tell(half)
    trade.work()
    found = payee(trade, alice)
    assert found is not None and found.can_be_paid
    assert_paid_once(trade)


def test_an_account_nobody_told_us_of_is_found_ready_within_the_hour(trade: Trade) -> None:
    account = begin_onboarding(trade, earn_cash(trade))
    trade.work()
    trade.practice.finish_onboarding(account, deliver=False)
    work_in(trade, 2 * HOUR_S)
    assert_paid_once(trade)


def test_an_account_that_was_ready_is_read_again_before_it_is_paid(trade: Trade) -> None:
    alice = trade.shop.customer("alice")
    account = onboard(trade, alice)
    trade.work()
    trade.practice.require_more(account, deliver=False)
    earn_cash(trade)
    trade.work()
    assert (paid(trade), acts(trade)) == ([], [("transfer", "waiting", "payee_not_ready")])


def test_an_account_that_left_waits_for_a_new_one(trade: Trade) -> None:
    alice = earn_cash(trade)
    account = onboard(trade, alice)
    trade.tell(trade.practice.deauthorise(account, deliver=False)["events"])
    trade.work()
    assert (paid(trade), acts(trade)) == ([], [("transfer", "waiting", "no_payee")])
    found = payee(trade, alice)
    assert found is not None and found.is_gone


def test_f14_too_small_a_balance_waits_and_says_how_much_is_missing(trade: Trade) -> None:
    alice = earn_cash(trade)
    onboard(trade, alice)
    trade.practice.set_balance("eur", 400)
    trade.work()
    assert (states(trade), acts(trade)) == (["approved"], [("transfer", "waiting", "balance")])
    session.remove()
    read = session.scalars(
        select(StripeBalance)
        .where(StripeBalance.currency == "eur")
        .execution_options(**across_businesses())
    ).one()
    assert read.available_minor == 400
    trade.practice.set_balance("eur", 1000)
    trade.tell([balance_news()])
    trade.work()
    assert_paid_once(trade)


def test_f14_a_refusal_for_the_balance_opens_a_new_attempt_under_a_new_key(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = earn_cash(trade)
    onboard(trade, alice)
    trade.practice.set_balance("eur", 400)
    with monkeypatch.context() as hidden:
        hidden.setattr("referral.worker.acts.payouts._refuse_if_short", lambda *_: None)
        trade.work()
    assert acts(trade) == [("transfer", "replaced", None), ("transfer", "waiting", "balance")]
    assert_clean()
    trade.practice.set_balance("eur", 5000)
    trade.work()
    assert paid(trade) == []
    work_in(trade, 2 * HOUR_S)
    assert_paid_once(trade)
    session.remove()
    query = select(Grant.idempotency_key).order_by(Grant.id)
    keys = session.scalars(query.execution_options(**across_businesses())).all()
    assert [key.rsplit(":", 1)[1] for key in keys] == ["1", "2"]


@pytest.mark.parametrize("fault", _FAULTS)
def test_a_fault_at_the_transfer_leaves_exactly_one(trade: Trade, fault: str) -> None:
    alice = earn_cash(trade)
    onboard(trade, alice)
    trade.practice.fault(fault, "POST", "/v1/transfers")
    trade.work()
    trade.settle(from_s=600)
    assert_paid_once(trade)


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
def test_a_key_that_was_forgotten_is_looked_up_first(trade: Trade, fault: str) -> None:
    alice = earn_cash(trade)
    onboard(trade, alice)
    trade.practice.fault(fault, "POST", "/v1/transfers")
    trade.work()
    assert [one[:2] for one in acts(trade)] == [("transfer", "sending")]
    trade.practice.forget_keys()
    work_in(trade, 25 * HOUR_S)
    work_in(trade, 26 * HOUR_S)
    assert_paid_once(trade)


def test_a_key_without_the_right_to_pay_waits_for_somebody(trade: Trade) -> None:
    alice = earn_cash(trade)
    onboard(trade, alice)
    trade.practice.refuse_rights("transfers:write")
    trade.work()
    assert acts(trade) == [("transfer", "sending", "misconfigured")]
    trade.practice.refuse_rights()
    trade.settle(from_s=600)
    assert_paid_once(trade)


def test_f10_a_transfer_of_another_amount_stops_and_holds(trade: Trade) -> None:
    alice = earn_cash(trade)
    onboard(trade, alice)
    trade.practice.fault("wrong_amount", "POST", "/v1/transfers")
    trade.settle()
    assert (states(trade), acts(trade)) == (["granting"], [("transfer", "sending", "wrong_answer")])


def test_a_refund_takes_its_share_of_a_transfer_back(trade: Trade) -> None:
    alice = earn_cash(trade)
    onboard(trade, alice)
    trade.work()
    (purchase,) = bought(trade)
    trade.shop.refund(purchase, purchase.gross_minor // 4)
    trade.settle()
    assert (paid(trade), states(trade)) == ([(1000, "eur", 250)], ["granted"])
    trade.shop.refund(purchase, purchase.gross_minor)
    trade.settle()
    assert (paid(trade), states(trade)) == ([(1000, "eur", 1000)], ["reversed"])
    assert_clean()


@pytest.mark.parametrize("fault", _FAULTS)
def test_a_fault_at_the_reversal_takes_back_exactly_once(trade: Trade, fault: str) -> None:
    alice = earn_cash(trade)
    onboard(trade, alice)
    trade.work()
    (purchase,) = bought(trade)
    trade.practice.fault(fault, "POST", "/v1/transfers/")
    trade.shop.refund(purchase, purchase.gross_minor // 2)
    trade.settle()
    trade.settle(from_s=1200)
    assert paid(trade) == [(1000, "eur", 500)]
    assert_clean()


def test_what_has_gone_to_the_bank_stands_as_a_debt(trade: Trade) -> None:
    alice = earn_cash(trade)
    account = onboard(trade, alice)
    trade.work()
    trade.practice.pay_out(account, "eur", deliver=False)
    (purchase,) = bought(trade)
    trade.shop.refund(purchase, purchase.gross_minor // 2)
    trade.settle()
    session.remove()
    reward = session.scalars(select(Reward).execution_options(**across_businesses())).one()
    assert (paid(trade), reward.state, reward.debt_minor) == (ONCE, "granted", 500)
    query = select(Grant.proof).where(Grant.operation == "reversal")
    (said,) = session.scalars(query.execution_options(**across_businesses()))
    assert (said or "").startswith("Stripe refused it: ")
    assert_clean()


def test_somebody_else_at_stripe_took_it_back_already(trade: Trade) -> None:
    alice = earn_cash(trade)
    onboard(trade, alice)
    trade.work()
    (sent,) = transfers(trade)
    at_stripe(trade.practice, "POST", f"/v1/transfers/{sent['id']}/reversals", amount=800)
    (purchase,) = bought(trade)
    trade.shop.refund(purchase, purchase.gross_minor)
    trade.settle()
    session.remove()
    reward = session.scalars(select(Reward).execution_options(**across_businesses())).one()
    assert (reward.state, reward.debited_minor, reward.debt_minor) == ("reversed", 200, 800)
    assert_clean()


def test_small_sums_gather_and_then_go_together(app: Flask, practice: PracticeStripe) -> None:
    trade = open_paying_trade(app, practice, amount_minor=400, minimum_payout_minor=1200)
    alice = earn_cash(trade, 2)
    onboard(trade, alice)
    trade.work()
    assert acts(trade) == [("transfer", "waiting", "below_minimum")] * 2
    trade.shop.purchase("bob")
    trade.work()
    trade.settle()
    assert (paid(trade), states(trade)) == ([(400, "eur", 0)] * 3, ["granted"] * 3)
    assert_clean()


def test_small_sums_that_were_chosen_as_money_gather_as_well(
    app: Flask, practice: PracticeStripe
) -> None:
    terms = cash(minimum_payout_minor=1500)
    terms = replace(terms, kind=Kind.CHOICE, choices=(Kind.STORE_CREDIT, Kind.CASH))
    never = credit(side=Side.FRIEND, minimum_minor=NEVER_MINOR)
    trade = open_trade(app, practice, advocate=terms, friend=never)
    alice = earn_cash(trade)
    onboard(trade, alice)
    choose_money(trade)
    trade.work()
    assert acts(trade)[-1] == ("transfer", "waiting", "below_minimum")
    trade.shop.purchase("bob")
    choose_money(trade)
    trade.work()
    trade.settle()
    assert paid(trade) == ONCE * 2
    assert_clean()


def test_what_stripe_holds_is_compared_both_ways(trade: Trade) -> None:
    alice = earn_cash(trade)
    account = onboard(trade, alice)
    trade.work()
    (purchase,) = bought(trade)
    trade.shop.refund(purchase, purchase.gross_minor // 2)
    trade.settle()
    assert differences() == []
    marks = {"metadata[wom_business]": trade.business_id, "metadata[wom_grant]": "a stranger"}
    strange = {"amount": 5, "currency": "eur", "destination": account, **marks}
    at_stripe(trade.practice, "POST", "/v1/transfers", **strange)
    assert [one.invariant for one in differences()] == ["I-5"]


def differences() -> list[object]:
    session.remove()
    report = Report(at=clock.now(), promises={"I-5": ""}, counts={"I-5": 0})
    compare_with_provider(report)
    assert report.warnings == []
    return list(report.violations)


def test_what_would_reach_the_threshold_waits_for_the_form(
    app: Flask, practice: PracticeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = tuple(replace(one, amount_minor=2000, currency="eur") for one in THRESHOLDS)
    monkeypatch.setattr("referral.domain.rewards.thresholds.THRESHOLDS", low)
    trade = open_paying_trade(app, practice)
    alice = earn_cash(trade, 2)
    onboard(trade, alice)
    trade.work()
    assert sorted(states(trade)) == ["approved", "granted"]
    assert ("transfer", "waiting", "form_missing") in acts(trade)
    year = clock.now().year
    with within(trade.shop.business.id):
        (total,) = totals_of(year)
        assert (total.given_minor, total.kind, total.is_near) == (1000, "cash", False)
        with transaction():
            journey.keep_form(alice, year, actor=SYSTEM, at=clock.now())
    trade.work()
    assert (paid(trade), states(trade)) == (ONCE * 2, ["granted"] * 2)
    assert_clean()
