"""New databases for tests, on SQLite and PostgreSQL, made in milliseconds and dropped after use."""

import shutil
import sqlite3
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Literal

import psycopg
from psycopg.sql import SQL, Composable, Identifier
from sqlalchemy import text
from sqlalchemy.engine import make_url

from referral.foundation.db import session
from tests.servers import one_at_a_time, session_folder, start_postgres

Kind = Literal["sqlite", "postgresql"]


def fresh_database(kind: Kind) -> str:
    """Make an empty database and return its address."""
    name = f"referral_test_{uuid.uuid4().hex}"
    if kind == "sqlite":
        return f"sqlite:///{_sqlite_folder() / name}.sqlite3"
    _on_server(SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(name)))
    return _address(name)


def cloned_database(kind: Kind, *, migrate: Callable[[str], None]) -> str:
    """Make a database holding what `migrate` makes of an empty one, and return its address.

    `migrate` gets an address and runs once a session for each kind; the rest are copies.
    """
    template = _template(kind, migrate)
    name = f"referral_test_{uuid.uuid4().hex}"
    if kind == "sqlite":
        path = _sqlite_folder() / f"{name}.sqlite3"
        shutil.copyfile(_path(template), path)
        return f"sqlite:///{path}"
    copied = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    _on_server(copied.format(Identifier(name), Identifier(_name(template))))
    return _address(name)


def copied_database(url: str) -> str:
    """Copy a database made here as it is, while nobody is in it, and return the copy's address."""
    name = f"referral_test_{uuid.uuid4().hex}"
    if url.startswith("sqlite"):
        copy = _sqlite_folder() / f"{name}.sqlite3"
        with sqlite3.connect(_path(url)) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        source.close()
        target.close()
        return f"sqlite:///{copy}"
    copied = SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    _on_server(copied.format(Identifier(name), Identifier(_name(url))))
    return _address(name)


def drop_database(url: str) -> None:
    """Remove a database made here, whoever is still connected to it."""
    if url.startswith("sqlite"):
        path = _path(url)
        for leftover in path.parent.glob(f"{path.name}*"):
            leftover.unlink()
    else:
        _on_server(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(_name(url))))


def _template(kind: Kind, migrate: Callable[[str], None]) -> str:
    label = f"template-{kind}-{migrate.__module__}.{migrate.__qualname__}"
    note = session_folder() / f"{label}.url"
    with one_at_a_time(label):
        if not note.exists():
            url = fresh_database(kind)
            migrate(url)
            _settle(url)
            note.write_text(url)
    return note.read_text()


def _settle(url: str) -> None:
    """Bring the template to rest, so that it can be copied while nobody is in it."""
    if url.startswith("sqlite"):
        with sqlite3.connect(_path(url)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    else:
        name = _name(url)
        _on_server(SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(Identifier(name)))
        ended = SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}")
        _on_server(ended.format(name))


def wait_for_the_other(answer: Future[Any]) -> None:
    """Wait on PostgreSQL until the other call waits for us; SQLite lets only one write at all."""
    if session.get_bind().dialect.name != "postgresql":
        return
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while not answer.done() and not session.scalar(waiting):
        pass


def _on_server(statement: Composable) -> None:
    server = make_url(start_postgres()).set(drivername="postgresql")
    address = server.render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement)


def _address(name: str) -> str:
    server = make_url(start_postgres()).set(drivername="postgresql", database=name)
    return server.render_as_string(hide_password=False)


def _name(url: str) -> str:
    return make_url(url).database or ""


def _path(url: str) -> Path:
    return Path(_name(url))


def _sqlite_folder() -> Path:
    folder = session_folder() / "sqlite"
    folder.mkdir(exist_ok=True)
    return folder
