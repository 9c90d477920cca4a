"""A nameless customer turns out to be somebody known, while they pay."""

from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import within
from referral.domain.purchases import Claim, CustomerFact, PurchaseFact
from referral.domain.rewards import Reward
from referral.foundation.db import session, transaction
from tests.cast import Shop, open_shop
from tests.machine.threads import while_open

pytestmark = pytest.mark.usefixtures("audited")


def know(shop: Shop, email: str | None = None) -> None:
    fact = CustomerFact(Claim(customer_id="cus_bob", email=email), shop.now)
    with within(shop.business.id), transaction():
        journey.tell_customer(shop.business, fact, at=shop.now)


def test_what_a_nameless_customer_pays_while_they_are_named_earns_its_reward(app: Flask) -> None:
    shop = open_shop()
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(hours=1).signup("bob", token=token)
    know(shop)
    shop.later(hours=1)
    fact = PurchaseFact(Claim(customer_id="cus_bob"), ("in_1",), 12000, 2000, "eur", shop.now)

    def pay() -> None:
        with within(shop.business.id):
            journey.buy(shop.business, fact, at=shop.now)

    while_open(app, pay, partial(know, shop, "bob@mail.example"))
    session.rollback()
    with within(shop.business.id):
        earned = session.scalars(select(Reward.amount_minor).where(Reward.side == "advocate"))
        assert list(earned) == [1000]
