"""Ways to write what the product never would: guards lifted for a moment, and put back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text, update

from referral.foundation.db import db
from referral.foundation.ids import new_key

_CONSTRAINTS = """
SELECT conname FROM pg_constraint
WHERE conrelid = CAST(:table AS regclass) AND contype IN ('c', 'u')
"""


def table(name: str) -> Table:
    """Return a table by its name."""
    return db.metadata.tables[name]


@contextmanager
def unguarded(*bare: str) -> Iterator[Connection]:
    """Open a connection that no trigger, key or check stops; the tables in `bare` lose theirs.

    Triggers are back afterwards, so that only what was written is wrong.
    """
    with db.engine.connect() as connection:
        lift = _lift_sqlite if connection.dialect.name == "sqlite" else _lift_postgresql
        with lift(connection, bare):
            yield connection
            connection.commit()


@contextmanager
def _lift_sqlite(connection: Connection, bare: tuple[str, ...]) -> Iterator[None]:
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    driver.execute("PRAGMA ignore_check_constraints=ON")
    triggers = driver.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall()
    for name, _ in triggers:
        driver.execute(f"DROP TRIGGER {name}")
    for name in bare:
        driver.execute(f'CREATE TABLE copied AS SELECT * FROM "{name}"')
        driver.execute(f'DROP TABLE "{name}"')
        driver.execute(f'ALTER TABLE copied RENAME TO "{name}"')
    yield
    for _, sql in triggers:
        driver.execute(sql)
    driver.execute("PRAGMA ignore_check_constraints=OFF")
    driver.execute("PRAGMA foreign_keys=ON")


@contextmanager
def _lift_postgresql(connection: Connection, bare: tuple[str, ...]) -> Iterator[None]:
    connection.execute(text("SET session_replication_role = replica"))
    for name in bare:
        for constraint in connection.scalars(text(_CONSTRAINTS), {"table": f'"{name}"'}).all():
            connection.execute(text(f'ALTER TABLE "{name}" DROP CONSTRAINT "{constraint}" CASCADE'))
    yield
    connection.execute(text("SET session_replication_role = origin"))
    connection.commit()


def find(
    connection: Connection, name: str, other: dict[str, Any] | None = None, /, **wanted: Any
) -> Any:
    """Return one row with these values, the first by its key."""
    rows, values = table(name), {**(other or {}), **wanted}
    query = select(rows).where(*(rows.c[column] == value for column, value in values.items()))
    return connection.execute(query.order_by(rows.c.id).limit(1)).one()


def change(connection: Connection, name: str, key: Any, **values: Any) -> None:
    """Change one row."""
    rows = table(name)
    changed = connection.execute(update(rows).where(rows.c.id == key).values(**values))
    assert changed.rowcount == 1


def put(connection: Connection, name: str, /, **values: Any) -> Any:
    """Put a row in, and return its key."""
    row = {"id": new_key(), **values}
    connection.execute(insert(table(name)).values(**row))
    return row["id"]


def copy(connection: Connection, name: str, row: Any, **changes: Any) -> Any:
    """Put a copy of a row in, with a key of its own and some changes."""
    return put(connection, name, **{**row._mapping, "id": new_key(), **changes})
