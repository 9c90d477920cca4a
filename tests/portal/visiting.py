"""A visitor of the portal: opens pages, fills in forms, and reads the mail that was written."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from referral.domain.businesses import across_businesses
from referral.domain.notices import Notice
from referral.foundation import clock
from referral.foundation.db import session
from tests.cast import Shop, open_shop

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class World:
    """An application and the shop in it; each request has a database session of its own."""

    app: Flask
    shop: Shop = field(init=False)

    def __post_init__(self) -> None:
        with self.app.app_context():
            self.shop = open_shop(at=clock.now())

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Open the application for making data, and close it before anybody visits."""
        with self.app.app_context():
            session.add_all((self.shop.business, self.shop.program))
            yield

    def visitor(self, slug: str | None = None) -> "Visitor":
        """Return somebody new, with a browser of their own."""
        return Visitor(self, self.app.test_client(), slug or self.shop.business.slug)

    def signed_in(self, email: str) -> "Visitor":
        """Return somebody who has signed in with a code."""
        visitor = self.visitor()
        visitor.ask(email)
        answer = visitor.type_code(self.mail(email)["code"])
        assert answer.status_code == 303, answer.text
        return visitor

    def mails(self, email: str, kind: str = "sign_in") -> list[dict[str, Any]]:
        """Return what the notices to an address say, the oldest first."""
        with self.at_work():
            query = select(Notice).where(Notice.kind == kind, Notice.sealed != "")
            found = session.scalars(
                query.order_by(Notice.id).execution_options(**across_businesses())
            )
            return [one.content for one in found if one.content["to"] == email]

    def mail(self, email: str) -> dict[str, Any]:
        """Return what the newest sign-in mail to an address says."""
        return self.mails(email)[-1]


@dataclass
class Visitor:
    """Somebody with a browser."""

    world: World
    client: FlaskClient
    slug: str

    def get(self, path: str = "", **query: str) -> TestResponse:
        """Open a page of the portal."""
        return self.client.get(self._url(path), query_string=query, headers=_AGENT)

    def post(self, path: str, page: str | None = None, **fields: str) -> TestResponse:
        """Fill in the form of a page and send it."""
        token = csrf_of(self.get(page if page is not None else path).text)
        return self.client.post(
            self._url(path), data={"csrf_token": token, **fields}, headers=_AGENT
        )

    def ask(self, email: str, **fields: str) -> TestResponse:
        """Ask to sign in."""
        return self.post("/sign-in", email=email, **fields)

    def type_code(self, code: str) -> TestResponse:
        """Type the code on the page that asks for it."""
        return self.post("/sign-in/code", code=code)

    def open_link(self, url: str) -> TestResponse:
        """Open an address from a mail."""
        return self.client.get(url.removeprefix("http://localhost"), headers=_AGENT)

    def is_signed_in(self) -> bool:
        """Tell whether the first page opens."""
        return self.get().status_code == 200

    def _url(self, path: str) -> str:
        return path if path.startswith("/portal/") else f"/portal/{self.slug}{path}"


_AGENT = {"User-Agent": FIREFOX}


def csrf_of(page: str) -> str:
    """Return the token of a page's form, or nothing."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    return found[1] if found else ""


def heading_of(page: str) -> str:
    """Return the page's one h1 in plain words."""
    (found,) = re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.S)
    return " ".join(re.sub(r"<[^>]+>", "", found).split())


def words_of(page: str) -> str:
    """Return what stands on a page, without its tags."""
    main = page.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())
