"""What was granted is compared with what Stripe holds, and any difference is found."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update

from referral.domain.businesses import across_businesses
from referral.domain.reports.auditor import audit
from referral.domain.reports.auditor.report import Report
from referral.domain.rewards import Grant, Operation
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.ids import public_id
from referral.worker.comparing import compare_with_provider
from tests.cast import discount
from tests.stories.settings import app, practice
from tests.stories.trade import Trade, at_stripe, customers_of, open_trade
from tools.practice_stripe import PracticeStripe

__all__ = ["app", "practice"]


@pytest.fixture
def trade(app: Flask, practice: PracticeStripe) -> Trade:
    """A shop that gives credit to who sent somebody, and a discount to the friend."""
    return open_trade(app, practice, friend=discount())


@pytest.fixture
def customer(trade: Trade) -> str:
    """Alice's customer, credited; Bob has his code."""
    alice = trade.advocate("alice")
    trade.shop.signup("bob", token=trade.token_of(alice))
    trade.shop.purchase("bob")
    trade.settle()
    (customer,) = customers_of(trade, alice)
    return customer


def compared() -> Report:
    session.remove()
    report = audit(clock.now())
    compare_with_provider(report)
    return report


def the_credit() -> Grant:
    query = select(Grant).where(Grant.operation == Operation.CREDIT)
    return session.scalars(query.execution_options(**across_businesses())).one()


def test_nothing_differs_after_a_story(trade: Trade, customer: str) -> None:
    report = compared()
    assert (report.violations, report.warnings) == ([], [])


def test_a_busy_provider_is_asked_again(
    trade: Trade, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while the workers of several businesses ask the same account."""
    breaks: list[float] = []
    monkeypatch.setattr("referral.worker.comparing.sleep", breaks.append)
    trade.practice.fault("429", "GET", "/v1/customers/", times=3)
    report = compared()
    assert (report.violations, report.warnings) == ([], [])
    assert len(breaks) == 3


@pytest.mark.parametrize(
    ("operation", "change", "invariant"),
    [
        (Operation.CREDIT, {"object_id": "cbtxn_gone"}, {"I-5"}),
        (Operation.CREDIT, {"amount_minor": 999}, {"I-22"}),
        (Operation.PROMOTION_CODE, {"object_id": "promo_gone"}, {"I-5"}),
    ],
)
def test_an_act_without_its_object_is_found(
    trade: Trade, customer: str, operation: str, change: dict[str, object], invariant: set[str]
) -> None:
    with transaction():
        planted = update(Grant).where(Grant.operation == operation).values(**change)
        session.execute(planted.execution_options(**across_businesses()))
    session.remove()
    report = Report(clock.now(), audit(clock.now()).promises)
    compare_with_provider(report)
    assert report.broken == invariant
    session.remove()


@pytest.mark.parametrize("key", ["rwd_unknown:credit:1", None])
def test_an_object_nobody_here_made_is_found(trade: Trade, customer: str, key: str | None) -> None:
    made = the_credit()
    marks = {
        "metadata[wom_business]": trade.shop.business.public_id,
        "metadata[wom_reward]": public_id("rwd", made.reward_id),
        "metadata[wom_grant]": key or made.idempotency_key,
    }
    path = f"/v1/customers/{customer}/balance_transactions"
    at_stripe(trade.practice, "POST", path, amount=-1000, currency="eur", **marks)
    report = compared()
    assert report.broken == {"I-5"}
    (found,) = report.violations
    assert found.subject == marks["metadata[wom_reward]"]


def test_what_the_business_does_itself_is_none_of_our_business(trade: Trade, customer: str) -> None:
    path = f"/v1/customers/{customer}/balance_transactions"
    at_stripe(trade.practice, "POST", path, amount=-700, currency="eur")
    assert compared().violations == []


def test_what_could_not_be_asked_is_said(trade: Trade, customer: str) -> None:
    trade.practice.fault("500", "GET", "/v1/", times=100)
    report = compared()
    assert report.violations == []
    assert {found.invariant for found in report.warnings} == {"provider"}
    answer = trade.app.test_cli_runner().invoke(args=["audit-ledger", "--provider"])
    assert answer.exit_code == 1
    assert "could not be compared" in answer.output
    trade.practice.clear_faults()
    answer = trade.app.test_cli_runner().invoke(args=["audit-ledger", "--provider"])
    assert (answer.exit_code, answer.output.splitlines()[-1][:12]) == (0, "0 violations")


def test_what_went_with_a_deleted_customer_is_no_violation(trade: Trade, customer: str) -> None:
    """What is not theirs alone is compared still: an act that is missing elsewhere is found."""
    made = the_credit()
    at_stripe(trade.practice, "DELETE", f"/v1/customers/{customer}")
    report = compared()
    assert report.violations == []
    (said,) = report.warnings
    assert (said.invariant, said.subject) == ("deleted", trade.shop.business.public_id)
    assert str(made.object_id) in said.said
    answer = trade.app.test_cli_runner().invoke(args=["audit-ledger", "--provider"])
    assert answer.exit_code == 0
