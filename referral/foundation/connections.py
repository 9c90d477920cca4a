"""Each connection to a database: how it is opened, and found alive before it is used again."""

from __future__ import annotations

import select
import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import Pool

LOCK_WAIT_MS = 10_000
"""How long a statement waits for somebody else's lock, milliseconds."""
RESTED_S = 5.0
"""After how long a rest a server is asked whether it is still there, seconds."""
_RESTS_SINCE = "referral_rests_since"


def keep_well() -> None:
    """Prepare every new connection, and look at each that rested before it is used again.

    A visit's one statement is a single message to PostgreSQL, so asking first would double it. A
    server that ended a connection said so, and that lies waiting to be read: looking costs nothing.
    """
    event.listen(Engine, "connect", _prepare)
    event.listen(Pool, "checkin", _note_rest)
    event.listen(Pool, "checkout", _look_after_rest)


def _prepare(connection: Any, record: Any) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        _prepare_sqlite(connection)
    elif _is_postgres(connection):
        _prepare_postgres(connection)


def _prepare_sqlite(connection: Any) -> None:
    """Make SQLite keep its promises: foreign keys, write-ahead log, a sync at each commit."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "foreign_keys=ON",
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={LOCK_WAIT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_postgres(connection: Any) -> None:
    """Wait for a lock no longer than on SQLite: somebody else's must not hang a visitor (F-30)."""
    connection.execute(f"SET lock_timeout = {LOCK_WAIT_MS:d}")
    connection.commit()


def _note_rest(connection: Any, record: Any) -> None:
    record.info[_RESTS_SINCE] = time.monotonic()


def _look_after_rest(connection: Any, record: Any, proxy: Any) -> None:
    """Have the pool open new connections when the server ended this one meanwhile."""
    since = record.info.get(_RESTS_SINCE)
    if since is None or not _is_postgres(connection):
        return
    is_short = time.monotonic() - since < RESTED_S
    if _has_news(connection) or not (is_short or _answers(connection)):
        raise InvalidatePoolError


def _has_news(connection: Any) -> bool:
    """Say whether a server that was asked nothing said something, as it does when it ends."""
    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _answers(connection: Any) -> bool:
    """Ask a server whether it is there: a way between that forgot the connection says nothing."""
    from psycopg import OperationalError

    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except OperationalError:
        return False
    return True


def _is_postgres(connection: Any) -> bool:
    return type(connection).__module__.startswith("psycopg")
