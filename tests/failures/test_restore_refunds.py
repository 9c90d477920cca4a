"""After a restore what was given and partly taken back since is found as one (F-40)."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from referral.domain.businesses import across_businesses, within
from referral.domain.people import Person
from referral.domain.programs import Kind, Program
from referral.domain.rewards import Grant, Reward
from referral.foundation.db import session, transaction
from tests.crash.processes import KILLED_BY_ITSELF, Crew, until
from tests.crash.scenes import count_rewards, earn, work_up_to_grants
from tests.failures.restoring import (
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
from tests.stories.books import grants_of
from tests.stories.test_periods_and_refunds import trade_with
from tests.stories.trade import Thing, Trade, later
from tests.worker.payouts import onboard, open_paying_trade, paid
from tools.practice_stripe import PracticeStripe

QUARTER = 3000
GIVEN_AND_TAKEN = [("credit", "done", None), ("debit", "done", None)]
LATER_S = SIX_HOURS_S + 3600


def taken_over(trade: Trade) -> tuple[int, list[str]]:
    found = recovery(trade)
    assert found is not None
    return found.adopted, found.unknown


def parts(trade: Trade) -> tuple[int, int, int]:
    """Return of the one reward how much was taken back at Stripe, withheld before, and owed."""
    session.remove()
    with within(trade.shop.business.id):
        one = session.query(Reward).one()
    session.remove()
    return one.debited_minor, one.withheld_minor, one.owed_minor


def hear_again(trade: Trade, events: list[Thing], *refunded_minor: int) -> None:
    """Read of a purchase and its refunds once more, before anything is given for it."""
    trade.tell(events)
    work_up_to_grants()
    for number, amount_minor in enumerate(refunded_minor):
        refund(trade, amount_minor, name=f"re_again_{number}", from_s=None)


def test_f40_what_a_known_refund_left_of_a_credit_is_adopted_with_what_it_took(
    trade: Trade,
) -> None:
    alice = trade.advocate("alice")
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        refund(trade)
        assert amounts(trade, alice) == [-1000, 500]
        trade.practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            hear_again(again, events, 2 * QUARTER)
            assert parts(again) == (0, 500, 0)
            again.settle(from_s=SIX_HOURS_S)
            assert amounts(again, alice) == [-1000, 500]
            assert grants_of(again) == GIVEN_AND_TAKEN
            assert parts(again) == (500, 0, 0)
            assert taken_over(again) == (2, [])
            assert_clean_with_provider()


def test_f40_what_was_taken_in_several_parts_is_adopted_in_those(trade: Trade) -> None:
    alice = trade.advocate("alice")
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        refund(trade, QUARTER, name="re_one")
        refund(trade, QUARTER, name="re_two")
        assert amounts(trade, alice) == [-1000, 250, 250]
        trade.practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            hear_again(again, events)
            again.settle(from_s=SIX_HOURS_S)
            refund(again, from_s=LATER_S)
            again.settle(from_s=2 * LATER_S)
            assert amounts(again, alice) == [-1000, 250, 250]
            assert parts(again) == (500, 0, 0)
            assert taken_over(again) == (3, [])
            assert_clean_with_provider()


def test_f40_a_reward_the_copy_knew_takes_its_own_back_whatever_is_heard_first(
    trade: Trade,
) -> None:
    alice = earn(trade)
    with backup(trade) as copy:
        trade.settle()
        refund(trade)
        trade.practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            refund(again, from_s=None)
            again.settle(from_s=SIX_HOURS_S)
            assert amounts(again, alice) == [-1000, 500]
            assert parts(again) == (500, 0, 0)
            assert taken_over(again) == (2, [])
            assert_clean_with_provider()


def test_f40_a_refund_that_came_while_we_were_away_is_taken_of_what_is_found(
    trade: Trade,
) -> None:
    alice = earn(trade)
    with backup(trade) as copy:
        trade.settle()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            refund(again, from_s=None)
            again.settle(from_s=SIX_HOURS_S)
            assert amounts(again, alice) == [-1000, 500]
            assert taken_over(again) == (1, [])
            assert_clean_with_provider()


def test_f40_what_a_known_refund_left_of_a_payout_is_adopted_with_what_it_took(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = open_paying_trade(app, practice)
    alice = trade.shop.customer("alice")
    onboard(trade, alice)
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        refund(trade, QUARTER, name="re_one")
        refund(trade, QUARTER, name="re_two")
        assert paid(trade) == [(1000, "eur", 500)]
        practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            hear_again(again, events, 2 * QUARTER)
            again.settle(from_s=SIX_HOURS_S)
            assert paid(again) == [(1000, "eur", 500)]
            assert parts(again) == (500, 0, 0)
            assert taken_over(again) == (3, [])
            assert_clean_with_provider()


def test_f40_a_payment_given_back_is_adopted_and_what_a_refund_takes_of_it_is_owed(
    app: Flask, practice: PracticeStripe
) -> None:
    trade = trade_with(app, practice, Kind.REFUND)
    alice = trade.advocate("alice")
    (customer,) = trade.customers_of(alice)
    paid_by_her = practice.buy(5000, currency="eur", customer=customer, deliver=False)
    trade.tell(paid_by_her["events"])
    trade.tell(purchase(trade, alice))
    work_up_to_grants()
    with backup(trade) as copy:
        trade.settle()
        refund_of_bob(trade)
        practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            refund_of_bob(again)
            again.settle(from_s=SIX_HOURS_S)
            assert grants_of(again) == [("refund", "done", None)]
            assert parts(again) == (0, 0, 500)
            assert taken_over(again) == (1, [])
            assert_clean_with_provider()


def refund_of_bob(trade: Trade) -> None:
    """Give half of what Bob paid back; Alice's own payment earned nobody anything."""
    with within(trade.shop.business.id):
        bought = session.query(Reward).one().purchase
    session.remove()
    assert bought is not None
    trade.shop.refund(bought, bought.gross_minor // 2, name="re_bob")


@pytest.mark.parametrize("is_given_first", [True, False])
def test_f40_what_more_refunds_took_waits_until_all_are_heard_of(
    trade: Trade, is_given_first: bool
) -> None:
    alice = trade.advocate("alice")
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        refund(trade)
        trade.practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            hear_again(again, events, *([] if is_given_first else [QUARTER]))
            again.settle(from_s=SIX_HOURS_S)
            if is_given_first:
                refund(again, QUARTER, name="re_again_0", from_s=SIX_HOURS_S)
            assert grants_of(again)[-1][1:] == ("waiting", "recovering")
            assert amounts(again, alice) == [-1000, 500]
            refund(again, QUARTER, name="re_again_1", from_s=LATER_S)
            assert grants_of(again) == GIVEN_AND_TAKEN
            assert amounts(again, alice) == [-1000, 500]
            assert taken_over(again) == (2, [])
            assert_clean_with_provider()


def test_f40_what_the_budget_does_not_hold_any_more_waits_for_somebody(trade: Trade) -> None:
    alice = trade.advocate("alice")
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        refund(trade)
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            hear_again(again, events, 2 * QUARTER)
            limit_budget(500)
            again.settle(from_s=SIX_HOURS_S)
            assert grants_of(again) == [("credit", "waiting", "recovering")]
            assert amounts(again, alice) == [-1000, 500]
            limit_budget(1000)
            again.settle(from_s=LATER_S)
            assert grants_of(again) == GIVEN_AND_TAKEN
            assert amounts(again, alice) == [-1000, 500]


def limit_budget(budget_minor: int) -> None:
    with transaction():
        session.execute(
            update(Program)
            .values(budget_minor=budget_minor)
            .execution_options(**across_businesses(), synchronize_session=False)
        )
    session.remove()


def test_f40_a_worker_killed_while_it_adopts_gives_nothing_twice(
    trade: Trade, crew: Crew, tmp_path: Path
) -> None:
    alice = trade.advocate("alice")
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.tell(events)
        trade.settle()
        trade.practice.forget_keys()
        with restored(trade, copy) as again:
            again.tell(events)
            settings = {
                "DATABASE_URL": copy,
                "CLOCK_OFFSET_S": SIX_HOURS_S,
                "FAILPOINT": f"CP5:once={tmp_path / 'killed'}",
            }
            killed = crew.worker(**settings)
            assert killed.wait() == KILLED_BY_ITSELF, killed.said
            assert recovery(again) is not None
            settings["CLOCK_OFFSET_S"] = LATER_S
            worker = crew.worker(**settings)
            until(lambda: count_rewards(again, "granted") == 1, "it is given", alive=worker)
            worker.kill()
            assert amounts(again, alice) == [-1000]
            assert_as_it_was(again, alice)


def assert_as_it_was(trade: Trade, alice: Person) -> None:
    with later(LATER_S):
        assert [one["id"] for one in trade.credits_of(alice)] == given_objects(trade)
        assert_clean_with_provider()


def given_objects(trade: Trade) -> list[str | None]:
    session.remove()
    with within(trade.shop.business.id):
        found = [one.object_id for one in session.query(Grant).order_by(Grant.id)]
    session.remove()
    return found
