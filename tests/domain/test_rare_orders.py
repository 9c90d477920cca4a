"""Orders of events that are rare in life and came out wrong once; each failed before its fix."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.programs import Kind, OfferTerms, Side, Trigger, publish_offer
from referral.domain.purchases import (
    CameBack,
    DisputeFact,
    DisputeOutcome,
    Purchase,
)
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.choosing import choose
from referral.domain.rewards.rewards import has_its_place
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from tests.cast import Shop, credit, fill_stock, open_shop
from tests.domain.test_choices import choice
from tests.domain.test_reissuing import failed, reissue
from tests.domain.test_reissuing import rewards as of_alice
from tests.provider import Provider, ripen_due, send_due

OLIVE = Actor("operator", "Olive")
NOTHING = credit(side=Side.FRIEND, minimum_minor=10**9)
pytestmark = pytest.mark.usefixtures("audited")


def bought(shop: Shop) -> Purchase:
    """Let Bob come by Alice and pay 120.00."""
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=5).signup("bob", token=token)
    return shop.later(minutes=1).purchase("bob")


def settle(shop: Shop, provider: Provider) -> None:
    shop.later(days=31)
    with within(shop.business.id):
        ripen_due(at=shop.now)
        send_due(provider, at=shop.now)


def take_back(shop: Shop, reward: Reward) -> None:
    with within(shop.business.id), transaction():
        journey.take_back_reward(reward, actor=OLIVE, reason="A mistake.", at=shop.now)


def standing(shop: Shop) -> list[tuple[str, int, int]]:
    """Say where each reward stands that has its place, its amount and what was taken of it."""
    with within(shop.business.id):
        query = select(Reward).where(has_its_place()).order_by(Reward.id)
        found = session.scalars(query.execution_options(populate_existing=True)).all()
    return [(one.state, one.amount_minor, one.clawback_minor) for one in found]


def kept(shop: Shop) -> list[int]:
    return [amount - taken for state, amount, taken in standing(shop) if state != "cancelled"]


def test_what_staff_took_back_does_not_begin_anew_with_news_of_a_failed_refund(app: Flask) -> None:
    shop, provider = open_shop(friend=NOTHING), Provider()
    purchase = bought(shop)
    settle(shop, provider)
    shop.refund(purchase, 12000, name="re_1")
    settle(shop, provider)
    shop.refund(purchase, 12000, name="re_1", has_failed=True)
    settle(shop, provider)
    assert standing(shop) == [("reversed", 1000, 1000), ("granted", 1000, 0)]
    take_back(shop, of_alice(shop)[-1])
    settle(shop, provider)
    shop.refund(purchase, 12000, name="re_1", has_failed=True)
    assert standing(shop) == [("reversed", 1000, 1000), ("reversed", 1000, 1000)]


def test_a_gift_is_no_option_once_a_part_settles_a_debt(app: Flask) -> None:
    """Of the 10.00 a gift comes as, 4.00 are owed already: no code is worth what is left."""
    shop, provider = open_shop(advocate=credit(400), friend=NOTHING), Provider()
    first = bought(shop)
    settle(shop, provider)
    provider.credit.clear()
    shop.refund(first, 12000)
    settle(shop, provider)
    with within(shop.business.id), transaction():
        publish_offer(shop.program, choice(trigger=Trigger.PURCHASE), at=shop.now)
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=5).signup("ben", token=token)
    shop.later(minutes=1).purchase("ben")
    reward = of_alice(shop)[-1]
    fill_stock(shop, "CODE-1111")
    with within(shop.business.id), transaction():
        choose(reward, Kind.ACCOUNT_CREDIT, None, actor=OLIVE, at=shop.now)
    shop.later(days=31)
    with within(shop.business.id):
        ripen_due(at=shop.now)
        session.refresh(reward)
        assert (reward.state, reward.netted_minor) == ("approved", 400)
        with pytest.raises(Invalid), transaction():
            choose(reward, Kind.GIFT, None, actor=OLIVE, at=shop.now)
    settle(shop, provider)
    assert standing(shop)[-1][0] == "granted"
    assert sum(provider.credit.values()) == 600


def test_a_reward_issued_again_is_held_while_its_purchase_is_disputed(app: Flask) -> None:
    shop = open_shop()
    reward, purchase = failed(shop)
    fact = DisputeFact((purchase.external_id,), "dp_1", 12000, DisputeOutcome.OPEN, shop.now)
    with within(shop.business.id), transaction():
        journey.dispute(shop.business, fact, at=shop.now)
    begun = reissue(shop, reward)
    assert begun.open_holds == 1
    settle(shop, Provider())
    assert [one.state for one in of_alice(shop)] == ["failed", "pending"]


def test_what_came_back_stays_the_measure_of_what_a_refund_takes(app: Flask) -> None:
    """What was forgiven is hers already; once all of it came back, the whole begins anew."""
    offer = OfferTerms(Side.ADVOCATE, Kind.REFUND, Trigger.FIRST_PURCHASE, amount_minor=1000)
    shop, provider = open_shop(advocate=offer, friend=NOTHING), Provider()
    purchase = bought(shop)
    settle(shop, provider)
    shop.refund(purchase, 6000, name="re_1")
    (first,) = of_alice(shop)
    with within(shop.business.id), transaction():
        journey.forgive_debt(first, actor=OLIVE, reason="Keep it.", at=shop.now)
    shop.refund(purchase, 6000, name="re_1", has_failed=True)
    assert standing(shop) == [("granted", 1000, 500)]
    with within(shop.business.id):
        given = session.scalars(select(Grant).where(Grant.reward_id == first.id)).one()
    with within(shop.business.id), transaction():
        journey.come_back(CameBack(str(given.object_id)), at=shop.now)
    assert sum(kept(shop)) == 1000
    shop.refund(purchase, 3000, name="re_2")
    assert sum(kept(shop)) == 750


def was_customer_before(shop: Shop) -> None:
    shop.purchase("bob", at=shop.now - timedelta(days=400))


def test_nothing_begins_anew_for_a_customer_from_before_when_a_refund_fails(app: Flask) -> None:
    shop, provider = open_shop(friend=NOTHING), Provider()
    purchase = bought(shop)
    settle(shop, provider)
    shop.refund(purchase, 12000, name="re_1")
    settle(shop, provider)
    was_customer_before(shop)
    shop.refund(purchase, 12000, name="re_1", has_failed=True)
    assert standing(shop) == [("reversed", 1000, 1000)]


def test_a_debt_of_a_customer_from_before_is_let_go_when_its_refund_fails(app: Flask) -> None:
    """She keeps what she was given: nothing new is promised for that."""
    shop, provider = open_shop(friend=NOTHING), Provider()
    purchase = bought(shop)
    settle(shop, provider)
    provider.credit.clear()
    shop.refund(purchase, 6000, name="re_1")
    settle(shop, provider)
    assert standing(shop) == [("granted", 1000, 500)]
    was_customer_before(shop)
    shop.refund(purchase, 6000, name="re_1", has_failed=True)
    assert standing(shop) == [("granted", 1000, 0)]


def test_what_comes_back_for_a_customer_from_before_does_not_begin_anew(app: Flask) -> None:
    offer = OfferTerms(Side.ADVOCATE, Kind.REFUND, Trigger.FIRST_PURCHASE, amount_minor=1000)
    shop, provider = open_shop(advocate=offer, friend=NOTHING), Provider()
    bought(shop)
    settle(shop, provider)
    was_customer_before(shop)
    (first,) = of_alice(shop)
    with within(shop.business.id):
        given = session.scalars(select(Grant).where(Grant.reward_id == first.id)).one()
    with within(shop.business.id), transaction():
        journey.come_back(CameBack(str(given.object_id)), at=shop.now)
    assert standing(shop) == [("reversed", 1000, 1000)]
