"""The first page says what waits, for what, and when it is tried again."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from referral.domain.businesses import within
from referral.domain.reports.story import story_of
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.grants import GrantState, Waiting
from referral.domain.rewards.ripening import ripen
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.cast import Shop
from tests.console.conftest import Desk
from tests.console.visiting import check_page


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
        kinds = [one.kind for one in story_of(bob)]
    assert kinds == ["move", "signup", "customer", "met"]


def test_what_another_try_would_not_change_names_no_next_one(desk: Desk) -> None:
    waits(desk.shop, waits_for=Waiting.NOT_CONNECTED)
    text = check_page(desk.client.get("/console"))
    assert "Stripe is not connected." in text
    assert "The next try" not in text
