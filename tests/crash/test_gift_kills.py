"""Wherever a worker dies in asking for a gift: one gift, one move of money (F-1 to F-4)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from referral.domain.businesses import within
from referral.domain.businesses.endpoints import set_endpoint
from referral.domain.programs import Fulfilment, Side, Trigger
from referral.domain.rewards import Reward
from referral.domain.rewards.ledger import LedgerTransaction
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.cast import credit, gift
from tests.crash.processes import Crew
from tests.crash.scenes import NEVER_MINOR, PAST_LEASE_S, earn
from tests.crash.test_kills import dies_at
from tests.gift_server import GiftServer, gift_server
from tests.stories.trade import Trade, assert_clean, later, open_trade
from tools.practice_stripe import PracticeStripe

ASKED = {"CP0": 1, "CP1": 1, "CP2": 1, "CP3": 2, "CP4": 2, "CP5": 2, "CP6": 1}
"""How often the server is asked in all: a second time where the first answer was not booked."""


@pytest.fixture
def server() -> Iterator[GiftServer]:
    """The business's own server."""
    with gift_server() as running:
        yield running


@pytest.fixture
def trade(app: Flask, practice: PracticeStripe, server: GiftServer) -> Trade:
    """A shop that thanks Alice for each of Bob's purchases with a gift of its own server."""
    found = open_trade(
        app,
        practice,
        advocate=gift(trigger=Trigger.PURCHASE, fulfilment=Fulfilment.WEBHOOK),
        friend=credit(side=Side.FRIEND, minimum_minor=NEVER_MINOR),
    )
    with within(found.shop.business.id), transaction():
        set_endpoint(found.shop.business.id, server.url, at=clock.now())
    return found


@pytest.mark.parametrize("place", ASKED)
def test_a_kill_anywhere_gives_one_gift(
    trade: Trade, crew: Crew, server: GiftServer, tmp_path: Path, place: str
) -> None:
    """F-1, F-2, F-3 and F-4 for a server of the business's own."""
    earn(trade)
    dies_at(place, crew, tmp_path / "mark")
    trade.work()
    with later(PAST_LEASE_S):
        trade.work()
    with within(trade.shop.business.id):
        states = session.scalars(select(Reward.state)).all()
        query = select(func.count()).select_from(LedgerTransaction)
        moves = session.scalar(query.where(LedgerTransaction.kind == "grant"))
    assert (list(states), moves) == (["granted"], 1)
    assert (len(server.asked), len(server.done)) == (ASKED[place], 1)
    assert_clean()
