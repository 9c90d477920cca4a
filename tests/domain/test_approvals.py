"""Who must approve a reward: nobody below an amount, one person, or two, and never oneself."""

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, Operator, within
from referral.domain.people.people import mailbox
from referral.domain.programs import Approval, ProgramTerms, edit_program
from referral.domain.rewards import Reward, RewardState, ripen
from referral.domain.rewards.approving import OwnReward, SecondPersonNeeded, approvals_of
from referral.domain.rewards.moving import RewardMoved
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from tests.cast import NOON, Shop, credit, open_shop

KEY = Actor("api_key", "API key …1234")
OTHER_KEY = Actor("api_key", "API key …9876")
pytestmark = pytest.mark.usefixtures("audited")


def operator(email: str) -> Actor:
    """Return a member of staff with this address."""
    with transaction():
        found = Operator(email=email, name=email.split("@", maxsplit=1)[0].title(), created_at=NOON)
        session.add(found)
    return Actor("operator", found.name, found.id)


def earned(shop: Shop, friend: str = "bob", advocate: str = "alice", **known: str) -> Reward:
    """Let an advocate earn a reward whose hold has passed."""
    token = shop.click(shop.link_of(shop.customer(advocate, **known)))
    shop.later(minutes=1).signup(friend, token=token)
    shop.later(minutes=1).purchase(friend)
    shop.later(days=31)
    with within(shop.business.id):
        query = select(Reward).where(Reward.side == "advocate").order_by(Reward.id.desc())
        return session.scalars(query).first()  # type: ignore[return-value]


def ripened(shop: Shop, reward: Reward) -> Reward:
    with within(shop.business.id), transaction():
        ripen(reward, at=shop.now)
        session.refresh(reward)
    return reward


def approve(shop: Shop, reward: Reward, by: Actor) -> bool:
    with within(shop.business.id), transaction():
        return journey.approve_reward(reward, actor=by, reason="Looked at.", at=shop.now)


@pytest.mark.parametrize(
    ("amount", "needed", "state"),
    [
        (999, 0, "approved"),
        (1000, 1, "pending"),
        (4999, 1, "pending"),
        (5000, 2, "pending"),
    ],
)
def test_the_amount_says_how_many_must_approve(
    app: Flask, amount: int, needed: int, state: str
) -> None:
    shop = open_shop(
        advocate=credit(amount), automatic_below_minor=1000, second_person_from_minor=5000
    )
    reward = ripened(shop, earned(shop))
    assert (reward.approvals_needed, reward.state, reward.awaits_staff) == (
        needed,
        state,
        needed > 0,
    )


def test_two_people_approve_a_large_reward_one_after_the_other(app: Flask) -> None:
    shop = open_shop(second_person_from_minor=1000)
    olive, otto = operator("olive@team.example"), operator("otto@team.example")
    reward = earned(shop)
    assert approve(shop, reward, olive) is False
    assert (reward.state, reward.approvals_given) == (RewardState.PENDING, 1)
    with pytest.raises(SecondPersonNeeded):
        approve(shop, reward, olive)
    assert approve(shop, reward, otto) is True
    assert reward.state == RewardState.APPROVED
    with within(shop.business.id):
        assert [one.actor_name for one in approvals_of(reward)] == ["Olive", "Otto"]
    with pytest.raises(RewardMoved):
        approve(shop, reward, operator("ophelia@team.example"))


def test_a_second_account_of_the_same_mailbox_is_no_second_person(app: Flask) -> None:
    shop = open_shop(second_person_from_minor=1000)
    reward = earned(shop)
    approve(shop, reward, operator("olive@team.example"))
    with pytest.raises(SecondPersonNeeded):
        approve(shop, reward, operator("olive+second@team.example"))
    assert reward.state == RewardState.PENDING


def test_all_keys_together_are_one_of_the_two(app: Flask) -> None:
    shop = open_shop(second_person_from_minor=1000)
    reward = earned(shop)
    assert approve(shop, reward, KEY) is False
    with pytest.raises(SecondPersonNeeded):
        approve(shop, reward, OTHER_KEY)
    assert approve(shop, reward, operator("olive@team.example")) is True


@pytest.mark.parametrize("key_is_first", [True, False])
def test_whoever_made_a_key_is_no_second_person_beside_it(app: Flask, key_is_first: bool) -> None:
    shop = open_shop(second_person_from_minor=1000)
    reward = earned(shop)
    olive = operator("olive@team.example")
    by_key = Actor("api_key", "API key …1234", behind=olive.id)
    first, again = (by_key, olive) if key_is_first else (olive, by_key)
    assert approve(shop, reward, first) is False
    with pytest.raises(SecondPersonNeeded):
        approve(shop, reward, again)
    assert approve(shop, reward, operator("otto@team.example")) is True


def test_s22_nobody_approves_their_own_by_a_key_they_made(app: Flask) -> None:
    shop = open_shop(approval=Approval.STAFF)
    reward = earned(shop, advocate="olive", email="olive@mail.example")
    olive = operator("olive+work@mail.example")
    with pytest.raises(OwnReward):
        approve(shop, reward, Actor("api_key", "API key …1234", behind=olive.id))


def test_s22_nobody_approves_or_releases_their_own(app: Flask) -> None:
    shop = open_shop(approval=Approval.STAFF)
    reward = earned(shop, advocate="olive", email="olive@mail.example")
    own = operator("olive+work@mail.example")
    with pytest.raises(OwnReward):
        approve(shop, reward, own)
    otto = operator("otto@team.example")
    with within(shop.business.id), transaction():
        journey.hold_reward(reward, actor=otto, reason="Look.", at=shop.now)
    with pytest.raises(OwnReward), within(shop.business.id), transaction():
        journey.release_reward(reward, actor=own, reason="Mine.", at=shop.now)
    with within(shop.business.id), transaction():
        journey.release_reward(reward, actor=otto, reason="Fine.", at=shop.now)
    assert approve(shop, reward, otto) is True


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Olive@Mail.Example", "olive@mail.example", True),
        ("olive+a@mail.example", "olive+b@mail.example", True),
        ("o.live@gmail.com", "Olive+x@googlemail.com", True),
        ("o.live@mail.example", "olive@mail.example", False),
        ("olive@mail.example", "olive@post.example", False),
        ("+olive@mail.example", "+oscar@mail.example", False),
    ],
)
def test_whose_mailbox_an_address_is(one: str, other: str, same: bool) -> None:
    assert (mailbox(one) == mailbox(other)) is same


@pytest.mark.parametrize("policy", [{}, {"approval": Approval.STAFF}])
def test_i29_a_new_policy_leaves_what_was_earned_as_it_was(
    app: Flask, policy: dict[str, object]
) -> None:
    shop = open_shop(second_person_from_minor=1000)
    strict = earned(shop)
    terms = ProgramTerms(name="Friends", landing_url="https://shop.example/hello", **policy)  # type: ignore[arg-type]
    with within(shop.business.id), transaction():
        edit_program(shop.program, terms, at=shop.now)
    assert approve(shop, strict, operator("olive@team.example")) is False
    needed = 1 if policy else 0
    assert earned(shop, friend="ben").approvals_needed == needed


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"automatic_below_minor": 0}, "automatic_below_minor"),
        ({"second_person_from_minor": 10**12 + 1}, "second_person_from_minor"),
        (
            {"automatic_below_minor": 500, "second_person_from_minor": 499},
            "second_person_from_minor",
        ),
        ({"automatic_below_minor": 500, "approval": Approval.STAFF}, "automatic_below_minor"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_beside_its_field(
    terms: dict[str, object], field: str
) -> None:
    said = ProgramTerms(name="Friends", landing_url="https://shop.example/", **terms)  # type: ignore[arg-type]
    with pytest.raises(Invalid) as refusal:
        said.check()
    assert list(refusal.value.fields) == [field]
