"""Businesses with keys, and callers who use them as a server would: no cookies, JSON only."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from referral import create_app
from referral.domain.businesses import issue_key, within
from referral.domain.businesses.keys import KeyKind
from referral.foundation import clock
from referral.foundation.db import db, session, transaction
from tests.api import conformance
from tests.cast import Shop, open_shop
from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate, settings_for


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    """The application without an open context, so that no call sees another's session."""
    with running(database_url) as built:
        yield built


@contextmanager
def running(url: str, **settings: Any) -> Iterator[Flask]:
    """Build the application, and leave its database when done."""
    built = create_app(settings_for(url, **settings))
    try:
        yield built
    finally:
        with built.app_context():
            db.engine.dispose()


@dataclass
class Caller:
    """A server of a business that calls the API."""

    app: Flask
    key: str
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **asked: Any) -> TestResponse:
        """Ask something."""
        return self._send("GET", path, query_string=asked)

    def post(self, path: str, sent: Any = None, *, key: str | None = None) -> TestResponse:
        """Send something, with an Idempotency-Key if one is given."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._send("POST", path, json=sent, headers=headers)

    def post_raw(
        self, path: str, body: bytes, *, mimetype: str = "application/json"
    ) -> TestResponse:
        """Send bytes as they are."""
        return self._send("POST", path, data=body, content_type=mimetype)

    def _send(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}", **self.headers, **more.pop("headers", {})}
        client = self.app.test_client(use_cookies=False)
        answer = client.open(f"/api/v1{path}", method=method, headers=headers, **more)
        conformance.check(method, path, answer)
        return answer


@dataclass
class Stage(Caller):
    """A shop on a running application, with a caller that has its secret key."""

    shop: Shop = field(kw_only=True)

    @property
    def program(self) -> str:
        return self.shop.program.public_id

    @contextmanager
    def inside(self) -> Iterator[Shop]:
        """Look into the shop's own rows."""
        with self.app.app_context(), within(self.shop.business.id):
            yield self.shop
            session.remove()

    def link(self, name: str = "alice") -> dict[str, Any]:
        """Introduce somebody through the API and return their link."""
        sent = {"email": f"{name}@mail.example", "name": name.title(), "enroll": [self.program]}
        return self.post("/people", sent).get_json()["links"][0]

    def sign_up(self, name: str = "bob", **evidence: str) -> TestResponse:
        """Sign somebody up with what they brought."""
        person = {"email": f"{name}@mail.example", "name": name.title()}
        return self.post(
            "/signups", {"program": self.program, "person": person, "evidence": evidence}
        )

    def buy(self, name: str = "bob", external_id: str = "order-1", **more: Any) -> TestResponse:
        """Let somebody pay 120.00 with 20.00 of tax."""
        sent = {
            "person": {"email": f"{name}@mail.example"},
            "external_id": external_id,
            "gross_minor": 12000,
            "tax_minor": 2000,
            "currency": "eur",
        }
        return self.post("/purchases", {**sent, **more})

    def reward(self) -> dict[str, Any]:
        """Let alice send bob, who buys, and return her reward."""
        self.sign_up(code=self.link()["code"])
        self.buy()
        return next(
            one for one in self.get("/rewards").get_json()["items"] if one["side"] == "advocate"
        )


def set_up(app: Flask, name: str = "Corner Coffee", **terms: Any) -> Stage:
    """Open a shop with a secret key."""
    with app.app_context():
        shop = open_shop(name, at=clock.now(), **terms)
        with transaction(), within(shop.business.id):
            key = issue_key(shop.business.id, KeyKind.SECRET, name="Server", at=shop.now)
        session.remove()
    return Stage(app, key, shop=shop)


@pytest.fixture
def shop(app: Flask) -> Stage:
    """Corner Coffee, as its server sees it."""
    return set_up(app)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def closed_shop(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A shop shared by tests whose calls are all refused, so that nothing in it changes."""
    url = cloned_database(request.param, migrate=migrate)
    with running(url) as built:
        yield set_up(built)
    drop_database(url)


@pytest.fixture
def other(app: Flask) -> Stage:
    """Another business, which may not see anything of the first."""
    return set_up(app, "Other Oven")
