"""Sixteen real processes spend one balance: never below nothing, and all that is permitted."""

from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from referral import create_app
from referral.domain.businesses import within
from referral.domain.people import Person
from referral.domain.rewards import Redemption, redeem
from referral.domain.rewards.redemptions import NotEnoughCredit
from referral.foundation import clock
from referral.foundation.db import db, session, transaction
from referral.foundation.money import Money
from tests.cast import open_shop
from tests.credit import OLIVE, balance_of, give_credit
from tests.fixtures import settings_for

PROCESSES, TRIES, PRICE_MINOR = 16, 4, 70
PATIENCE = 10
pytestmark = pytest.mark.usefixtures("audited")


def spend_in_processes(url: str, person: Person, order: Callable[[int, int], str]) -> list[str]:
    """Let each process try to pay at once; returns how each try ended."""
    context = get_context("fork")
    start, told = context.Barrier(PROCESSES), context.Queue()
    said = [
        (url, person.business_id, person.id, [order(number, i) for i in range(TRIES)], start, told)
        for number in range(PROCESSES)
    ]
    session.remove()
    db.engine.dispose()
    processes = [context.Process(target=spend, args=one) for one in said]
    for process in processes:
        process.start()
    ended = [told.get(timeout=120) for _ in range(PROCESSES * TRIES)]
    for process in processes:
        process.join(timeout=30)
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    return ended


def spend(url: str, business_id: Any, key: Any, orders: list[str], start: Any, told: Any) -> None:
    """Pay one order after another, in a process of its own."""
    app = create_app(settings_for(url))
    with app.app_context(), within(business_id):
        person = session.get_one(Person, key)
        start.wait(timeout=120)
        for order in orders:
            told.put(outcome(person, order))
            session.rollback()
        session.remove()
        db.engine.dispose()


def outcome(person: Person, order: str) -> str:
    """Pay, and send it again while the database is too busy to answer, as callers do."""
    price = Money(PRICE_MINOR, "eur")
    for _ in range(PATIENCE):
        try:
            with transaction():
                _, is_new = redeem(person, order, price, actor=OLIVE, at=clock.now())
            return "paid" if is_new else "paid before"
        except NotEnoughCredit:
            return "too little"
        except OperationalError:
            session.rollback()
        except Exception as error:
            return repr(error)
    return "no answer"


def redeemed(person: Person) -> tuple[int, int]:
    with within(person.business_id):
        query = select(func.count(), func.sum(Redemption.amount_minor))
        count, total = session.execute(query.select_from(Redemption)).one()
    return int(count), int(total or 0)


def test_sixteen_processes_never_spend_more_than_there_is(app: Flask, database_url: str) -> None:
    shop = open_shop()
    for _ in range(3):
        alice = give_credit(shop, 1000, credit_life_days=3650)
    ended = spend_in_processes(database_url, alice, lambda number, i: f"order-{number}-{i}")
    permitted = 3000 // PRICE_MINOR
    assert ended.count("paid") == permitted
    assert ended.count("too little") == PROCESSES * TRIES - permitted
    assert redeemed(alice) == (permitted, permitted * PRICE_MINOR)
    assert balance_of(alice) == 3000 - permitted * PRICE_MINOR


def test_one_order_sent_by_sixteen_processes_is_paid_once(app: Flask, database_url: str) -> None:
    alice = give_credit(open_shop(), 1000)
    ended = spend_in_processes(database_url, alice, lambda number, i: f"order-{i}")
    assert {one: ended.count(one) for one in ended} == {"paid": TRIES, "paid before": 60}
    assert balance_of(alice) == 1000 - TRIES * PRICE_MINOR
