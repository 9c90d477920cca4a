"""Sixteen processes reach for the codes of one stock: none is given twice, none is left lying."""

import uuid

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from referral.domain.businesses import within
from referral.domain.programs import Trigger
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.gift_stock import GiftCode
from referral.domain.rewards.grants import GrantState
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.worker import work_one
from referral.worker.loop import kinds
from tests.cast import Shop, fill_stock, gift, open_shop
from tests.machine.processes import in_processes
from tests.provider import ripen_due

PROCESSES, WANTED, CODES = 16, 60, 48
pytestmark = pytest.mark.usefixtures("audited")
GRANTS = next(kind for kind in kinds() if kind.model is Grant)


def crowd(shop: Shop) -> None:
    """Let alice earn many gifts, all of them due."""
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=5).signup("bob", token=token)
    for _ in range(WANTED):
        shop.purchase("bob")
    shop.later(days=31)
    with within(shop.business.id):
        ripen_due(at=shop.now)
        with transaction():
            session.execute(update(Grant).values(due_at=clock.now()))


def take_all(_: int) -> None:
    """Work every grant there is; like the worker's loop, go on when the database was too busy."""
    keys = session.scalars(
        select(Grant.id).order_by(Grant.id).execution_options(across_businesses=True)
    ).all()
    session.commit()
    while keys:
        keys = [key for key in keys if not was_worked(key)]


def was_worked(key: uuid.UUID) -> bool:
    """Try one grant; False when SQLite let somebody wait for longer than its patience."""
    try:
        work_one(GRANTS, key)
    except OperationalError:
        session.rollback()
        return False
    finally:
        session.remove()
    return True


def test_sixteen_processes_give_every_code_once(app: Flask) -> None:
    shop = open_shop(advocate=gift(trigger=Trigger.PURCHASE))
    crowd(shop)
    fill_stock(shop, "\n".join(f"GIFT-{number:04}" for number in range(CODES)))

    assert in_processes(app, PROCESSES, take_all) == [0] * PROCESSES

    with within(shop.business.id):
        given = [one.reward_id for one in session.scalars(select(GiftCode)) if one.reward_id]
        done = session.scalars(
            select(Grant.reward_id).where(
                Grant.operation == "gift_code", Grant.state == GrantState.DONE
            )
        ).all()
        waiting = session.scalars(
            select(Grant.waits_for).where(
                Grant.operation == "gift_code", Grant.state == GrantState.WAITING
            )
        ).all()
        states = session.scalars(select(Reward.state).where(Reward.kind == "gift")).all()
    assert (len(given), set(given)) == (CODES, set(done))
    assert waiting == ["out_of_stock"] * (WANTED - CODES)
    assert (states.count("granted"), states.count("approved")) == (CODES, WANTED - CODES)
