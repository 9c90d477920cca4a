"""Sixteen processes at once: no limit is overrun, all that is permitted happens, and once."""

from collections import Counter
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import func, select

from referral.domain.businesses import Operator, within
from referral.domain.people import Person, live_together
from referral.domain.programs import Trigger
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.approving import RewardApproval
from referral.foundation.db import db, session, transaction
from tests.cast import NOON, Shop, credit, open_shop
from tests.machine.crowd import let_loose

PROCESSES, TRIES, EACH, PERMITTED = 16, 5, 100, 60
FRIENDS = [f"friend{number}" for number in range(PROCESSES)]
pytestmark = pytest.mark.usefixtures("audited")


@dataclass
class Limited:
    """A shop with one limit that holds fewer rewards than are tried for."""

    shop: Shop
    refused_as: str


def limited(refused_as: str, *, many: bool = False, **limit: int) -> Limited:
    """Open a shop where sixteen friends came by one advocate, or each by one of a household."""
    person_cap = limit.pop("person_cap_minor", None)
    offer = credit(EACH, trigger=Trigger.PURCHASE, person_cap_minor=person_cap)
    shop = open_shop(refused_as, advocate=offer, **limit)
    for number, friend in enumerate(FRIENDS):
        advocate = shop.customer(f"alice{number}" if many else "alice")
        token = shop.click(shop.link_of(advocate))
        shop.later(seconds=1).signup(friend, token=token)
        if many:
            with within(shop.business.id), transaction():
                live_together(session.get_one(Person, advocate.id), "1 Mill Lane")
    shop.later(seconds=1)
    return Limited(shop, refused_as)


def purchases(shop: Shop, number: int) -> list[list[str]]:
    business, at = str(shop.business.id), shop.now.isoformat()
    keys = [f"in_{shop.business.id.hex}_{number}_{one}" for one in range(TRIES)]
    return [["buy", business, FRIENDS[number], key, at] for key in keys]


def outcomes(shop: Shop) -> Counter[str]:
    """Count an advocate's rewards by what became of them."""
    session.rollback()
    with within(shop.business.id):
        query = select(Reward.state, Reward.reason).where(Reward.side == "advocate")
        return Counter(reason or state for state, reason in session.execute(query))


def test_i25_i26_sixteen_processes_overrun_no_limit_and_lose_nothing(
    app: Flask, database_url: str
) -> None:
    most = PERMITTED * EACH
    places = [
        limited("budget_reached", budget_minor=most),
        limited("cap_reached", person_cap_minor=most),
        limited("day_cap_reached", day_cap_minor=most),
        limited("household_cap_reached", many=True, household_cap_minor=most),
    ]
    session.remove()
    db.engine.dispose()
    let_loose(
        database_url,
        [
            [act for place in places for act in purchases(place.shop, number)]
            for number in range(PROCESSES)
        ],
    )
    for place in places:
        found = outcomes(place.shop)
        assert found == {
            "pending": PERMITTED,
            place.refused_as: PROCESSES * TRIES - PERMITTED,
        }


@pytest.mark.parametrize(("needed", "rewards"), [(1, 200), (2, 50)])
def test_sixteen_processes_approve_the_same_rewards_and_each_goes_out_once(
    app: Flask, database_url: str, needed: int, rewards: int
) -> None:
    shop = open_shop(
        advocate=credit(EACH, trigger=Trigger.PURCHASE),
        approval="staff",
        second_person_from_minor=EACH if needed == 2 else None,
    )
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(seconds=1).signup("bob", token=token)
    for _ in range(rewards):
        shop.purchase("bob")
    with transaction():
        team = [
            Operator(email=f"o{one}@team.example", name="O", created_at=NOON)
            for one in range(PROCESSES)
        ]
        session.add_all(team)
    with within(shop.business.id):
        keys = list(session.scalars(select(Reward.id).where(Reward.side == "advocate")))
    business, at = str(shop.business.id), shop.now.isoformat()
    plan = [
        [["approve", business, str(key), str(one.id), at] for key in keys[turn:] + keys[:turn]]
        for turn, one in enumerate(team)
    ]
    session.remove()
    db.engine.dispose()
    let_loose(database_url, plan)
    assert outcomes(shop) == {"approved": rewards}
    with within(shop.business.id):
        given = select(func.count(), func.count(RewardApproval.actor_key.distinct())).group_by(
            RewardApproval.reward_id
        )
        assert set(session.execute(given).all()) == {(needed, needed)}
        planned = session.scalars(select(Grant.reward_id)).all()
    assert sorted(planned) == sorted(keys)
