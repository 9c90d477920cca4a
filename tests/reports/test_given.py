"""What somebody was given is one figure: the portal adds it up as the ledger has it (I-43)."""

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import within
from referral.domain.programs import Trigger
from referral.domain.reports.given import given_to
from referral.domain.reports.portal import sums_of
from referral.domain.rewards import Reward
from referral.foundation.db import session, transaction
from tests.cast import Shop, credit, open_shop, store_credit
from tests.domain.test_debts import NOTHING, OLIVE, Story
from tests.domain.test_store_credit import bought, run, shop_of

pytestmark = pytest.mark.usefixtures("audited")


def figures(shop: Shop) -> tuple[int, int, int]:
    """Return what alice was given, by the portal, by the ledger and by her rewards."""
    with within(shop.business.id):
        session.expire_all()
        hers = _alices(shop)
        person = hers[0].person_id
        known = sum(one.given.amount_minor for one in sums_of(person))
        booked = sum(one.amount_minor for one in given_to([person]).get(person, []))
        return known, booked, sum(one.given_minor for one in hers)


def _alices(shop: Shop) -> list[Reward]:
    query = select(Reward).where(Reward.side == "advocate").order_by(Reward.id)
    return list(session.scalars(query))


def test_credit_that_expired_unused_is_none(app: Flask) -> None:
    shop = shop_of(store_credit(credit_life_days=30))
    bought(shop)
    assert figures(shop) == (1000, 1000, 1000)
    run(shop.later(days=31))
    assert figures(shop) == (0, 0, 0)


@pytest.fixture
def story(app: Flask) -> Story:
    shop = open_shop(advocate=credit(trigger=Trigger.PURCHASE), friend=NOTHING)
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=5).signup("bob", token=token)
    return Story(shop)


def test_what_settles_a_debt_is_given_before_the_rest_of_it_is(story: Story) -> None:
    story.owe(9000)
    assert figures(story.shop) == (250, 250, 250)
    story.buy()
    story.approve()
    assert figures(story.shop) == (1000, 1000, 1000)
    assert way(story.shop) == 250
    story.give()
    assert figures(story.shop) == (1250, 1250, 1250)
    assert way(story.shop) == 0


def way(shop: Shop) -> int:
    """Return what the portal says is on the way to alice."""
    with within(shop.business.id):
        return sum(one.waiting.amount_minor for one in sums_of(_alices(shop)[0].person_id))


@pytest.mark.parametrize(("part", "kept"), [(3000, 1000), (12000, 1000)])
def test_a_debt_that_was_let_go_is_given(story: Story, part: int, kept: int) -> None:
    shop = story.shop
    story.owe(part)
    with within(shop.business.id), transaction():
        (old,) = _alices(shop)
        journey.forgive_debt(old, actor=OLIVE, reason="Our mistake.", at=shop.now)
    assert figures(shop) == (kept, kept, kept)
