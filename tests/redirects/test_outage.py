"""Whatever becomes of the database, the friend lands, and the credit is not lost (promise 4)."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from referral.foundation.db import db, session
from referral.surfaces.redirects.directory import learn_after
from tests.redirects.street import Street, is_landing, outage, token_of

SOON_S = 3.0


def test_a_friend_lands_while_the_database_is_away_and_is_credited_later(
    street: Street, database_url: str
) -> None:
    code = street.code_of()
    learn_after(uuid.UUID(int=0))
    with outage(database_url):
        answer = street.follow(code)
    assert is_landing(answer)
    assert street.cookie == token_of(answer)
    assert street.clicks() == []
    joined = street.shop.later(minutes=5).signup("bob", token=token_of(answer))
    assert (joined.signup.outcome, joined.signup.reason) == ("referred", "credited")


def test_a_link_that_was_followed_before_is_known_during_an_outage(
    street: Street, database_url: str
) -> None:
    code = street.code_of()
    street.follow(code)
    with outage(database_url):
        assert is_landing(street.follow(code.lower()))
    assert is_landing(street.follow(code))
    assert len(street.clicks()) == 2


def test_links_made_later_are_learned_too(street: Street, database_url: str) -> None:
    street.code_of("alice")
    newest = learn_after(uuid.UUID(int=0))
    code = street.code_of("bob")
    assert learn_after(newest) >= newest
    with outage(database_url):
        assert is_landing(street.follow(code))


def test_a_link_nobody_knows_during_an_outage_asks_to_try_again(
    street: Street, database_url: str
) -> None:
    code = street.code_of()
    with outage(database_url):
        answer = street.follow(code)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Nothing is lost" in answer.text
    assert street.cookie is None


def test_a_wrong_code_during_an_outage_is_no_failure(street: Street, database_url: str) -> None:
    street.code_of()
    with outage(database_url):
        assert street.follow("WRONG").status_code in (404, 503)


def test_a_robot_lands_without_a_token_during_an_outage(street: Street, database_url: str) -> None:
    code = street.code_of()
    street.follow(code)
    with outage(database_url):
        answer = street.follow(code, User_Agent="Googlebot/2.1")
    assert answer.headers["Location"] == "https://shop.example/hello"


def test_a_friend_does_not_wait_for_somebody_elses_lock(
    street: Street, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("referral.foundation.db._LOCK_WAIT_MS", 1000)
    code = street.code_of()
    session.remove()
    db.engine.dispose()
    street.follow(code)
    with locked(database_url):
        began = time.monotonic()
        answer = street.follow(code)
        assert time.monotonic() - began < SOON_S
    assert is_landing(answer)
    assert len(street.clicks()) == 1
    joined = street.shop.later(minutes=5).signup("bob", token=token_of(answer))
    assert joined.signup.reason == "credited"


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Keep everybody else from writing visits."""
    session.remove()
    if url.startswith("sqlite"):
        other = sqlite3.connect(make_url(url).database or "", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
    else:
        other = psycopg.connect(url)
        other.execute("LOCK TABLE click IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


def test_nobody_waits_for_a_lock_longer_than_ten_seconds(street: Street, database_url: str) -> None:
    asked = "PRAGMA busy_timeout" if database_url.startswith("sqlite") else "SHOW lock_timeout"
    found = session.execute(text(asked)).scalar()
    session.remove()
    assert found in (10_000, "10s")
