"""Olive at the console of a shop with a month of life."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect

from referral.domain.businesses import Membership, Operator, Role, credentials, invite, within
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.cast import Shop, open_shop
from tests.console.visiting import PASSWORD, SECRET, Visitor, sign_in


@dataclass
class Desk:
    """A shop, and a browser in which somebody of its team is signed in."""

    shop: Shop
    operator: Operator
    client: FlaskClient

    def become(self, role: Role) -> None:
        """Give the operator another role."""
        with within(self.shop.business.id), transaction():
            (key,) = inspect(self.operator).identity
            membership = session.query(Membership).filter_by(operator_id=key).one()
            membership.role = role


def hire(shop: Shop, name: str = "olive", role: Role = Role.OWNER) -> Operator:
    """Put somebody on a shop's team, set up to sign in."""
    with within(shop.business.id), transaction():
        operator = invite(
            shop.business.id,
            f"{name}@shop.example",
            role=role,
            name=name.title(),
            at=clock.now(),
        )
        if not operator.is_set_up:
            credentials.set_up_operator(operator, PASSWORD, SECRET, at=clock.now())
    return operator


@pytest.fixture
def app(app: Flask) -> Flask:
    """The application, visited by browsers that share nothing with the test."""
    app.test_client_class = Visitor
    return app


@pytest.fixture
def shop(app: Flask) -> Shop:
    """A shop that opened just now."""
    return open_shop(at=clock.now())


@pytest.fixture
def desk(app: Flask, shop: Shop) -> Desk:
    """Olive, who owns the shop, signed in."""
    operator = hire(shop)
    client = app.test_client()
    sign_in(client, operator)
    return Desk(shop, operator, client)


@pytest.fixture
def staff(app: Flask) -> Callable[..., FlaskClient]:
    """Call it with a shop, a name and a role to get a browser signed in as that person."""

    def signed_in(shop: Shop, name: str, role: Role) -> FlaskClient:
        operator = hire(shop, name, role)
        client = app.test_client()
        sign_in(client, operator)
        return client

    return signed_in
