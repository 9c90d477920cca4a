"""The front answers a visit as Flask would have: same answer, same click, same fallbacks."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client
from werkzeug.wrappers import Response

from referral import create_app, create_web
from referral.domain.businesses import across_businesses
from referral.domain.links import Click, Link
from referral.foundation.db import db, session, transaction
from referral.surfaces.redirects import arrival, front
from referral.surfaces.redirects.front import Front
from tests.cast import Shop, open_shop
from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate, settings_for

BROWSER = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15",
    "Referer": "https://chat.example/room",
}
TOKEN = re.compile(r"[A-Za-z0-9_-]{66}")
CASES: dict[str, dict[str, Any]] = {
    "a person": {},
    "a person with a cookie": {"cookie": True},
    "a person with a request id": {"headers": {"X-Request-Id": "abcdef-1234567890"}},
    "a person behind a proxy": {"headers": {"X-Forwarded-For": "203.0.113.9"}},
    "a code as it is spoken": {"code": lambda code: f"{code[:5]}-{code[5:]}".lower()},
    "a query": {"query": "?utm_source=x"},
    "a robot": {"headers": {"User-Agent": "Googlebot/2.1"}},
    "nobody's agent": {"headers": {"User-Agent": ""}},
    "a prefetch": {"headers": {"Sec-Purpose": "prefetch"}},
    "a part of a page": {"headers": {"Sec-Fetch-Dest": "image"}},
    "only the head": {"method": "HEAD"},
    "a form": {"method": "POST"},
    "an unknown code": {"code": lambda code: "ZZZZZZZZZZ"},
    "one wrong character": {"code": lambda code: ("2" if code[0] != "2" else "3") + code[1:]},
    "a longer path": {"code": lambda code: f"{code}/more"},
    "no code": {"code": lambda code: ""},
    "letters of another alphabet": {"code": lambda code: "%D0%B0%00x"},
    "a paused program": {"state": "paused"},
    "a closed program": {"state": "closed"},
}


@dataclass
class Street:
    """The application with one shop, whose link is on the street."""

    app: Flask
    shop: Shop
    link: Link

    def visit(self, *, directly: bool, case: dict[str, Any]) -> tuple[Any, ...]:
        """Visit through the front, or Flask directly; return all that can be compared."""
        front = self.app.wsgi_app
        assert isinstance(front, Front)
        before = self.clicks()
        if directly:
            self.app.wsgi_app = front.flask  # type: ignore[method-assign]
        try:
            answer = self._ask(self.app.test_client(), case)
        finally:
            self.app.wsgi_app = front  # type: ignore[method-assign]
        return (
            answer.status,
            sorted(_comparable(answer, case)),
            TOKEN.sub("TOKEN", answer.text.replace(answer.headers["X-Request-Id"], "ID")),
            [_kept(click) for click in self.clicks() if click not in before],
        )

    def clicks(self) -> list[Click]:
        """Return the clicks stored so far, by whichever session."""
        session.commit()
        return list(session.scalars(select(Click).execution_options(**across_businesses())))

    def _ask(self, client: FlaskClient, case: dict[str, Any]) -> Any:
        code = case.get("code", lambda code: code)(self.link.code)
        if case.get("cookie"):
            client.set_cookie("visit", "A" * 66)
        return client.open(
            f"/r/{code}{case.get('query', '')}",
            method=case.get("method", "GET"),
            headers={**BROWSER, **case.get("headers", {})},
        )


@pytest.fixture
def street(app: Flask) -> Street:
    """The shop's link, to be followed."""
    shop = open_shop()
    return Street(app, shop, shop.link_of(shop.customer("alice")))


@pytest.mark.parametrize("name", list(CASES))
def test_the_front_answers_as_flask_would(street: Street, name: str) -> None:
    case = CASES[name]
    with transaction():
        street.shop.program.state = case.get("state", "active")
        session.add(street.shop.program)
    first = street.visit(directly=False, case=case)
    assert first == street.visit(directly=True, case=case)
    assert len(first[3]) == (1 if name.startswith(("a person", "a code", "a query")) else 0)


@pytest.mark.parametrize("is_read", [True, False])
def test_the_front_sends_friends_on_while_the_database_is_away(
    street: Street, is_read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("away", None, Exception())

    street.visit(directly=False, case={})
    monkeypatch.setattr(arrival._arrivals, "_do", away)
    if not is_read:
        monkeypatch.setattr(arrival, "look_up", away)
    through, directly = (street.visit(directly=one, case={}) for one in (False, True))
    assert through == directly
    assert through[0] == "302 FOUND"
    assert through[3] == []


def test_what_goes_wrong_in_the_front_is_left_to_flask(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(front, "send_on", broken)
    status, _, _, kept = street.visit(directly=False, case={})
    assert status == "302 FOUND"
    assert len(kept) == 1


def test_a_trusted_proxy_is_believed_before_the_front_answers() -> None:
    url = cloned_database("sqlite", migrate=migrate)
    app = create_app(settings_for(url, trusted_proxies=1))
    with app.app_context():
        shop = open_shop()
        code = shop.link_of(shop.customer("alice")).code
        for address in ("203.0.113.9", "203.0.113.9", "198.51.100.7"):
            headers = {**BROWSER, "X-Forwarded-For": address}
            assert app.test_client().get(f"/r/{code}", headers=headers).status_code == 302
        kept = session.scalars(select(Click.address_hash).execution_options(**across_businesses()))
        assert len(set(kept)) == 2
        session.remove()
        db.engine.dispose()
    drop_database(url)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_that_the_process_lives_is_said_as_flask_would(street: Street, method: str) -> None:
    client = street.app.test_client()
    said = client.open("/healthz", method=method)
    street.app.wsgi_app = street.app.extensions["front"].flask  # type: ignore[method-assign]
    by_flask = client.open("/healthz", method=method)
    assert (said.status, said.text) == (by_flask.status, by_flask.text)
    assert sorted(_comparable(said, {})) == sorted(_comparable(by_flask, {}))
    assert said.text == ("" if method == "HEAD" else '{"status":"ok"}\n')


def test_friends_are_sent_on_before_the_other_addresses_are_there(street: Street) -> None:
    starting = create_web(street.app.extensions["settings"])
    client = starting.test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get(f"/r/{street.link.code}", headers=BROWSER)
    assert (answer.status_code, len(street.clicks())) == (302, 1)
    assert not starting.blueprints
    assert client.get("/r/unknown", headers=BROWSER).status_code == 404
    assert starting.blueprints.keys() == street.app.blueprints.keys()
    assert client.get("/console/sign-in").status_code == 200
    with starting.app_context():
        db.engine.dispose()


def test_who_comes_while_addresses_are_added_waits_and_they_are_added_once(app: Flask) -> None:
    added: list[Flask] = []
    begun, go_on = Event(), Event()

    def add_slowly(app: Flask) -> None:
        begun.set()
        assert go_on.wait(10)
        added.append(app)

    waited_for = Front(app, add_rest=add_slowly)
    client = Client(waited_for)
    with ThreadPoolExecutor(max_workers=8) as threads:
        answers = [threads.submit(Client(waited_for).get, "/console/sign-in") for _ in range(8)]
        assert begun.wait(10)
        assert client.get("/healthz").status_code == 200
        assert not any(answer.done() for answer in answers)
        go_on.set()
        assert {answer.result(10).status_code for answer in answers} == {200}
    assert len(added) == 1


def _comparable(answer: Response, case: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the headers, without what differs from one visit to the next.

    `Vary: Cookie` is Flask's note that it read the session; an answer that no cache may store
    does not need it.
    """
    for name, value in answer.headers:
        if name == "X-Request-Id" and "X-Request-Id" not in case.get("headers", {}):
            assert re.fullmatch(r"[0-9a-f]{16}", value)
        elif name != "Vary":
            yield name, TOKEN.sub("TOKEN", value)


def _kept(click: Click) -> tuple[Any, ...]:
    return click.link_id, click.business_id, click.device, click.referrer_host, click.address_hash
