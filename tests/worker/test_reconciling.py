"""Every hour each business is compared with its Stripe, both ways, and differences are kept."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from referral.domain.businesses import across_businesses, within
from referral.domain.reports import reconciliations
from referral.domain.reports.reconciliations import Difference, Differs, Reconciliation
from referral.domain.rewards import Grant, Operation
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.ids import public_id
from referral.gateways.stripe import StripeAccount, StripeEvent, listing
from referral.gateways.stripe.listing import paid_invoices
from referral.surfaces.web.backlog import backlog
from referral.worker import reconciling, work_all
from referral.worker.tidying import tidy
from tests.stories.trade import KEY, Thing, Trade, at_stripe, customers_of, later
from tests.web.test_metrics import numbers

HOUR_S, DAY_S = 3600, 86_400


@pytest.fixture
def sold(trade: Trade) -> str:
    """Alice's customer, credited for Bob, with everybody's events heard."""
    alice = trade.advocate("alice")
    trade.shop.signup("bob", token=trade.token_of(alice))
    trade.shop.purchase("bob")
    trade.settle()
    (customer,) = customers_of(trade, alice)
    return customer


def compare(trade: Trade, *, after_s: int = 2 * HOUR_S) -> tuple[Reconciliation, list[Difference]]:
    """Have the shop compared so much later; return the comparison and what it found."""
    session.remove()
    business = trade.shop.business.id
    with later(after_s):
        with within(business), transaction():
            reconciliations.compare_soon(business, since=trade.shop.now, at=clock.now())
        work_all()
    session.remove()
    return found(trade)


def found(trade: Trade) -> tuple[Reconciliation, list[Difference]]:
    with within(trade.shop.business.id):
        run = reconciliations.last_run()
        assert run is not None
        rows = list(reconciliations.differences(run, None).rows)
    session.commit()
    return run, rows


def buy(trade: Trade, name: str, amount: int = 1000, **terms: object) -> Thing:
    """Let somebody pay without a word to us, and let the events of it be forgotten."""
    bought: Thing = trade.practice.buy(
        amount, currency="eur", email=f"{name}@mail.example", deliver=False, **terms
    )
    return bought


def test_a_clean_comparison_keeps_the_same_sums_on_both_sides(trade: Trade, sold: str) -> None:
    run, rows = compare(trade)
    assert rows == []
    assert run.sums == {"eur": [1000, 1000]}
    with within(trade.shop.business.id):
        waiting = reconciliations.open_run()
    assert waiting is not None and run.ended_at is not None and run.began_at is not None
    assert waiting.due_at == run.ended_at + reconciliations.EVERY
    assert waiting.since == run.began_at - reconciliations.SETTLING


def test_what_went_with_a_deleted_customer_counts_on_neither_side(trade: Trade, sold: str) -> None:
    at_stripe(trade.practice, "DELETE", f"/v1/customers/{sold}")
    run, rows = compare(trade)
    assert (rows, run.sums) == ([], {})


def test_it_comes_by_itself_a_day_after_connecting(trade: Trade, sold: str) -> None:
    for seconds in (HOUR_S, DAY_S + 60):
        with later(seconds):
            tidy(at=clock.now())
            session.remove()
            work_all()
    assert found(trade)[1] == []


@pytest.mark.parametrize(
    ("change", "kind", "sums"),
    [
        ({"object_id": "cbtxn_gone"}, [Differs.MISSING_THERE, Differs.UNKNOWN_HERE], [1000, 1000]),
        ({"amount_minor": 999}, [Differs.AMOUNT], [999, 1000]),
    ],
)
def test_an_act_that_differs_is_kept_with_both_amounts(
    trade: Trade, sold: str, change: dict[str, object], kind: list[Differs], sums: list[int]
) -> None:
    with transaction():
        planted = update(Grant).where(Grant.operation == Operation.CREDIT).values(**change)
        session.execute(planted.execution_options(**across_businesses()))
    run, rows = compare(trade)
    assert [one.kind for one in rows] == kind
    assert run.sums == {"eur": sums}
    assert rows[0].ours_minor == sums[0]
    assert rows[0].reward is not None and rows[0].reward.startswith("rwd_")
    assert rows[0].customer_id == sold


def test_an_object_with_our_marks_that_nobody_made_is_kept(trade: Trade, sold: str) -> None:
    marks = {
        "metadata[wom_business]": trade.shop.business.public_id,
        "metadata[wom_reward]": public_id("rwd", trade.shop.business.id),
        "metadata[wom_grant]": "unknown",
    }
    path = f"/v1/customers/{sold}/balance_transactions"
    made = at_stripe(trade.practice, "POST", path, amount=-700, currency="eur", **marks)
    run, (row,) = compare(trade)
    assert (row.kind, row.object_id, row.theirs_minor) == (Differs.UNKNOWN_HERE, made["id"], 700)
    assert run.sums == {"eur": [1000, 1700]}


def test_f21_a_gap_beyond_thirty_days_becomes_a_report(trade: Trade, sold: str) -> None:
    buy(trade, "carol")
    _, rows = compare(trade, after_s=40 * DAY_S)
    assert {(one.kind, one.theirs_minor, one.currency) for one in rows} == {
        (Differs.PURCHASE_UNKNOWN, 1000, "eur")
    }
    query = select(func.count()).select_from(StripeEvent)
    assert session.scalar(query.execution_options(**across_businesses())) == 0


def test_f21_a_checkout_that_was_paid_days_after_it_was_begun_is_named(trade: Trade) -> None:
    begun = buy(trade, "carol", is_delayed=True)["session"]
    assert compare(trade)[1] == []
    trade.practice.settle(begun["id"], deliver=False)
    _, (row,) = compare(trade, after_s=7 * DAY_S)
    assert (row.kind, row.object_id, row.theirs_minor) == (
        Differs.PURCHASE_UNKNOWN,
        begun["id"],
        1000,
    )


def test_a_checkout_that_was_begun_before_the_business_came_is_none_of_ours(trade: Trade) -> None:
    hour_ago = int(clock.now().timestamp()) - HOUR_S
    buy(trade, "carol", at=hour_ago)
    assert compare(trade)[1] == []


def test_f21_a_missed_subscription_and_a_missed_refund_are_named(trade: Trade) -> None:
    told = trade.practice.buy(
        2000, currency="eur", email="dora@mail.example", mode="subscription", deliver=False
    )
    lost = trade.practice.buy(
        3000, currency="eur", email="emma@mail.example", mode="subscription", deliver=False
    )
    trade.tell(told["events"])
    trade.work()
    charge = _charge_of(trade, told)
    refund = trade.practice.refund(charge, 500, deliver=False)["refund"]
    _, rows = compare(trade, after_s=35 * DAY_S)
    assert {(one.kind, one.object_id, one.theirs_minor) for one in rows} == {
        (Differs.PURCHASE_UNKNOWN, _invoice_of(lost), 3000),
        (Differs.REFUND_UNKNOWN, refund["id"], 500),
    }


def _charge_of(trade: Trade, bought: dict[str, object]) -> str:
    charges = at_stripe(trade.practice, "GET", "/v1/charges", limit=100)["data"]
    return next(one["id"] for one in charges if one["amount"] == 2000)


def _invoice_of(bought: dict) -> str:
    events = bought["events"]
    return next(one["data"]["object"]["id"] for one in events if one["type"] == "invoice.paid")


def test_a_difference_stands_until_we_know_better(trade: Trade, sold: str) -> None:
    missed = buy(trade, "carol")
    first, (row,) = compare(trade, after_s=35 * DAY_S)
    second, (again,) = compare(trade, after_s=36 * DAY_S)
    assert (first.id != second.id, row.object_id) == (True, again.object_id)
    trade.tell(missed["events"])
    trade.work()
    assert compare(trade, after_s=37 * DAY_S)[1] == []


def test_what_is_only_an_hour_old_is_left_to_the_next(trade: Trade, sold: str) -> None:
    buy(trade, "carol")
    assert compare(trade, after_s=60)[1] == []
    assert len(compare(trade, after_s=2 * HOUR_S)[1]) == 1


def test_stripe_that_does_not_answer_is_asked_again_and_nothing_counts_twice(
    trade: Trade, sold: str
) -> None:
    trade.practice.fault("500", "GET", "/v1/invoices", times=1)
    with later(2 * HOUR_S):
        with within(trade.shop.business.id), transaction():
            reconciliations.compare_soon(
                trade.shop.business.id, since=trade.shop.now, at=clock.now()
            )
        session.remove()
        work_all()
        with within(trade.shop.business.id):
            waiting = reconciliations.open_run()
        session.commit()
        assert waiting is not None and waiting.last_error and waiting.dead_at is None
        assert waiting.stage == "invoices"
    run, rows = compare(trade, after_s=3 * HOUR_S)
    assert (rows, run.sums) == ([], {"eur": [1000, 1000]})


def test_many_people_are_compared_a_few_at_a_time(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "PEOPLE", 1)
    for name in ("alice", "anna"):
        advocate = trade.advocate(name)
        trade.shop.signup(f"{name}s", token=trade.token_of(advocate))
        trade.shop.purchase(f"{name}s")
    trade.settle()
    run, rows = compare(trade)
    assert (rows, run.sums) == ([], {"eur": [2000, 2000]})


def test_many_objects_are_listed_page_by_page(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "A_PAGE", 1)
    for name in ("carol", "dora", "emma"):
        buy(trade, name, mode="subscription")
    assert len(compare(trade, after_s=35 * DAY_S)[1]) == 3
    account = StripeAccount(trade.shop.business.id, KEY, trade.practice.url)
    page = paid_invoices(account, trade.shop.now, None)
    assert (len(page.objects), page.next) == (1, page.objects[0]["id"])


def test_old_comparisons_are_forgotten(
    trade: Trade, sold: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciliations, "KEPT", 1)
    for days in (1, 2, 3):
        compare(trade, after_s=days * DAY_S)
    query = select(func.count()).select_from(Reconciliation)
    assert session.scalar(query.execution_options(**across_businesses())) == 2


def test_what_takes_long_is_compared_less_often(trade: Trade, sold: str) -> None:
    began_at = clock.now()
    for minutes, hours in ((1, 1), (10, 4), (600, 24)):
        with within(trade.shop.business.id), transaction():
            reconciliations.compare_soon(trade.shop.business.id, since=began_at, at=began_at)
            run = reconciliations.open_run()
            assert run is not None
            run.began_at, token = began_at, uuid.uuid4()
            run.lease_token = token
            session.flush()
            ended_at = began_at + timedelta(minutes=minutes)
            reconciliations.complete(run, token, at=ended_at)
            waiting = reconciliations.open_run()
            assert waiting is not None
            assert waiting.due_at == ended_at + timedelta(hours=hours)


def test_the_metrics_say_how_much_differs(trade: Trade, sold: str) -> None:
    assert "referral_reconciliation_differences" not in numbers(backlog(at=clock.now()).decode())
    at_stripe(
        trade.practice,
        "POST",
        f"/v1/customers/{sold}/balance_transactions",
        amount=-500,
        currency="eur",
        **{"metadata[wom_business]": trade.business_id},
    )
    run, rows = compare(trade)
    assert [one.kind for one in rows] == [Differs.UNKNOWN_HERE]
    assert run.ended_at is not None
    told = numbers(backlog(at=run.ended_at + timedelta(minutes=1)).decode())
    assert told["referral_reconciliation_differences"] == 1
    assert told["referral_reconciliation_age_seconds"] == 60
