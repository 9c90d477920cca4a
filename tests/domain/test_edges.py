"""Where a rule ends: the last unit, the last moment, the state that no longer allows it."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.people import Person
from referral.domain.programs import ProgramState, Trigger, change_state, set_budget
from referral.domain.programs.programs import ProgramNotOpen
from referral.domain.rewards import Grant, Reward, approve
from referral.domain.rewards.attempts import prepare
from referral.domain.rewards.grants import Asked, NotReady, Waiting
from referral.domain.rewards.moving import RewardMoved
from referral.foundation.db import session, transaction
from tests.cast import DAY, Shop, credit, open_shop
from tests.provider import Provider, answer, ripen_due, send_due
from tests.provider import prepare as send_off

OLIVE = Actor("operator", "Olive")
MICROSECOND = timedelta(microseconds=1)
pytestmark = pytest.mark.usefixtures("audited")


def rewards(shop: Shop, name: str = "alice") -> list[Reward]:
    with within(shop.business.id):
        query = select(Reward).join(Reward.person).where(Person.email == f"{name}@mail.example")
        return list(session.scalars(query.order_by(Reward.id)))


def referred(shop: Shop, advocate: str = "alice", friend: str = "bob") -> None:
    token = shop.click(shop.link_of(shop.customer(advocate)))
    shop.later(minutes=5).signup(friend, token=token)


def grant_of(shop: Shop, reward: Reward) -> Grant:
    with within(shop.business.id):
        query = select(Grant).where(Grant.reward_id == reward.id).order_by(Grant.id.desc())
        found = session.scalars(query).first()
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("after_signup", "earns"),
    [
        (-timedelta(minutes=5), True),
        (-timedelta(minutes=5) - timedelta(seconds=1), False),
        (180 * DAY - MICROSECOND, True),
        (180 * DAY, False),
    ],
)
def test_a_purchase_counts_from_the_touch_to_just_before_the_end(
    app: Flask, after_signup: timedelta, earns: bool
) -> None:
    shop = open_shop()
    referred(shop)
    paid_at = shop.now + after_signup
    shop.later(days=200).purchase("bob", at=paid_at)
    assert len(rewards(shop)) == earns


def test_the_last_unit_of_a_budget_and_of_a_cap_is_given(app: Flask) -> None:
    terms = credit(500, trigger=Trigger.PURCHASE, person_cap_minor=1000)
    shop = open_shop(advocate=terms, budget_minor=1500)
    referred(shop)
    referred(shop, "anna", "ben")
    shop.later(days=1)
    for friend in ("bob", "bob", "bob", "ben", "ben"):
        shop.purchase(friend)
    assert [(one.state, one.reason) for one in rewards(shop)] == [
        ("pending", None),
        ("pending", None),
        ("cancelled", "cap_reached"),
    ]
    assert [(one.state, one.reason) for one in rewards(shop, "anna")] == [
        ("pending", None),
        ("cancelled", "budget_reached"),
    ]


def test_a_lowered_budget_takes_nothing_back_and_stops_what_is_new(app: Flask) -> None:
    shop = open_shop(advocate=credit(500, trigger=Trigger.PURCHASE), budget_minor=1500)
    referred(shop)
    shop.later(days=1).purchase("bob")
    with within(shop.business.id), transaction():
        set_budget(shop.program, 400)
    shop.purchase("bob")
    with within(shop.business.id), transaction():
        set_budget(shop.program, None)
    shop.purchase("bob")
    assert [one.state for one in rewards(shop)] == ["pending", "cancelled", "pending"]


@pytest.mark.parametrize("state", [ProgramState.PAUSED, ProgramState.CLOSED])
def test_a_program_that_is_not_open_gives_no_new_link(app: Flask, state: ProgramState) -> None:
    shop = open_shop()
    alice, anna = shop.customer("alice"), shop.customer("anna")
    given = shop.link_of(alice)
    with within(shop.business.id), transaction():
        change_state(shop.program, state)
    assert shop.link_of(alice).id == given.id
    with pytest.raises(ProgramNotOpen):
        shop.link_of(anna)


def test_a_closed_program_keeps_its_promises(app: Flask) -> None:
    shop = open_shop()
    referred(shop)
    with within(shop.business.id), transaction():
        change_state(shop.program, ProgramState.CLOSED)
    shop.later(days=1).purchase("bob")
    provider = Provider()
    shop.later(days=31)
    with within(shop.business.id):
        ripen_due(at=shop.now)
        send_due(provider, at=shop.now)
    session.refresh(rewards(shop)[0])
    assert rewards(shop)[0].state == "granted"
    assert provider.credit["cus_alice"] == 1000


def test_a_held_reward_is_not_sent_and_goes_on_when_it_is_free(app: Flask) -> None:
    shop = open_shop()
    referred(shop)
    shop.later(hours=1).purchase("bob")
    (reward,) = rewards(shop)
    with within(shop.business.id):
        with transaction():
            approve(reward, actor=OLIVE, reason="Sure.", at=shop.now)
            journey.hold_reward(reward, actor=OLIVE, reason="Wait.", at=shop.now)
        grant = grant_of(shop, reward)
        with pytest.raises(NotReady) as waiting, transaction():
            prepare(grant, Asked("cus_alice"), at=shop.now)
        assert waiting.value.waits_for is Waiting.HELD
        with transaction():
            journey.release_reward(reward, actor=OLIVE, reason="Fine.", at=shop.now)
        send_due(Provider(), at=shop.now)
    assert reward.state == "granted"


def test_a_grant_that_has_begun_can_be_neither_held_nor_denied(app: Flask) -> None:
    shop = open_shop()
    referred(shop)
    shop.later(hours=1).purchase("bob")
    (reward,) = rewards(shop)
    with within(shop.business.id):
        with transaction():
            approve(reward, actor=OLIVE, reason="Sure.", at=shop.now)
        assert send_off(grant_of(shop, reward), Provider(), at=shop.now)
        for act in (journey.hold_reward, journey.deny_reward, journey.approve_reward):
            with pytest.raises(RewardMoved), transaction():
                act(reward, actor=OLIVE, reason="No.", at=shop.now)
    assert (reward.state, reward.open_holds) == ("granting", 0)


def test_a_refund_on_the_way_to_the_grant_is_debited_after_it(app: Flask) -> None:
    shop = open_shop()
    referred(shop)
    purchase = shop.later(hours=1).purchase("bob")
    (reward,) = rewards(shop)
    provider = Provider()
    with within(shop.business.id):
        with transaction():
            approve(reward, actor=OLIVE, reason="Sure.", at=shop.now)
        grant = grant_of(shop, reward)
        assert send_off(grant, provider, at=shop.now)
        shop.refund(purchase, 3000)
        assert answer(grant, provider.send(grant), at=shop.now)
        debit = grant_of(shop, reward)
        assert (debit.operation, debit.amount_minor, debit.state) == ("debit", 250, "waiting")
        send_due(provider, at=shop.now)
    session.refresh(reward)
    assert (reward.state, reward.debited_minor, provider.credit["cus_alice"]) == (
        "granted",
        250,
        750,
    )
