"""Storage: the base of every model, shared column kinds, and where a transaction begins and ends.

It knows no table of the product. The rule: everything is written inside `with transaction():`,
which surfaces, the worker and commands open; a flush outside one is refused.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Connection,
    DateTime,
    Dialect,
    MetaData,
    String,
    Text,
    Uuid,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import CursorResult, Engine, Result
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, registry
from sqlalchemy.orm.unitofwork import UOWTransaction
from sqlalchemy.types import TypeDecorator

from referral.foundation.connections import LOCK_WAIT_MS, keep_well
from referral.foundation.ids import new_key
from referral.foundation.money import LIMIT_MINOR, SUM_LIMIT_MINOR

_WRITES = "referral_writes"
_PATIENCE = "referral_patience_ms"
_ONE_LOOK = "referral_one_look"
_lines: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class UTCDateTime(TypeDecorator[datetime]):
    """A moment in UTC; naive ones are refused on the way in, aware ones come out on SQLite too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Total(BigInteger):
    """A whole number of minor units that amounts are added up to; see `whole_sum`."""


Key = Annotated[uuid.UUID, mapped_column(Uuid, primary_key=True, default=new_key)]
Moment = Annotated[datetime, mapped_column(UTCDateTime)]
Minor = Annotated[int, mapped_column(BigInteger)]
MinorSum = Annotated[int, mapped_column(Total)]
Json = Annotated[dict[str, Any], mapped_column(JSON().with_variant(JSONB(), "postgresql"))]
JsonList = Annotated[list[Any], mapped_column(JSON().with_variant(JSONB(), "postgresql"))]
Currency = Annotated[str, mapped_column(String(3))]
Short = Annotated[str, mapped_column(String(40))]
Name = Annotated[str, mapped_column(String(200))]
Long = Annotated[str, mapped_column(Text)]


class Base(DeclarativeBase):
    """The base of every model: one naming of constraints, one mapping of Python types."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    registry = registry(type_annotation_map={uuid.UUID: Uuid, datetime: UTCDateTime})


keep_well()
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model

session = db.session


class WriteOutsideTransaction(Exception):
    """Something was about to be written without `with transaction():` around it."""


class InsideTransaction(Exception):
    """Something slow or remote was about to happen while a transaction was open."""


def whole_minor(*columns: str) -> list[CheckConstraint]:
    """Keep amounts whole and within ±10^12, in the database too (I-13)."""
    return [_whole(column, LIMIT_MINOR) for column in columns]


def whole_sum(*columns: str) -> list[CheckConstraint]:
    """Keep sums of amounts whole and within ±10^15, in the database too (I-13)."""
    return [_whole(column, SUM_LIMIT_MINOR) for column in columns]


def _whole(column: str, limit_minor: int) -> CheckConstraint:
    return CheckConstraint(
        f"{column} BETWEEN -{limit_minor} AND {limit_minor}"
        f" AND {column} = CAST({column} AS BIGINT)",
        name=f"{column}_whole",
    )


def one_of(column: str, values: Iterator[str] | Any) -> CheckConstraint:
    """Allow only these texts in a column."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


@contextmanager
def transaction(*, patience_ms: int = 0) -> Iterator[None]:
    """Commit everything inside together, or nothing; not nested, and no network inside.

    `patience_ms` bounds the wait for SQLite's write lock, ten seconds by default.

    What was read before in the same session stays loaded but may be old: every state change
    is a conditional update for that reason.
    """
    current: Session = session()
    if current.info.get(_WRITES):
        raise InsideTransaction("transactions are not nested")
    if current.in_transaction():
        current.commit()
    with _in_turn(current.get_bind(), patience_ms or LOCK_WAIT_MS) as left_ms:
        current.info[_WRITES] = True
        try:
            current.connection(execution_options={_WRITES: True, _PATIENCE: left_ms})
            yield
            current.commit()
        except BaseException:
            current.rollback()
            raise
        finally:
            current.info.pop(_WRITES, None)


@contextmanager
def one_look() -> Iterator[Connection]:
    """Offer a connection for a single query that needs no transaction, beside the session.

    Saves the statements that would begin and end one, which on PostgreSQL travel to a server.
    """
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="AUTOCOMMIT")
        yield connection.execution_options(**{_ONE_LOOK: True})


@contextmanager
def one_write(*, patience_ms: int) -> Iterator[Connection]:
    """Offer a connection for a single statement that writes, beside the session.

    PostgreSQL commits the statement by itself, in one message to the server: a second one would be
    a transaction of its own. On SQLite everything in the block is committed together at its end,
    after a wait of at most `patience_ms` for the write lock.
    """
    if session.registry.has() and session().info.get(_WRITES):
        raise InsideTransaction("a transaction is open: write in it")
    if db.engine.dialect.name == "postgresql":
        with one_look() as connection:
            yield connection
        return
    with _in_turn(db.engine, patience_ms) as left_ms, db.engine.connect() as connection:
        yield connection.execution_options(**{_WRITES: True, _PATIENCE: left_ms})
        connection.commit()


def outside_transaction() -> None:
    """Refuse to go on while a transaction is open; ends one that only read. Gateways call it."""
    current: Session = session()
    if current.info.get(_WRITES):
        raise InsideTransaction("no network while a transaction is open")
    if current.in_transaction():
        current.commit()


def changed(result: Result[Any]) -> int:
    """Return how many rows an update or delete changed."""
    if not isinstance(result, CursorResult):
        raise TypeError("only an update or delete changes rows")
    return int(result.rowcount)


@contextmanager
def _in_turn(bind: Engine | Connection, patience_ms: int) -> Iterator[int]:
    """Stand in line with the other threads that write to this SQLite file; PostgreSQL has no line.

    SQLite makes those who wait sleep, up to 100 ms at a time, while others slip in: with many
    threads some waited a second. Yields the patience left for other processes; whoever had no turn
    in time still asks SQLite, which then refuses.
    """
    if bind.dialect.name != "sqlite":
        yield patience_ms
        return
    line = _lines[str(bind.engine.url.database)]
    since = time.monotonic()
    has_turn = line.acquire(timeout=patience_ms / 1000)
    try:
        yield max(1, patience_ms - int((time.monotonic() - since) * 1000))
    finally:
        if has_turn:
            line.release()


@event.listens_for(Session, "before_flush")
def _refuse_stray_writes(current: Session, context: UOWTransaction, instances: Any) -> None:
    if not current.info.get(_WRITES):
        raise WriteOutsideTransaction("write inside `with transaction():`")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """Take SQLite's write lock at once when the transaction will write: it loses nothing."""
    if connection.dialect.name != "sqlite":
        return
    options = connection.get_execution_options()
    if options.get(_ONE_LOOK):
        return
    if not options.get(_WRITES):
        connection.exec_driver_sql("BEGIN")
        return
    driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)
    driver.execute(f"PRAGMA busy_timeout={options[_PATIENCE]:d}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout={LOCK_WAIT_MS}")
