"""The first page says what waits, for what, and when it is tried again."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.programs import ProgramState, publish_offer
from referral.domain.reports.story import story_of
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.attempts import prepare
from referral.domain.rewards.grants import Asked, GrantState, Waiting
from referral.domain.rewards.recovering import Recovery, end_recovery, reconcile_first
from referral.domain.rewards.ripening import ripen
from referral.domain.rewards.settling import fail
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.cast import Shop, store_credit
from tests.console.conftest import Desk
from tests.console.visiting import check_page
from tests.domain.test_store_credit import run


def waits(shop: Shop, **how: object) -> None:
    """Let bob's discount wait for something."""
    shop.signup("bob", token=shop.click(shop.link_of(shop.customer("alice"))))
    with within(shop.business.id), transaction():
        ripen(session.scalars(select(Reward)).one(), at=clock.now())
        session.execute(update(Grant).values(**how))


@pytest.mark.parametrize("state", [GrantState.WAITING, GrantState.SENDING])
def test_where_stripe_could_not_be_reached_it_says_so_and_when_the_next_try_is(
    desk: Desk, state: GrantState
) -> None:
    next_at = clock.now().replace(second=0, microsecond=0) + timedelta(minutes=5)
    waits(desk.shop, state=state, waits_for=Waiting.PROVIDER_DOWN, due_at=next_at)
    text = check_page(desk.client.get("/console"))
    assert "<strong>1</strong> reward waits to be given. Stripe could not be reached" in text
    assert f'The next try is at <time datetime="{next_at.isoformat()}">' in text
    assert "answer was lost" not in text
    assert "Bob" in desk.client.get("/console/rewards?show=waiting").text


def test_of_one_moment_what_followed_stands_above_its_cause(desk: Desk) -> None:
    shop = desk.shop
    shop.signup("bob", token=shop.click(shop.link_of(shop.customer("alice"))))
    text = check_page(desk.client.get("/console"))
    assert text.index("Bob earned 20% off") < text.index("Bob signed up, sent by Alice")
    with within(shop.business.id):
        bob = session.scalars(select(Reward)).one().person
        kinds = [one.kind for one in story_of(bob).happenings]
    assert kinds == ["move", "signup", "customer", "met"]


def test_what_another_try_would_not_change_names_no_next_one(desk: Desk) -> None:
    waits(desk.shop, waits_for=Waiting.NOT_CONNECTED)
    text = check_page(desk.client.get("/console"))
    assert "Stripe is not connected." in text
    assert "The next try" not in text


def test_the_list_of_what_waits_says_for_what(desk: Desk) -> None:
    waits(desk.shop, waits_for=Waiting.NOT_CONNECTED)
    text = check_page(desk.client.get("/console/rewards?show=waiting"))
    assert "Stripe is not connected</span>" in text
    assert "any moment now" not in text
    assert "Waiting to be given" in text
    assert "Waiting at Stripe" not in text


def test_what_is_kept_here_is_not_said_to_be_confirmed_by_stripe(desk: Desk) -> None:
    shop = desk.shop
    with within(shop.business.id), transaction():
        publish_offer(shop.program, store_credit(), at=shop.now)
    shop.signup("bob", token=shop.click(shop.link_of(shop.customer("alice"))))
    shop.purchase("bob")
    run(shop.later(days=31))
    text = " ".join(check_page(desk.client.get("/console")).split())
    given = text[text.index("Rewards given") :].partition("</li>")[0]
    assert "€10.00" in given
    assert "Stripe" not in given


def test_no_two_regions_of_a_rewards_page_have_one_name(desk: Desk) -> None:
    waits(desk.shop, waits_for=Waiting.NOT_CONNECTED)
    with within(desk.shop.business.id):
        reward = session.scalars(select(Reward)).one().public_id
    text = check_page(desk.client.get(f"/console/rewards/{reward}"))
    names = re.findall(r'<(?:section|div)[^>]*aria-label="([^"]+)"', text)
    assert "What was done" in names
    assert len(names) == len(set(names))


def test_what_is_held_is_not_told_as_waiting_too(desk: Desk) -> None:
    waits(desk.shop, waits_for=Waiting.NOT_CONNECTED)
    with within(desk.shop.business.id), transaction():
        reward = session.scalars(select(Reward)).one()
        journey.hold_reward(reward, actor=Actor("operator", "olive"), reason="?", at=clock.now())
    text = check_page(desk.client.get("/console"))
    assert "reward on hold" in text
    assert "waits to be given" not in text
    assert "when it is released" in desk.client.get(f"/console/rewards/{reward.public_id}").text


def test_what_was_issued_again_needs_nobody_any_more(desk: Desk) -> None:
    waits(desk.shop, waits_for=None)
    with within(desk.shop.business.id), transaction():
        reward = session.scalars(select(Reward)).one()
        grant = session.scalars(select(Grant)).one()
        prepare(grant, Asked("cus_bob"), at=clock.now())
        fail(grant, "No such customer.", at=clock.now())
    assert "reward that could not be given" in check_page(desk.client.get("/console"))
    with within(desk.shop.business.id), transaction():
        olive = Actor("operator", "olive")
        journey.reissue_reward(reward, actor=olive, reason="Mended.", at=clock.now())
    assert "that could not be given" not in check_page(desk.client.get("/console"))


def test_purchases_without_a_rate_are_told_with_the_way_to_enter_one(desk: Desk) -> None:
    shop = desk.shop
    shop.signup("bob", code=shop.link_of(shop.customer("alice")).code)
    shop.purchase("bob", currency="usd", at=shop.now + timedelta(hours=1))
    text = check_page(desk.client.get("/console"))
    assert "<strong>1</strong> purchase waits for an exchange rate" in text
    assert 'href="/console/settings/rates"' in text


def test_a_reward_whose_outcome_is_unknown_says_that_stripe_is_asked_first(desk: Desk) -> None:
    waits(desk.shop, state=GrantState.SENDING, waits_for=Waiting.OUTCOME_UNKNOWN)
    text = check_page(desk.client.get("/console"))
    assert "<strong>1</strong> reward waits to be given. Stripe&#39;s answer was lost." in text
    assert "We look it up before anything is sent again." in text


def test_looking_before_sending_is_told_with_what_keeps_it_so(desk: Desk) -> None:
    said = "Each reward is looked for at Stripe before it is sent, since"
    assert said not in check_page(desk.client.get("/console"))
    with within(desk.shop.business.id), transaction():
        reconcile_first(desk.shop.business.id, reason="No worker was at work.", at=clock.now())
    text = check_page(desk.client.get("/console"))
    assert said in text
    assert "It ends by itself after a day, when all that is there is known." in text
    assert 'class="need" href="/console/settings/stripe"' in text
    with within(desk.shop.business.id), transaction():
        session.execute(update(Recovery).values(unknown=["cbtxn_1", "cbtxn_2"]))
    assert "2 objects there are not known here." in check_page(desk.client.get("/console"))
    with within(desk.shop.business.id), transaction():
        end_recovery(desk.shop.business.id, at=clock.now())
    assert said not in check_page(desk.client.get("/console"))


@pytest.mark.parametrize(
    ("budget_minor", "state", "said"),
    [
        (1000, ProgramState.ACTIVE, "Friends: the budget is used up. What it does not hold is"),
        (1000, ProgramState.PAUSED, "Friends: the budget is used up. What it does not hold is"),
        (1999, ProgramState.ACTIVE, "Friends: €9.99 of the budget is left, too little for"),
        (1000, ProgramState.CLOSED, None),
        (2000, ProgramState.ACTIVE, None),
        (None, ProgramState.ACTIVE, None),
    ],
)
def test_a_program_whose_budget_holds_no_more_is_told(
    desk: Desk, budget_minor: int | None, state: ProgramState, said: str | None
) -> None:
    shop = desk.shop
    shop.signup("bob", token=shop.click(shop.link_of(shop.customer("alice"))))
    shop.purchase("bob")
    with within(shop.business.id), transaction():
        shop.program.budget_minor, shop.program.state = budget_minor, state
    text = check_page(desk.client.get("/console"))
    assert said is None or said in text
    assert ("refused until it is raised" in text) is (said is not None)
    is_linked = f'class="need" href="/console/programs/{shop.program.public_id}"' in text
    assert is_linked is (said is not None)
