"""Whatever becomes of the database, the friend lands, and the credit is not lost (promise 4)."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import event as events
from sqlalchemy import text
from sqlalchemy.engine import make_url

from referral.domain.businesses import issue_key, within
from referral.domain.businesses.keys import KeyKind
from referral.foundation import clock
from referral.foundation.db import db, session, transaction
from referral.surfaces.redirects.directory import learn_after, try_to_learn_after
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


def test_learning_goes_on_after_no_connection_was_free(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    street.code_of()
    session.remove()
    nothing, pool = uuid.UUID(int=0), db.engine.pool
    monkeypatch.setattr(pool, "_timeout", 0.01)
    with ExitStack() as taken:
        for _ in range(pool.size() + pool._max_overflow):
            taken.enter_context(db.engine.connect())
        assert try_to_learn_after(nothing) == nothing
    assert try_to_learn_after(nothing) > nothing


def test_a_link_nobody_knows_during_an_outage_asks_to_try_again(
    street: Street, database_url: str
) -> None:
    code = street.code_of()
    with outage(database_url):
        answer = street.follow(code)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Nothing is lost" in answer.text
    assert street.cookie is None


def test_while_the_database_only_reads_friends_land_and_calls_are_told_to_come_again(
    street: Street,
) -> None:
    business_id, at = street.shop.business.id, clock.now()
    with within(business_id), transaction():
        key = issue_key(business_id, KeyKind.SECRET, name="Server", at=at)
    code = street.code_of()
    with only_reading():
        assert is_landing(street.follow(code))
        sent = {"json": {"external_id": "c-1"}, "headers": {"Authorization": f"Bearer {key}"}}
        refused = street.client.post("/api/v1/people", **sent)
    assert (refused.status_code, refused.get_json()["code"]) == (503, "unavailable")
    assert street.clicks() == []


@contextmanager
def only_reading() -> Iterator[None]:
    """Let the database refuse to write, as one does that takes over for another."""
    is_sqlite = db.engine.dialect.name == "sqlite"
    said = "PRAGMA query_only = ON" if is_sqlite else "SET default_transaction_read_only = on"

    def refuse(connection: Any, record: Any) -> None:
        connection.execute(said)
        connection.commit()

    session.remove()
    db.engine.dispose()
    events.listen(db.engine, "connect", refuse)
    try:
        yield
    finally:
        events.remove(db.engine, "connect", refuse)
        session.remove()
        db.engine.dispose()


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
    """F-30."""
    monkeypatch.setattr("referral.foundation.connections.LOCK_WAIT_MS", 1000)
    monkeypatch.setattr("referral.foundation.db.LOCK_WAIT_MS", 1000)
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
    """F-30."""
    asked = "PRAGMA busy_timeout" if database_url.startswith("sqlite") else "SHOW lock_timeout"
    found = session.execute(text(asked)).scalar()
    session.remove()
    assert found in (10_000, "10s")
