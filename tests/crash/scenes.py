"""Rewards about to be granted, and how to tell afterwards that each was, once."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from referral.domain.businesses import within
from referral.domain.people import Person
from referral.domain.programs import Side, Trigger
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.ledger import LedgerTransaction
from referral.foundation import clock, due
from referral.foundation.db import session
from referral.worker import work_one
from referral.worker.loop import Work, kinds
from tests.cast import credit
from tests.stories.books import assert_one_object_each
from tests.stories.trade import Trade, assert_clean, open_trade
from tools.practice_stripe import PracticeStripe

LEASE_S = int(due.LEASE.total_seconds())
PAST_LEASE_S = LEASE_S + 5
NEVER_MINOR = 10**9


def open_busy_trade(app: Flask, practice: PracticeStripe) -> Trade:
    """Open a shop where each purchase of a friend earns the advocate 10.00, and friends nothing."""
    return open_trade(
        app,
        practice,
        advocate=credit(trigger=Trigger.PURCHASE),
        friend=credit(side=Side.FRIEND, minimum_minor=NEVER_MINOR),
    )


def earn(trade: Trade, count: int = 1) -> Person:
    """Let Bob buy so many times on Alice's word, up to where her credits are due; return Alice."""
    alice = trade.advocate("alice")
    trade.shop.signup("bob", token=trade.token_of(alice))
    for _ in range(count):
        trade.shop.purchase("bob")
    work_up_to_grants()
    assert len(_due(Grant)) == count
    return alice


def work_up_to_grants() -> None:
    """Do everything that is due, but no act at Stripe."""
    session.remove()
    for kind in kinds():
        if kind.model is not Grant:
            _work(kind)


def assert_granted_once(trade: Trade, alice: Person, count: int = 1) -> None:
    """Check that each reward was granted by one object and one move of money, and nothing waits."""
    with within(trade.shop.business.id):
        states = session.scalars(select(Reward.state)).all()
        moves = session.scalar(
            select(func.count())
            .where(LedgerTransaction.kind == "grant")
            .select_from(LedgerTransaction)
        )
    session.remove()
    assert list(states) == ["granted"] * count
    assert moves == count
    assert [one["amount"] for one in trade.credits_of(alice)] == [-1000] * count
    assert_one_object_each(trade)
    assert_clean()


def count_rewards(trade: Trade, state: str) -> int:
    """Count the rewards in a state."""
    with within(trade.shop.business.id):
        query = select(func.count()).select_from(Reward).where(Reward.state == state)
        found = session.scalar(query)
    session.remove()
    return int(found or 0)


def credit_calls(trade: Trade) -> list[dict[str, object]]:
    """List the calls that gave credit, the first first."""
    calls = trade.practice.calls("POST", "/v1/customers/")
    return [one for one in calls if one["path"].endswith("/balance_transactions")]


def _work(kind: Work) -> None:
    while keys := _due(kind.model):
        for key in keys:
            work_one(kind, key)
            session.remove()


def _due(model: type[object]) -> list[object]:
    keys = due.due_ids(model, at=clock.now(), limit=500)
    session.commit()
    return list(keys)
