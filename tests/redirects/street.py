"""Somebody on the street with a telephone, and a database that can go away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from psycopg.sql import SQL, Identifier
from sqlalchemy import select
from sqlalchemy.engine import make_url
from werkzeug.test import TestResponse

from referral.domain.businesses import across_businesses
from referral.domain.links import Click
from referral.foundation.db import db, session
from tests.cast import Shop
from tests.servers import start_postgres

PHONE = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
}


@dataclass
class Street:
    """A shop whose links people follow."""

    app: Flask
    shop: Shop
    client: FlaskClient

    def follow(self, code: str, **headers: str) -> TestResponse:
        """Follow a link with a telephone, or with what the headers say."""
        sent = PHONE | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(f"/r/{quote(code)}", headers=sent)

    def code_of(self, name: str = "alice") -> str:
        """Return the code of a customer's link."""
        return self.shop.link_of(self.shop.customer(name)).code

    def clicks(self) -> list[Click]:
        """List the visits that were recorded."""
        query = select(Click).order_by(Click.id).execution_options(**across_businesses())
        found = list(session.scalars(query))
        session.remove()
        return found

    @property
    def cookie(self) -> str | None:
        """Return the visitor's cookie."""
        kept = self.client.get_cookie("visit")
        return kept.value if kept else None


def token_of(answer: TestResponse) -> str:
    """Return the token a friend lands with."""
    (token,) = parse_qs(urlsplit(answer.headers["Location"]).query)["ref"]
    return token


@contextmanager
def outage(url: str) -> Iterator[None]:
    """Take a database away: every connection is cut and no new one comes about."""
    session.remove()
    with _away_sqlite(url) if url.startswith("sqlite") else _away_postgres(url):
        yield
    db.engine.dispose()


@contextmanager
def _away_sqlite(url: str) -> Iterator[None]:
    path = Path(make_url(url).database or "")
    db.engine.dispose()
    beside = [one for one in path.parent.glob(f"{path.name}*") if one.is_file()]
    for one in beside:
        one.rename(f"{one}.away")
    path.mkdir()
    try:
        yield
    finally:
        path.rmdir()
        for one in beside:
            Path(f"{one}.away").rename(one)


@contextmanager
def _away_postgres(url: str) -> Iterator[None]:
    name = make_url(url).database or ""
    server = make_url(start_postgres()).set(drivername="postgresql")
    allow = SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    cut = SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}")
    with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as admin:
        admin.execute(allow.format(Identifier(name), SQL("false")))
        admin.execute(cut.format(name))
        try:
            yield
        finally:
            admin.execute(allow.format(Identifier(name), SQL("true")))


def is_landing(answer: TestResponse) -> bool:
    """Tell whether a friend arrives at the shop's page."""
    at_shop = answer.headers.get("Location", "").startswith("https://shop.example/hello")
    return answer.status_code == 302 and at_shop
