"""Workers that are killed, ended, frozen or too many lose nothing and do nothing twice."""

from __future__ import annotations

import random
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from signal import SIGCONT, SIGSTOP, SIGTERM

import pytest
from flask import Flask
from sqlalchemy import func, select

from referral.domain.businesses import across_businesses, within
from referral.domain.notices import Notice, notify
from referral.domain.rewards import Grant
from referral.foundation import clock, due, failpoints
from referral.foundation.db import session, transaction
from referral.worker.grants import MOST_SERVER_ERRORS
from tests.crash.processes import Crew, until
from tests.crash.scenes import (
    LEASE_S,
    PAST_LEASE_S,
    assert_granted_once,
    count_rewards,
    credit_calls,
    earn,
)
from tests.stories.trade import Trade, later

CLAIMERS = 16
ROWS = 40


def test_f25_a_worker_that_is_asked_to_end_finishes_what_it_has(trade: Trade, crew: Crew) -> None:
    count = 40
    alice = earn(trade, count)
    trade.practice.fault("slow", "POST", "/v1/customers/", seconds=0.1, times=count)
    worker = crew.worker(threads=2)
    until(lambda: len(credit_calls(trade)) >= 4, "the worker works", alive=worker)
    worker.send(SIGTERM)
    assert worker.wait(within_s=25) == 0, worker.said
    assert 0 < count_rewards(trade, "granted") < count
    assert leases() == 0
    trade.practice.clear_faults()
    trade.settle()
    assert_granted_once(trade, alice, count)


def test_f26_a_frozen_worker_changes_nothing_when_it_wakes(trade: Trade, crew: Crew) -> None:
    alice = earn(trade)
    trade.practice.fault("slow", "POST", "/v1/customers/", seconds=3)
    frozen = crew.worker()
    until(lambda: credit_calls(trade), "the worker asks Stripe", alive=frozen)
    frozen.send(SIGSTOP)
    until(lambda: credit_calls(trade)[0]["answered"], "Stripe has answered")
    with later(PAST_LEASE_S):
        trade.work()
    assert_granted_once(trade, alice)
    settled = grant_row()
    frozen.send(SIGCONT)
    until(lambda: "lease_lost" in frozen.said, "it finds itself overtaken", alive=frozen)
    frozen.send(SIGTERM)
    assert frozen.wait() == 0, frozen.said
    assert grant_row() == settled
    assert_granted_once(trade, alice)


def test_f26_a_worker_frozen_before_it_sends_sends_nothing_when_it_wakes(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others met only errors, looked, and granted it by another attempt with a key of its own."""
    alice = earn(trade)
    wakes = ExitStack()

    def freeze(place: str) -> None:
        if place != "CP2":
            return
        monkeypatch.setattr(failpoints, "reached", lambda place: None)
        trade.practice.fault("500", "POST", "/v1/customers/", times=MOST_SERVER_ERRORS)
        with trade.app.app_context():
            for minute in range(1, 2 * MOST_SERVER_ERRORS):
                wakes.enter_context(later(60 * minute))
                trade.work()
        assert_granted_once(trade, alice)

    monkeypatch.setattr(failpoints, "reached", freeze)
    with wakes:
        trade.work()
    assert len(credit_calls(trade)) == MOST_SERVER_ERRORS + 1
    assert_granted_once(trade, alice)


def test_f27_of_sixteen_claimers_one_gets_each_row(app: Flask, trade: Trade) -> None:
    keys = notices(trade, ROWS)
    start = threading.Barrier(CLAIMERS)

    def claim_all(number: int) -> list[uuid.UUID]:
        mine = random.Random(number).sample(keys, len(keys))
        with app.app_context():
            start.wait()
            return [key for key in mine if claim(key)]

    with ThreadPoolExecutor(CLAIMERS) as pool:
        claimed = [key for got in pool.map(claim_all, range(CLAIMERS)) for key in got]
    assert sorted(claimed) == sorted(keys)


def test_f27_a_claim_ends_with_its_lease(trade: Trade) -> None:
    (key,) = notices(trade, 1)
    assert claim(key)
    assert not claim(key)
    with later(LEASE_S - 1):
        assert not claim(key)
    with later(LEASE_S + 1):
        assert claim(key)


def claim(key: uuid.UUID) -> bool:
    with transaction():
        return due.claim(Notice, key, at=clock.now()) is not None


def notices(trade: Trade, count: int) -> list[uuid.UUID]:
    """Make work that nobody does meanwhile."""
    with within(trade.shop.business.id), transaction():
        for number in range(count):
            notify(
                trade.shop.business.id,
                "friend_joined",
                to="alice@mail.example",
                once_key=f"n{number}",
                at=trade.shop.now,
                said={},
            )
        keys = list(session.scalars(select(Notice.id)))
    session.remove()
    return keys


def leases() -> int:
    query = select(func.count()).select_from(Grant).where(Grant.lease_until.is_not(None))
    found = session.scalar(query.execution_options(**across_businesses()))
    session.remove()
    return int(found or 0)


def grant_row() -> dict[str, object]:
    query = select(Grant.__table__).execution_options(**across_businesses())
    found = dict(session.execute(query).mappings().one())
    session.remove()
    return found
