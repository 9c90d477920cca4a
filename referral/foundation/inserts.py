"""Inserts that meet a row already there: once, or instead of it; knows no table of the product."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Table
from sqlalchemy.dialects import postgresql, sqlite

from referral.foundation.db import session


def insert_once(model: type[Any], values: dict[str, Any]) -> bool:
    """Insert a row unless a unique key has it already; True when it was inserted."""
    statement = insertion(model.__table__, dialect=session.get_bind().dialect.name)
    return bool(session.execute(statement.returning(model.__table__.c.id), values).first())


def insert_or_update(
    model: type[Any],
    values: dict[str, Any],
    *,
    key: Sequence[str],
    change: Mapping[str, Any],
    only_where: ColumnElement[bool],
) -> bool:
    """Insert a row, or change the one that has its key if the condition holds; True when either.

    One statement, so nobody comes between the question and the change.
    """
    insert = _insert_of(session.get_bind().dialect.name)(model.__table__)
    statement = insert.on_conflict_do_update(index_elements=key, set_=change, where=only_where)
    return bool(session.execute(statement.returning(model.__table__.c.id), values).first())


def insert_or_add(
    model: type[Any],
    rows: Sequence[dict[str, Any]],
    *,
    key: Sequence[str],
    change: Mapping[str, Any],
) -> None:
    """Insert rows, or change those that have their keys already; sent together."""
    insert = _insert_of(session.get_bind().dialect.name)(model.__table__)
    session.execute(insert.on_conflict_do_update(index_elements=key, set_=change), rows)


@cache
def insertion(table: Table, *, dialect: str) -> postgresql.Insert:
    """Return the statement that inserts rows of a table, leaving out those it has already."""
    return _insert_of(dialect)(table).on_conflict_do_nothing()


def _insert_of(dialect: str) -> Callable[[Table], postgresql.Insert]:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return cast(Callable[[Table], postgresql.Insert], insert)
