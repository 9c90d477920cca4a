"""A Stripe that is away is left alone, and what waited goes out soon after its return."""

from __future__ import annotations

import os
from datetime import timedelta
from signal import SIGTERM

import pytest
import stripe
from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import across_businesses, within
from referral.domain.rewards import Grant
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.pace import Pace
from referral.gateways.stripe import client
from referral.gateways.stripe.circuit import (
    REST,
    StripeCircuit,
    ask_leave,
    circuit_of,
    note_answer,
    note_fault,
)
from referral.gateways.stripe.errors import Busy
from referral.gateways.stripe.pace import SANDBOX_PER_S
from tests.cast import NOON, Shop, open_shop
from tests.crash.processes import Crew, until
from tests.crash.scenes import assert_granted_once, count_rewards, credit_calls, earn
from tests.stories.books import books_of, grants_of
from tests.stories.trade import A_WHILE_S, Trade, later

MANY = int(os.environ.get("FAILURES_MANY", "30"))
"""How many rewards are granted in bulk; a night may take 500."""

TWO_HOURS_S = 7200


def second(number: float) -> timedelta:
    return timedelta(seconds=number)


def faults(shop: Shop, *seconds: int) -> StripeCircuit:
    """Let calls fail at some seconds after noon; return the circuit then."""
    with within(shop.business.id), transaction():
        for one in seconds:
            note_fault(shop.business.id, at=NOON + second(one))
        found = circuit_of(shop.business.id)
    assert found is not None
    return found


def leave(shop: Shop, at_s: int) -> bool:
    with within(shop.business.id), transaction():
        return ask_leave(shop.business.id, at=NOON + second(at_s)) is None


def test_f13_five_faults_in_half_a_minute_open_it_and_four_do_not(app: Flask) -> None:
    shop = open_shop()
    assert faults(shop, 0, 1, 2, 3).opened_at is None
    assert leave(shop, 3)
    assert faults(shop, 4).opened_at == NOON + second(4)
    assert not leave(shop, 5)


def test_f13_faults_far_apart_do_not_open_it(app: Flask) -> None:
    assert faults(open_shop(), 0, 10, 20, 29, 60, 70, 80, 90).opened_at is None


def test_f13_one_may_try_each_half_minute_until_there_is_an_answer(app: Flask) -> None:
    shop = open_shop()
    faults(shop, 0, 1, 2, 3, 4)
    assert [leave(shop, at_s) for at_s in (33, 34, 34, 63, 64)] == [
        False,
        True,
        False,
        False,
        True,
    ]
    with within(shop.business.id), transaction():
        assert note_answer(shop.business.id)
    assert leave(shop, 64)
    assert faults(shop, 65).opened_at is None


def test_f13_stripe_is_left_alone_and_events_are_read_meanwhile(trade: Trade) -> None:
    earn(trade, 8)
    trade.practice.fault("500", "POST", "/v1/customers/", times=1000)
    trade.work()
    assert len(credit_calls(trade)) == 5
    assert {one[1:] for one in grants_of(trade)} <= {
        ("sending", "outcome_unknown"),
        ("waiting", "provider_down"),
    }
    bought = trade.practice.buy(700, currency="eur", email="carol@mail.example", deliver=False)
    trade.tell(bought["events"])
    trade.work()
    assert 700 in [paid[1] for paid in books_of(trade)["purchases"]]
    assert len(credit_calls(trade)) == 5
    with later(int(REST.total_seconds()) + 1):
        trade.work()
    assert len(credit_calls(trade)) == 6


def test_f12_what_waited_two_hours_goes_out_at_once_when_stripe_is_back(trade: Trade) -> None:
    alice = earn(trade, 8)
    trade.practice.fault("500", "POST", "/v1/customers/", times=1000)
    for seconds in range(0, TWO_HOURS_S, A_WHILE_S):
        with later(seconds):
            trade.work()
    assert count_rewards(trade, "granted") == 0
    trade.practice.clear_faults()
    with later(TWO_HOURS_S):
        trade.work()
    assert count_rewards(trade, "granted") == 8
    assert_granted_once(trade, alice, 8)


def test_f9_a_bulk_stays_within_stripes_limit_and_is_granted_once(trade: Trade, crew: Crew) -> None:
    alice = earn(trade, MANY)
    trade.practice.limit(25)
    worker = crew.worker(threads=4)
    until(lambda: count_rewards(trade, "granted") == MANY, "all are granted", alive=worker)
    worker.send(SIGTERM)
    assert worker.wait() == 0, worker.said
    trade.practice.limit(None)
    assert {one["status"] for one in credit_calls(trade)} == {200}
    assert_granted_once(trade, alice, MANY)


def test_f9_a_busy_answer_counts_as_no_failure(trade: Trade) -> None:
    alice = earn(trade)
    trade.practice.fault("429", "POST", "/v1/customers/", times=12)
    for seconds in range(12):
        with later(seconds * 5):
            trade.work()
    session.remove()
    grant = session.scalars(select(Grant).execution_options(**across_businesses())).one()
    assert (grant.attempts, grant.server_errors, grant.state) == (0, 0, "sending")
    assert grant.due_at is not None
    assert grant.due_at <= clock.now() + second(12 * 5)
    trade.practice.clear_faults()
    trade.settle(from_s=A_WHILE_S)
    assert_granted_once(trade, alice)


@pytest.mark.parametrize(("said", "after_s"), [("7", 7.0), ("86400", 60.0), ("soon", None)])
def test_f9_stripes_own_hint_is_honoured(said: str, after_s: float | None) -> None:
    busy = stripe.RateLimitError("Too many", http_status=429, headers={"Retry-After": said})
    meant = client._meaning(busy, changes=True)
    assert isinstance(meant, Busy)
    assert meant.after_s == after_s


def test_f9_no_second_has_more_calls_than_stripe_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda wait_s: now.__setitem__(0, now[0] + wait_s))
    pace, calls = Pace(SANDBOX_PER_S), []
    for _ in range(100):
        pace.wait()
        calls.append(now[0])
    assert max(sum(one <= other < one + 1 for other in calls) for one in calls) <= 25
    assert calls[-1] - calls[0] == pytest.approx(98 / SANDBOX_PER_S)
