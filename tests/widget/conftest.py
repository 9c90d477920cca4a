"""A business with its form on somebody else's page, over HTTP and in a real browser."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from referral.domain.businesses import add_site, issue_key, within
from referral.domain.businesses.keys import KeyKind
from referral.foundation import clock
from referral.foundation.db import transaction
from tests.cast import Shop, open_shop
from tests.live import served

ORIGIN = "https://shop.example"


@dataclass
class Page:
    """A page of a shop that asks with its publishable key."""

    client: FlaskClient
    shop: Shop
    key: str
    origin: str = ORIGIN

    def config(self, **asked: str) -> TestResponse:
        """Ask what to show."""
        return self.client.get("/widget/v1/config", query_string=asked, headers=self.headers)

    def sign_up(self, **body: Any) -> TestResponse:
        """Send the form."""
        return self.client.post("/widget/v1/signups", json=body, headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"Origin": self.origin, "Authorization": f"Bearer {self.key}"}


@pytest.fixture
def page(app: Flask, client: FlaskClient) -> Page:
    """A page of a shop with one open program."""
    shop = open_shop(at=clock.now())
    return Page(client, shop, publishable_key(shop))


def publishable_key(shop: Shop) -> str:
    """Issue a key for the shop's pages."""
    with within(shop.business.id), transaction():
        return issue_key(shop.business.id, KeyKind.PUBLISHABLE, name="Site", at=shop.now)


def speak_from(shop: Shop, origin: str) -> None:
    """Make an origin one of the shop's sites."""
    with within(shop.business.id), transaction():
        add_site(shop.business, origin, at=shop.now)


HostPage = Callable[[str, str], str]


@pytest.fixture
def host_page() -> Iterator[HostPage]:
    """Call it with a page and its content policy to serve it on an origin of its own."""
    with ExitStack() as stack:

        def serve(html: str, policy: str) -> str:
            def answer(environ: Any, start_response: Any) -> list[bytes]:
                kind, body = ("text/html; charset=utf-8", html.encode())
                if environ["PATH_INFO"] == "/favicon.ico":
                    kind, body = "image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"/>'
                headers = [("Content-Type", kind), ("Content-Security-Policy", policy)]
                start_response("200 OK", headers)
                return [body]

            return stack.enter_context(served(answer))

        yield serve
