"""A dispute is decided once; news that comes late or again changes nothing."""

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import within
from referral.domain.purchases import DisputeFact, DisputeOutcome
from referral.domain.rewards import Reward
from referral.foundation.db import session, transaction
from tests.cast import open_shop

OPEN, WON, LOST = DisputeOutcome.OPEN, DisputeOutcome.WON, DisputeOutcome.LOST
pytestmark = pytest.mark.usefixtures("audited")


@pytest.mark.parametrize(
    ("told", "refunded", "holds"),
    [
        ((OPEN,), 0, 1),
        ((LOST, OPEN), 12000, 0),
        ((WON, OPEN), 0, 0),
        ((OPEN, WON, LOST), 0, 0),
        ((OPEN, LOST, WON, OPEN), 12000, 0),
    ],
)
def test_the_first_decision_of_a_dispute_stands(
    app: Flask, told: tuple[DisputeOutcome, ...], refunded: int, holds: int
) -> None:
    shop = open_shop()
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=5).signup("bob", token=token)
    bought = shop.later(minutes=5).purchase("bob")
    for outcome in told:
        fact = DisputeFact((bought.external_id,), "dp_1", 12000, outcome, shop.now)
        with within(shop.business.id), transaction():
            journey.dispute(shop.business, fact, at=shop.now)
    with within(shop.business.id):
        session.refresh(bought)
        reward = session.scalars(select(Reward).where(Reward.side == "advocate")).one()
    assert (bought.refunded_minor, reward.open_holds) == (refunded, holds)
