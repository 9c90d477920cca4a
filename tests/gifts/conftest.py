"""A shop whose gifts come from a server of its own, and the worker in this process."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import issue_key, within
from referral.domain.businesses.endpoints import set_endpoint
from referral.domain.businesses.keys import KeyKind
from referral.domain.programs import Fulfilment
from referral.domain.rewards import Grant, Reward
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.cast import Shop, gift, open_shop
from tests.gift_server import ACCEPTED, GiftServer, gift_server
from tests.stories.trade import assert_clean, later, work_afresh


@dataclass
class Counter:
    """A shop with a gift server, and its one reward."""

    app: Flask
    shop: Shop
    server: GiftServer
    secret: str = ""
    bought: int = 0

    def earn(self, name: str = "bob") -> None:
        """Let somebody come by Alice's link and buy."""
        alice = self.shop.customer("alice", external_id="shop-1")
        self.shop.signup(name, token=self.shop.click(self.shop.link_of(alice)))
        self.shop.purchase(name)

    def work(self, *, after_s: int = 0) -> None:
        """Do everything that is due so many seconds from now."""
        with later(after_s):
            work_afresh()

    def reward(self) -> Reward:
        """Return the advocate's reward as it stands."""
        session.remove()
        with within(self.shop.business.id):
            return session.scalars(select(Reward).where(Reward.kind == "gift")).one()

    def grant(self) -> Grant:
        """Return the act that is under way for it, or was done."""
        session.remove()
        with within(self.shop.business.id):
            return session.scalars(select(Grant).where(Grant.operation == "gift_request")).one()

    def hand_in(self) -> None:
        """Earn a gift that the server accepts, to be given later."""
        self.server.answer = ACCEPTED
        self.earn()
        self.work()

    def stands(self) -> tuple[str, str, str | None]:
        """Say how reward and act stand."""
        grant = self.grant()
        return self.reward().state, grant.state, grant.waits_for

    def set_server(self, url: str | None = None) -> None:
        """Say where gifts are asked for, as an owner does."""
        with within(self.shop.business.id), transaction():
            made = set_endpoint(self.shop.business.id, url or self.server.url, at=clock.now())
            self.secret = made or self.secret

    def confirm(self, grant: str, **said: Any) -> Any:
        """Say through the API what became of a gift."""
        with within(self.shop.business.id), transaction():
            key = issue_key(self.shop.business.id, KeyKind.SECRET, name="Shop", at=self.shop.now)
        session.remove()
        return self.app.test_client().post(
            f"/api/v1/gifts/{grant}/confirmation",
            json=said,
            headers={"Authorization": f"Bearer {key}"},
        )


@pytest.fixture
def server() -> Iterator[GiftServer]:
    """The business's own server."""
    with gift_server() as running:
        yield running


@pytest.fixture
def counter(app: Flask, server: GiftServer) -> Iterator[Counter]:
    """A shop whose advocates get gifts of its own server at once; its books end clean."""
    advocate = gift(fulfilment=Fulfilment.WEBHOOK)
    shop = open_shop(advocate=advocate, hold_days=0, at=clock.now())
    found = Counter(app, shop, server)
    found.set_server()
    yield found
    assert_clean()
