"""News, clocks and breaks that meet at awkward moments; each came out wrong once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from referral.domain.businesses import within
from referral.domain.people import Person
from referral.domain.programs import Kind
from referral.domain.purchases import Purchase
from referral.domain.purchases.purchases import UnknownPurchase
from referral.domain.rewards import Reward
from referral.foundation.db import session, transaction
from referral.gateways.stripe import EventPoll, StripeEvent, poll_all
from referral.worker import event_polls
from referral.worker import grants as worker_grants
from tests.cast import cash
from tests.crash.scenes import earn
from tests.failures.restoring import backup, restored, start_worker
from tests.failures.test_restore import purchase as buy_by_link
from tests.stories.test_periods_and_refunds import trade_with
from tests.stories.trade import (
    Trade,
    assert_clean,
    at_stripe,
    later,
    open_trade,
    work_afresh,
)
from tests.worker.payouts import earn_cash, onboard, open_paying_trade, paid, transfers
from tools.practice_stripe import PracticeStripe

DAY_S = 86_400
SIX_HOURS_S = 6 * 3600


def breaks_once(monkeypatch: pytest.MonkeyPatch, where: Any, name: str) -> None:
    """Let the database give something up one time, as it does with a deadlock."""
    real, hit = getattr(where, name), []

    def broken(*args: Any, **kwargs: Any) -> Any:
        if not hit:
            hit.append(name)
            raise OperationalError("COMMIT", {}, Exception("deadlock detected"))
        return real(*args, **kwargs)

    monkeypatch.setattr(where, name, broken)


def test_one_break_after_a_long_wait_gives_nothing_up(
    trade: Trade, practice: PracticeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    earn(trade)
    practice.fault("reset_before", "POST", "/v1/customers/", times=9)
    for number in range(9):
        with later(number * 400):
            work_afresh()
    breaks_once(monkeypatch, worker_grants, "_settle")
    for number in range(10, 16):
        with later(number * 400):
            work_afresh()
    with within(trade.shop.business.id):
        assert session.scalars(select(Reward.state)).one() == "granted"
    assert_clean()


def test_looking_for_missed_events_never_ends(
    trade: Trade, practice: PracticeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction():
        poll_all()
    practice.fault("refuse", "GET", "/v1/events", times=10)
    for number in range(1, 11):
        with later(3700 + number * 400):
            work_afresh()
    breaks_once(monkeypatch, event_polls, "_keep")
    for hours in (3, 10):
        with later(hours * 3600):
            work_afresh()
    with within(trade.shop.business.id):
        poll = session.scalars(select(EventPoll)).one()
        assert (poll.dead_at, poll.last_error) == (None, None)


def test_somebody_who_was_in_time_does_not_lose_to_the_worker(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = open_trade(app, practice, advocate=cash(), expire_days=30)
    alice = earn_cash(trade)
    trade.settle()
    for seconds in (17 * DAY_S, 31 * DAY_S - 7200):
        with later(seconds):
            work_afresh()
    with within(trade.shop.business.id):
        query = select(Reward.expires_at).where(Reward.person_id == alice.id)
        ends_at = session.scalars(query).one()
    assert ends_at is not None
    end_s = int((ends_at - datetime.now(UTC)).total_seconds())
    with later(end_s - 5):
        onboard(trade, alice)
    with later(end_s + 5):
        work_afresh()
    assert len(transfers(trade)) == 1


def test_what_a_connected_account_sells_earns_nothing_here(
    trade: Trade, practice: PracticeStripe
) -> None:
    alice = trade.advocate("alice")
    trade.shop.signup("bob", token=trade.token_of(alice))
    bought = practice.buy(12000, currency="eur", email="bob@mail.example", deliver=False)
    trade.tell({**one, "account": "acct_of_somebody"} for one in bought["events"])
    trade.settle()
    assert trade.credits_of(alice) == []
    trade.tell({**one, "id": f"{one['id']}_ours"} for one in bought["events"])
    trade.settle()
    assert [one["amount"] for one in trade.credits_of(alice)] == [-1000]


def test_f40_what_we_gave_back_since_the_copy_is_no_refund_of_a_customer(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = trade_with(app, practice, Kind.REFUND)
    alice = trade.advocate("alice")
    trade.shop.signup("bob", token=trade.token_of(alice))
    (of_alice,) = trade.customers_of(alice)
    trade.tell(practice.buy(5000, currency="eur", customer=of_alice, deliver=False)["events"])
    bobs = practice.buy(5000, currency="eur", email="bob@mail.example", deliver=False)
    trade.tell(bobs["events"])
    trade.settle()
    with within(trade.shop.business.id):
        bob = session.scalars(select(Person).where(Person.email == "bob@mail.example")).one()
    trade.shop.signup("carl", token=trade.token_of(bob))
    with backup(trade) as copy:
        sold = practice.buy(12000, currency="eur", email="carl@mail.example", deliver=False)
        trade.tell(sold["events"])
        trade.settle()
        news = [
            one
            for one in at_stripe(practice, "GET", "/v1/events", limit=100)["data"]
            if one["type"] == "charge.refunded"
            and one["data"]["object"]["id"] == bobs["charge"]["id"]
        ]
        assert news
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            again.tell(news)
            again.settle(from_s=SIX_HOURS_S)
            with within(again.shop.business.id):
                assert set(session.scalars(select(Purchase.refunded_minor))) == {0}
                session.rollback()


def test_f40_money_that_was_adopted_can_be_taken_back(app: Flask, practice: PracticeStripe) -> None:
    trade = open_paying_trade(app, practice)
    alice = trade.shop.customer("alice")
    onboard(trade, alice)
    events = buy_by_link(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            again.tell(events)
            again.settle(from_s=SIX_HOURS_S)
            (charge,) = at_stripe(practice, "GET", "/v1/charges", limit=5)["data"]
            again.tell(practice.refund(charge["id"], deliver=False)["events"])
            again.settle(from_s=SIX_HOURS_S + 700)
            assert paid(again) == [(1000, "eur", 1000)]


def test_credit_that_was_used_meanwhile_is_not_taken_by_an_old_try(
    trade: Trade, practice: PracticeStripe
) -> None:
    alice = earn(trade)
    trade.settle()
    (customer,) = trade.customers_of(alice)
    refund_all(trade)
    balance = f"/v1/customers/{customer}/balance_transactions"
    practice.fault("reset_before", "POST", balance, times=1)
    work_afresh()
    at_stripe(practice, "POST", balance, amount=1000, currency="eur")
    for hours in (20, 21):
        with later(hours * 3600):
            work_afresh()
    assert at_stripe(practice, "GET", f"/v1/customers/{customer}")["balance"] == 0
    with within(trade.shop.business.id):
        assert session.scalars(select(Reward)).one().debt_minor == 1000


def test_f16_a_refund_counts_however_late_its_purchase_is_told(
    trade: Trade, practice: PracticeStripe
) -> None:
    alice = trade.advocate("alice")
    trade.shop.signup("bob", token=trade.token_of(alice))
    bought = practice.buy(12000, currency="eur", email="bob@mail.example", deliver=False)
    trade.tell(practice.refund(bought["charge"]["id"], deliver=False)["events"])
    for days in range(6):
        with later(days * DAY_S):
            work_afresh()
    with within(trade.shop.business.id):
        told = session.scalars(select(StripeEvent.outcome)).all()
        session.rollback()
    assert all(one and one.startswith(UnknownPurchase.message) for one in told)
    with later(10 * DAY_S):
        trade.tell(bought["events"])
        work_afresh()
    with later(11 * DAY_S + 3600):
        work_afresh()
    trade.settle(from_s=12 * DAY_S)
    with within(trade.shop.business.id):
        states = session.scalars(select(Reward.state).where(Reward.person_id == alice.id)).all()
        asked = [one.dead_at for one in session.scalars(select(StripeEvent))]
        session.rollback()
    assert (states, set(asked)) == (["reversed"], {None})
    assert [one["amount"] for one in trade.credits_of(alice)] == [-1000, 1000]
    assert_clean()


def refund_all(trade: Trade) -> None:
    """Give the first purchase back whole."""
    with within(trade.shop.business.id):
        purchase = session.scalars(select(Purchase).order_by(Purchase.id)).first()
        session.commit()
    assert purchase is not None
    trade.shop.refund(purchase, purchase.gross_minor)
    session.remove()
