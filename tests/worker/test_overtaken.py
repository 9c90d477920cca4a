"""A worker that was overtaken changes nothing any more, wherever it wakes up (I-35, F-26)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from referral.domain.businesses import across_businesses, within
from referral.domain.purchases import Purchase
from referral.domain.rewards import Grant
from referral.foundation import clock, due
from referral.foundation.db import session, transaction
from referral.worker import grants, work_all
from referral.worker.acts.balance import Credit
from tests.crash.scenes import PAST_LEASE_S, assert_granted_once, earn
from tests.stories.books import assert_one_object_each
from tests.stories.trade import Trade, assert_clean, later


def meanwhile(
    trade: Trade, happen: Callable[[], object], step: Callable[..., Any]
) -> Callable[..., Any]:
    """Let something happen in another thread right after a step, the first time."""
    times = iter([True])

    def elsewhere() -> None:
        with trade.app.app_context():
            happen()

    def run(*arguments: Any, **named: Any) -> Any:
        done = step(*arguments, **named)
        if next(times, False):
            session.commit()
            other = threading.Thread(target=elsewhere)
            other.start()
            other.join()
        return done

    return run


def take_over() -> None:
    """Do everything as another worker, when the first one's lease is over."""
    with later(PAST_LEASE_S):
        work_all()


@pytest.mark.parametrize(
    ("where", "step"), [(Credit, "ask"), (grants, "_prepare"), (grants, "_outcome")]
)
def test_an_overtaken_worker_changes_nothing(
    trade: Trade, monkeypatch: pytest.MonkeyPatch, where: Any, step: str
) -> None:
    """F-26."""
    alice = earn(trade)
    failed = []
    monkeypatch.setattr("referral.worker.loop._give_back", lambda *what: failed.append(what))
    monkeypatch.setattr(where, step, meanwhile(trade, take_over, getattr(where, step)))
    trade.work()
    assert failed == []
    assert_granted_once(trade, alice)


def test_an_overtaken_worker_cannot_change_what_the_other_sends(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    earn(trade)
    (key,) = session.scalars(select(Grant.id).execution_options(**across_businesses()))
    session.commit()

    def claim_late() -> None:
        with later(PAST_LEASE_S), transaction():
            assert due.claim(Grant, key, at=clock.now()) is not None

    monkeypatch.setattr(Credit, "ask", meanwhile(trade, claim_late, Credit.ask))
    trade.work()
    session.remove()
    grant = session.get_one(Grant, key, execution_options=across_businesses())
    assert (grant.state, grant.parameters, grant.amount_minor) == ("waiting", None, 1000)


def test_a_refund_in_the_last_moment_lowers_what_is_sent(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = earn(trade)
    with within(trade.shop.business.id):
        bought = session.scalars(select(Purchase)).one()
    session.commit()

    def give_half_back() -> None:
        trade.shop.refund(bought, bought.gross_minor // 2)

    monkeypatch.setattr(Credit, "ask", meanwhile(trade, give_half_back, Credit.ask))
    trade.work()
    assert [one["amount"] for one in trade.credits_of(alice)] == [-500]
    assert_one_object_each(trade)
    assert_clean()
