"""Somebody becomes a customer in the very moment their credit becomes something else."""

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import within
from referral.domain.people import customer_of, lock_person, tie_customer
from referral.domain.programs import Kind
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.falling_back import fall_back
from referral.domain.rewards.moving import lock
from referral.foundation.db import session, transaction
from tests.cast import Shop
from tests.domain.test_fallbacks import earned, else_, work
from tests.machine.threads import at_once, while_open

pytestmark = pytest.mark.usefixtures("audited")


def falls_back(shop: Shop, reward: Reward) -> None:
    """Have the credit of a reward look for its customer, as the worker does."""
    with within(shop.business.id):
        query = select(Grant).where(Grant.reward_id == reward.id, Grant.operation == "credit")
        grant = session.scalars(query).one()
        lock_person(grant.reward.person)
        lock(grant.reward)
        session.refresh(grant)
        fall_back(grant, at=shop.now)


def becomes_customer(shop: Shop, reward: Reward) -> None:
    with within(shop.business.id):
        person = session.get_one(Reward, reward.id).person
        tie_customer(person, "cus_alice", at=shop.now)


def given(shop: Shop, reward: Reward) -> tuple[str, str, dict[str, int], int]:
    """Return what alice got in the end: the kind, its state, her credit there, and how often."""
    session.expire_all()
    provider = work(shop.later(hours=2))
    with within(shop.business.id):
        found = session.scalars(
            select(Reward).where(Reward.id == reward.id).execution_options(populate_existing=True)
        ).one()
        done = select(Grant).where(Grant.reward_id == reward.id, Grant.state == "done")
        return found.kind, found.state, provider.credit, len(session.scalars(done).all())


def test_who_ties_a_customer_that_is_not_committed_yet_gets_one_thing(app: Flask) -> None:
    shop, reward = earned(else_())
    shop.later(days=15)

    def second() -> None:
        with transaction():
            falls_back(shop, reward)

    while_open(app, lambda: becomes_customer(shop, reward), second)
    kind, state, credit, times = given(shop, reward)
    assert (state, times) == ("granted", 1)
    assert credit == ({"cus_alice": 1000} if kind == Kind.ACCOUNT_CREDIT else {})


def test_a_customer_tied_while_it_becomes_something_else_changes_nothing(app: Flask) -> None:
    shop, reward = earned(else_())
    shop.later(days=15)

    def second() -> None:
        with transaction():
            becomes_customer(shop, reward)

    while_open(app, lambda: falls_back(shop, reward), second)
    assert given(shop, reward) == ("store_credit", "granted", {}, 1)
    with within(shop.business.id):
        assert customer_of(reward.person) == "cus_alice"


def test_two_who_look_at_once_have_it_become_something_else_once(app: Flask) -> None:
    shop, reward = earned(else_())
    shop.later(days=15)

    def looks() -> None:
        with transaction():
            falls_back(shop, reward)

    assert at_once(app, [looks] * 4) == []
    assert given(shop, reward) == ("store_credit", "granted", {}, 1)
    with within(shop.business.id):
        assert len(session.scalars(select(Grant).where(Grant.reward_id == reward.id)).all()) == 2
