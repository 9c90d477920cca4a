"""Writers of one process stand in line before SQLite, whatever happens to those ahead of them."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from referral import create_app
from referral.domain.businesses import Site, create_business
from referral.foundation import clock
from referral.foundation.db import InsideTransaction, db, one_look, one_write, session, transaction
from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate, settings_for


@pytest.fixture
def shop() -> Iterator[Flask]:
    """The application on SQLite, without an open context, for several threads."""
    url = cloned_database("sqlite", migrate=migrate)
    app = create_app(settings_for(url))
    yield app
    with app.app_context():
        db.engine.dispose()
    drop_database(url)


def write(app: Flask, name: str, *, patience_ms: int = 0) -> None:
    """Write one business, in a context of its own."""
    with app.app_context(), transaction(patience_ms=patience_ms):
        create_business(name, site_url="https://shop.example/", currency="eur", at=clock.now())


def written(app: Flask) -> int:
    """Count the businesses."""
    with app.app_context():
        return session.query(Site).count()


class Stop(Exception):
    """What a test raises inside a transaction."""


def test_of_sixteen_threads_only_one_asks_sqlite_at_a_time(shop: Flask) -> None:
    """F-31."""
    asking: set[int] = set()
    most: list[int] = []

    def begin(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement == "BEGIN IMMEDIATE":
            asking.add(threading.get_ident())
            most.append(len(asking))

    with shop.app_context():
        event.listen(db.engine, "before_cursor_execute", begin)
        event.listen(db.engine, "commit", lambda _: asking.discard(threading.get_ident()))
    names = [f"Shop {number}" for number in range(160)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda name: write(shop, name), names))
    assert written(shop) == len(most) == 160
    assert max(most) == 1


def test_the_turn_is_given_back_after_a_failure(shop: Flask) -> None:
    for _ in range(3):
        with pytest.raises(Stop), shop.app_context(), transaction():
            raise Stop
    write(shop, "Next", patience_ms=500)
    assert written(shop) == 1


def test_the_turn_is_given_back_when_sqlite_itself_refuses(shop: Flask) -> None:
    path = Path(shop.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other_process:
        other_process.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            write(shop, "Too early", patience_ms=50)
        other_process.execute("ROLLBACK")
    write(shop, "Next", patience_ms=500)
    assert written(shop) == 1


def test_patience_bounds_the_whole_wait_behind_another_thread(shop: Flask) -> None:
    has_turn, may_end = threading.Event(), threading.Event()

    def occupy() -> None:
        with shop.app_context(), transaction():
            has_turn.set()
            may_end.wait(10)

    other = threading.Thread(target=occupy)
    other.start()
    has_turn.wait(10)
    since = time.monotonic()
    with pytest.raises(OperationalError, match="locked"):
        write(shop, "Impatient", patience_ms=200)
    assert 0.2 <= time.monotonic() - since < 2
    may_end.set()
    other.join()
    write(shop, "Next", patience_ms=500)
    assert written(shop) == 1


def test_a_single_look_begins_no_transaction(app: Flask) -> None:
    with one_look() as connection:
        assert connection.execute(text("SELECT 1")).scalar_one() == 1
        assert not _is_in_transaction(connection)
    assert session.query(Site).count() == 0
    assert _is_in_transaction(session.connection())


def test_a_connection_lent_for_a_single_look_still_takes_back_a_transaction(app: Flask) -> None:
    with one_look() as connection:
        connection.execute(text("SELECT 1"))
    with pytest.raises(Stop), transaction():
        create_business("Shop", site_url="https://shop.example/", currency="eur", at=clock.now())
        session.flush()
        raise Stop
    assert session.query(Site).count() == 0


def test_one_write_is_committed_at_its_end_or_not_at_all(app: Flask) -> None:
    for statement in ("CREATE TABLE kept (word TEXT NOT NULL)", "INSERT INTO kept VALUES ('one')"):
        with one_write(patience_ms=1000) as connection:
            connection.execute(text(statement))
    with pytest.raises(DBAPIError), one_write(patience_ms=1000) as connection:
        connection.execute(text("INSERT INTO kept VALUES ('two'), (NULL)"))
    with one_look() as connection:
        assert connection.execute(text("SELECT word FROM kept")).scalars().all() == ["one"]


def test_one_write_is_refused_while_a_transaction_is_open(app: Flask) -> None:
    with transaction(), pytest.raises(InsideTransaction), one_write(patience_ms=1000):
        pass


def _is_in_transaction(connection: Connection) -> bool:
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        return bool(driver.in_transaction)
    return bool(driver.info.transaction_status != TransactionStatus.IDLE)
