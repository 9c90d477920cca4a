"""Which purchase is somebody's first, when two come at once."""

from itertools import permutations

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import within
from referral.domain.rewards import Reward
from referral.foundation.db import session
from tests.cast import Shop, credit, open_shop

pytestmark = pytest.mark.usefixtures("audited")
PAID = {"in_one": 3000, "in_two": 12000}


def earned(shop: Shop) -> list[int]:
    with within(shop.business.id):
        query = select(Reward.amount_minor).where(Reward.state == "pending")
        return list(session.scalars(query.where(Reward.side == "advocate")))


def test_of_two_purchases_in_one_second_the_same_is_first_in_either_order(app: Flask) -> None:
    for number, order in enumerate(permutations(PAID)):
        shop = open_shop(f"Shop {number}", advocate=credit(None, rate_bp=1000))
        token = shop.click(shop.link_of(shop.customer("alice")))
        shop.later(hours=1).signup("bob", token=token)
        shop.later(hours=1)
        for key in order:
            shop.purchase("bob", PAID[key], tax_minor=0, keys=(key,))
        assert earned(shop) == [300]
