"""A connection that a server ended while it rested is replaced before anybody meets it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from referral.foundation import connections
from referral.foundation.db import db, one_look
from tests.servers import start_postgres

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def asked() -> int:
    """Say which of the server's processes answers a look."""
    with one_look() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def end_all(app: Flask) -> None:
    """Have the server end every connection to the application's database."""
    name = make_url(app.config["SQLALCHEMY_DATABASE_URI"]).database
    server = make_url(start_postgres()).set(drivername="postgresql")
    with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as admin:
        ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
        admin.execute(ended, [name])


def test_a_connection_that_was_used_a_moment_ago_is_used_again_unasked(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_answers", refuse)
    assert asked() == asked()


def test_a_connection_after_a_long_rest_is_asked_and_used_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "RESTED_S", 0)
    before = asked()
    assert asked() == before
    with one_look() as connection:
        driver: Any = connection.connection.dbapi_connection
        assert driver.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_nobody_meets_the_connections_that_a_server_ended(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_answers", refuse)
    with one_look(), one_look():
        before = asked()
    assert db.engine.pool.checkedin() == 3
    end_all(app)
    assert asked() != before
    assert db.engine.pool.checkedin() == 3
    with one_look(), one_look():
        asked()


def test_a_connection_that_ended_without_a_word_is_found_after_a_long_rest(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = asked()
    monkeypatch.setattr(connections, "RESTED_S", 0)
    monkeypatch.setattr(connections, "_has_news", lambda connection: False)
    end_all(app)
    assert asked() != before


def refuse(connection: Any) -> bool:
    """Stand in for asking a server where it may not be asked."""
    raise AssertionError("the server was asked")


def test_an_error_tells_nobody_whom_it_was_about(app: Flask) -> None:
    about = {"email": "bob@mail.example"}
    with pytest.raises(DBAPIError) as refused, one_look() as connection:
        connection.execute(text("SELECT 1 FROM nothing WHERE email = :email"), about)
    assert "bob@mail.example" not in str(refused.value)
