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


def figures(shop: Shop) -> tuple[int, int]:
    """Return what alice was given, by the portal and by the ledger."""
    with within(shop.business.id):
        session.expire_all()
        person = _alices(shop)[0].person_id
        known = sum(one.given.amount_minor for one in sums_of(person))
        return known, sum(one.amount_minor for one in given_to([person]).get(person, []))


def _alices(shop: Shop) -> list[Reward]:
    query = select(Reward).where(Reward.side == "advocate").order_by(Reward.id)
    return list(session.scalars(query))


def test_credit_that_expired_unused_is_none(app: Flask) -> None:
    shop = shop_of(store_credit(credit_life_days=30))
    bought(shop)
    assert figures(shop) == (1000, 1000)
    run(shop.later(days=31))
    assert figures(shop) == (0, 0)


@pytest.mark.parametrize(("part", "kept"), [(3000, 1000), (12000, 1000)])
def test_a_debt_that_was_let_go_is_given(app: Flask, part: int, kept: int) -> None:
    shop = open_shop(advocate=credit(trigger=Trigger.PURCHASE), friend=NOTHING)
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=5).signup("bob", token=token)
    story = Story(shop)
    story.owe(part)
    with within(shop.business.id), transaction():
        (old,) = _alices(shop)
        journey.forgive_debt(old, actor=OLIVE, reason="Our mistake.", at=shop.now)
    assert figures(shop) == (kept, kept)
