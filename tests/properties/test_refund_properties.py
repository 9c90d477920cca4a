"""Refunds: the same in any order and however often they are told (I-15)."""

from itertools import count, permutations

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import within
from referral.domain.programs import Side, Trigger
from referral.domain.purchases import Purchase, RefundFact
from referral.domain.rewards import Reward
from referral.foundation.db import session, transaction
from referral.foundation.money import share
from tests.cast import Shop, credit, open_shop

GROSS = 10_007
_numbers = count(1)


def shop_with_bob() -> Shop:
    shop = open_shop(
        advocate=credit(None, rate_bp=777, trigger=Trigger.PURCHASE),
        friend=credit(33, side=Side.FRIEND, trigger=Trigger.PURCHASE),
    )
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=1).signup("bob", token=token)
    return shop.later(hours=1)


def told(shop: Shop, purchase: Purchase, *news: tuple[str | None, int, bool]) -> None:
    """Tell news: a refund's own id, amount and failure, or no id and the charge's sum."""
    with within(shop.business.id), transaction():
        for name, amount, has_failed in news:
            fact = RefundFact(
                (purchase.external_id,),
                shop.now,
                total_minor=amount if name is None else None,
                refund_id=f"{purchase.external_id}:{name}" if name else None,
                amount_minor=amount if name else 0,
                has_failed=has_failed,
            )
            journey.refund(shop.business, fact, at=shop.now)


def taken_back(shop: Shop, purchase: Purchase) -> tuple[int, set[tuple[int, int, int]]]:
    with within(shop.business.id):
        rewards = session.scalars(select(Reward).where(Reward.purchase_id == purchase.id)).all()
    return purchase.refunded_minor, {
        (one.amount_minor, one.clawback_minor, one.withheld_minor) for one in rewards
    }


NEWS = [("one", 3000, False), ("two", 2500, False), (None, 5500, False), ("six", 1, False)]


@pytest.mark.usefixtures("audited")
def test_every_order_of_refunds_takes_back_the_same(app: Flask) -> None:
    shop = shop_with_bob()
    results = []
    for order in permutations(NEWS):
        purchase = shop.purchase("bob", GROSS, tax_minor=0, keys=(f"in_r{next(_numbers)}",))
        told(shop, purchase, *order)
        told(shop, purchase, *order[:2], order[0])
        results.append(taken_back(shop, purchase))
    expected = {
        (amount, part, part) for amount in (778, 33) for part in [share(amount, 5501, GROSS)]
    }
    assert results == [(5501, expected)] * 24


FAILING = [
    ("one", 3000, False),
    ("two", 2500, False),
    ("two", 2500, True),
    (None, 5500, False),
    (None, 3000, False),
]


@pytest.mark.usefixtures("audited")
def test_a_refund_that_failed_counts_no_more_in_any_order(app: Flask) -> None:
    shop = shop_with_bob()
    purchase = shop.purchase("bob", GROSS, tax_minor=0)
    refunded = set()
    for order in list(permutations(FAILING))[::4]:
        purchase = shop.purchase("nobody", GROSS, keys=(f"in_f{next(_numbers)}",))
        told(shop, purchase, *order)
        refunded.add(purchase.refunded_minor)
    assert refunded == {3000}


@pytest.mark.usefixtures("audited")
def test_what_is_taken_back_never_exceeds_the_reward_and_never_falls(app: Flask) -> None:
    shop = shop_with_bob()
    purchase = shop.purchase("bob", GROSS, tax_minor=0)
    seen = []
    for step in [("a", 1, False), ("b", 5000, False), ("b", 5000, True), ("c", 9_999, False)]:
        told(shop, purchase, step)
        seen.append(max(part for _, part, _ in taken_back(shop, purchase)[1]))
    assert seen == [0, 389, 389, 777]
    told(shop, purchase, ("d", 50_000, False))
    assert purchase.refunded_minor == GROSS
    assert {(amount, part) for amount, part, _ in taken_back(shop, purchase)[1]} == {
        (778, 778),
        (33, 33),
    }
