"""After a restore nothing is granted twice, and what is there already is adopted (F-40)."""

from __future__ import annotations

from datetime import timedelta
from signal import SIGTERM

import pytest
from flask import Flask

from referral.domain import journey
from referral.domain.businesses import within
from referral.domain.people import Person
from referral.domain.programs import Kind
from referral.domain.purchases import Purchase
from referral.domain.rewards import Reward
from referral.domain.rewards.ending_early import end_early
from referral.domain.rewards.recovering import reconcile_first
from referral.domain.rewards.waking import wake_waiting
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.crash.processes import Crew, until
from tests.crash.scenes import count_rewards, credit_calls, earn, work_up_to_grants
from tests.failures.restoring import (
    OLIVE,
    SIX_HOURS_S,
    amounts,
    assert_clean_with_provider,
    backup,
    purchase,
    recovery,
    refund,
    restored,
    start_worker,
)
from tests.stories.books import books_of, grants_of
from tests.stories.test_periods_and_refunds import end_of, subscribed, trade_with
from tests.stories.trade import Thing, Trade, at_stripe, later
from tests.worker.payouts import onboard, open_paying_trade, paid
from tools.practice_stripe import PracticeStripe

TWO_DAYS_S = 2 * 86_400


def test_f40_workers_started_on_an_old_backup_adopt_what_was_granted_since(
    trade: Trade, crew: Crew
) -> None:
    alice = earn(trade, 3)
    with backup(trade) as copy:
        trade.settle()
        assert amounts(trade, alice) == [-1000] * 3
        trade.practice.forget_keys()
        asked = len(credit_calls(trade))
        with restored(trade, copy) as again:
            worker = crew.worker(DATABASE_URL=copy, CLOCK_OFFSET_S=SIX_HOURS_S)
            until(lambda: count_rewards(again, "granted") == 3, "all are adopted", alive=worker)
            worker.send(SIGTERM)
            assert worker.wait() == 0, worker.said
            assert "reconciling_first" in worker.said
            assert amounts(again, alice) == [-1000] * 3
            assert len(credit_calls(again)) == asked
            with later(SIX_HOURS_S):
                assert_clean_with_provider()


def test_f40_what_is_earned_anew_is_adopted_under_its_new_name(trade: Trade) -> None:
    alice = trade.advocate("alice")
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        assert amounts(trade, alice) == [-1000]
        trade.practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            assert start_worker() >= timedelta(hours=6)
            again.tell(events)
            again.settle(from_s=SIX_HOURS_S)
            assert amounts(again, alice) == [-1000]
            assert [one[5] for one in books_of(again)["rewards"]] == ["granted"]
            found = recovery(again)
            assert found is not None
            assert (found.adopted, found.unknown) == (1, [])
            assert_clean_with_provider()


def test_f40_what_was_taken_back_since_is_not_taken_twice(trade: Trade) -> None:
    alice = earn(trade)
    trade.settle()
    with backup(trade) as copy:
        refund(trade)
        assert amounts(trade, alice) == [-1000, 500]
        trade.practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            refund(again, from_s=SIX_HOURS_S)
            assert amounts(again, alice) == [-1000, 500]
            assert_clean_with_provider()


def test_f40_money_that_was_sent_since_is_not_sent_again(
    app: Flask, practice: PracticeStripe
) -> None:
    """Neither is what was taken back of it."""
    trade = open_paying_trade(app, practice)
    alice = trade.shop.customer("alice")
    onboard(trade, alice)
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        refund(trade)
        assert paid(trade) == [(1000, "eur", 500)]
        practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            again.tell(events)
            again.settle(from_s=SIX_HOURS_S)
            refund(again, from_s=SIX_HOURS_S)
            assert paid(again) == [(1000, "eur", 500)]
            found = recovery(again)
            assert found is not None
            assert (found.adopted, found.unknown) == (2, [])
            assert_clean_with_provider()


def test_f40_a_payment_given_back_since_is_not_given_back_again(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = trade_with(app, practice, Kind.REFUND)
    alice = trade.advocate("alice")
    (customer,) = trade.customers_of(alice)
    paid_by_her = practice.buy(5000, currency="eur", customer=customer, deliver=False)
    trade.tell(paid_by_her["events"])
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        assert given_back(trade, paid_by_her) == [1000]
        practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            again.tell(events)
            again.settle(from_s=SIX_HOURS_S)
            assert given_back(again, paid_by_her) == [1000]
            assert [one[5] for one in books_of(again)["rewards"]] == ["granted"]
            assert_clean_with_provider()


def test_f40_free_time_that_was_given_since_waits_for_somebody(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = trade_with(app, practice, Kind.FREE_PERIOD)
    alice = trade.advocate("alice")
    subscription = subscribed(trade, alice)
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        until = end_of(trade, subscription)
        practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            again.tell(events)
            again.settle(from_s=SIX_HOURS_S)
            assert grants_of(again) == [("extension", "waiting", "recovering")]
            assert end_of(again, subscription) == until
            found = recovery(again)
            assert found is not None
            assert found.unknown == [subscription["id"]]
            again.shop.signup("carol", token=again.token_of(alice))
            at = clock.now() + timedelta(minutes=1)
            again.shop.purchase("carol", keys=("in_carol",), at=at)
            again.settle(from_s=SIX_HOURS_S + 3600)
            assert grants_of(again) == [("extension", "waiting", "recovering")] * 2
            assert end_of(again, subscription) == until


def test_f40_free_time_that_was_waiting_in_the_copy_waits_for_somebody(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = trade_with(app, practice, Kind.FREE_PERIOD)
    alice = trade.advocate("alice")
    trade.tell(purchase(trade, alice))
    trade.work()
    subscription = subscribed(trade, alice)
    assert grants_of(trade) == [("extension", "waiting", "no_subscription")]
    with backup(trade) as copy:
        trade.settle(from_s=600)
        assert grants_of(trade) == [("extension", "done", None)]
        until = end_of(trade, subscription)
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            again.settle(from_s=SIX_HOURS_S)
            assert grants_of(again) == [("extension", "waiting", "recovering")]
            assert end_of(again, subscription) == until


def given_back(trade: Trade, bought: Thing) -> list[int]:
    listed = at_stripe(trade.practice, "GET", f"/v1/refunds?charge={bought['charge']['id']}")
    return [one["amount"] for one in listed["data"]]


def test_f40_what_cannot_be_told_apart_waits_for_somebody(trade: Trade) -> None:
    alice = trade.advocate("alice")
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            again.shop.signup("bob", token=again.token_of(alice))
            again.shop.purchase("bob", 24000, tax_minor=0, keys=("in_other",), at=again.shop.now)
            change_worth(again)
            again.settle(from_s=SIX_HOURS_S)
            assert grants_of(again) == [("credit", "waiting", "recovering")]
            assert amounts(again, alice) == [-1000]
            with within(again.shop.business.id), transaction():
                assert end_early(again.shop.business.id, actor=OLIVE, at=clock.now()) == 1
            again.settle(from_s=SIX_HOURS_S + 3600)
            assert grants_of(again) == [("credit", "waiting", "held")]
            assert amounts(again, alice) == [-1000]
            release(again, alice)
            again.settle(from_s=SIX_HOURS_S + 7200)
            assert amounts(again, alice) == [-1000, -750]


def test_f40_what_is_told_anew_without_its_time_is_not_sent_twice(trade: Trade) -> None:
    """The business's own server tells again what it told before the restore, as if it were now."""
    alice = trade.advocate("alice")
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            again.shop.signup("bob", token=again.token_of(alice))
            now = clock.now() + timedelta(seconds=1)
            again.shop.purchase("bob", keys=("order_told_anew",), at=now)
            again.settle(from_s=SIX_HOURS_S)
            assert grants_of(again) == [("credit", "waiting", "recovering")]
            assert amounts(again, alice) == [-1000]
            assert end_by_hand(again) == 1
            release(again, alice)
            again.settle(from_s=SIX_HOURS_S + 3600)
            assert amounts(again, alice) == [-1000, -1000]


def test_f40_a_signup_by_a_typed_code_is_told_anew_with_its_time(trade: Trade) -> None:
    """Stripe's events are read again before the business's own server tells who sent Bob."""
    alice = trade.advocate("alice")
    with within(trade.shop.business.id):
        code = trade.shop.link_of(alice).code
    session.remove()
    with backup(trade) as copy:
        joined_at = trade.shop.now
        trade.shop.signup("bob", code=code)
        events = trade.practice.buy(12000, currency="eur", email="bob@mail.example", deliver=False)[
            "events"
        ]
        trade.tell(events)
        trade.settle()
        assert amounts(trade, alice) == [-1000]
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            again.tell(events)
            again.settle(from_s=SIX_HOURS_S)
            assert books_of(again)["rewards"] == []
            again.shop.now = clock.now()
            joined = again.shop.signup("bob", code=code, occurred_at=joined_at)
            assert joined.signup.reason == "credited"
            session.remove()
            again.settle(from_s=SIX_HOURS_S + 60)
            assert amounts(again, alice) == [-1000]
            assert [one[5] for one in books_of(again)["rewards"]] == ["granted"]
            assert_clean_with_provider()


def release(trade: Trade, person: Person) -> None:
    """Let somebody who looked at Stripe release what was held."""
    with within(trade.shop.business.id), transaction():
        held = session.query(Reward).filter_by(person_id=person.id).one()
        journey.release_reward(held, actor=OLIVE, reason="Not given.", at=clock.now())


def change_worth(trade: Trade) -> None:
    """Let a quarter of the purchase go back before its reward is sent."""
    with within(trade.shop.business.id):
        bought = session.query(Purchase).one()
    session.remove()
    trade.shop.refund(bought, 6000, name="re_quarter")


def end_by_hand(trade: Trade) -> int:
    with within(trade.shop.business.id), transaction():
        held = end_early(trade.shop.business.id, actor=OLIVE, at=clock.now())
    session.remove()
    return held


def test_f40_ending_by_hand_holds_what_was_not_looked_for_yet(trade: Trade) -> None:
    alice = trade.advocate("alice")
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        trade.practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            again.settle(from_s=SIX_HOURS_S)
            again.tell(events)
            carol = earn_beside(again)
            work_up_to_grants()
            assert grants_of(again) == [("credit", "waiting", None)] * 2
            assert end_by_hand(again) == 1
            again.settle(from_s=SIX_HOURS_S + 3600)
            assert amounts(again, alice) == [-1000]
            assert amounts(again, carol) == [-1000]
            assert sorted(grants_of(again)) == [
                ("credit", "done", None),
                ("credit", "waiting", "held"),
            ]
            release(again, alice)
            again.settle(from_s=SIX_HOURS_S + 7200)
            assert amounts(again, alice) == [-1000, -1000]


def earn_beside(trade: Trade) -> Person:
    """Let somebody else bring a friend, who has nothing unknown at Stripe."""
    carol = trade.advocate("carol")
    trade.shop.signup("dave", token=trade.token_of(carol))
    trade.shop.purchase("dave")
    return carol


def test_f40_what_is_earned_anew_after_the_end_by_hand_is_held_once(trade: Trade) -> None:
    alice = trade.advocate("alice")
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        trade.practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            again.settle(from_s=SIX_HOURS_S)
            assert end_by_hand(again) == 0
            again.tell(events)
            again.settle(from_s=SIX_HOURS_S + 3600)
            assert grants_of(again) == [("credit", "waiting", "held")]
            assert amounts(again, alice) == [-1000]
            release(again, alice)
            again.settle(from_s=SIX_HOURS_S + 7200)
            assert grants_of(again) == [("credit", "done", None)]


@pytest.mark.parametrize("is_compared", [False, True])
def test_f40_ending_by_hand_holds_all_while_nothing_was_compared(
    trade: Trade, is_compared: bool
) -> None:
    earn(trade)
    with later(SIX_HOURS_S):
        with within(trade.shop.business.id), transaction():
            reconcile_first(trade.shop.business.id, reason="A copy was restored.", at=clock.now())
        if is_compared:
            work_up_to_grants()
        assert end_by_hand(trade) == (0 if is_compared else 1)


def test_f40_what_may_have_been_taken_is_not_taken_after_the_end_by_hand(trade: Trade) -> None:
    alice = earn(trade)
    with backup(trade) as copy:
        trade.settle()
        refund(trade)
        trade.practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            again.settle(from_s=SIX_HOURS_S)
            refund(again, 3000, name="re_quarter", from_s=SIX_HOURS_S)
            assert grants_of(again)[-1] == ("debit", "waiting", "recovering")
            assert end_by_hand(again) == 0
            again.settle(from_s=SIX_HOURS_S + 3600)
            assert amounts(again, alice) == [-1000, 500]
            with within(again.shop.business.id), transaction():
                assert wake_waiting(session.query(Reward).one(), at=clock.now())
            again.settle(from_s=SIX_HOURS_S + 7200)
            assert amounts(again, alice) == [-1000, 500, 250]


@pytest.mark.parametrize("days", [0, 2])
def test_f40_it_ends_after_a_day_when_all_is_known(trade: Trade, days: int) -> None:
    earn(trade)
    with within(trade.shop.business.id), transaction():
        reconcile_first(trade.shop.business.id, reason="A copy was restored.", at=clock.now())
    trade.settle()
    trade.settle(from_s=days * 86_400)
    assert (recovery(trade) is None) == (days > 0)


def test_f40_nobody_reconciles_while_workers_are_at_work(trade: Trade) -> None:
    assert start_worker() is None
    for minutes in range(1, 5):
        with later(minutes * 300):
            assert start_worker() is None
    assert recovery(trade) is None
    with later(TWO_DAYS_S):
        assert start_worker() is not None
    assert recovery(trade) is not None
