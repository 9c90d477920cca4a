"""Changing a CHECK constraint of a table that has rows and guards already; for migrations only."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Connection, text


def replace_check(table: str, name: str, condition: str) -> None:
    """Put another condition in the place of a constraint, by its full name.

    SQLite cannot alter one, and a rebuilt table would lose its triggers: what it keeps of the
    table's text is edited instead, as its manual describes for changes that touch no stored row
    (sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes"). Existing rows
    are not checked there, so a narrower condition needs rows that meet it. Raises LookupError when
    the table has no such constraint.
    """
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        _edit(connection, table, name, condition)
        return
    op.drop_constraint(op.f(name), table, type_="check")
    op.create_check_constraint(op.f(name), table, condition)


def _edit(connection: Connection, table: str, name: str, condition: str) -> None:
    whole = connection.execute(
        text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"),
        {"table": table},
    ).scalar_one()
    begin, end = _place(whole, f"CONSTRAINT {name} CHECK (")
    version = connection.execute(text("PRAGMA schema_version")).scalar_one()
    connection.execute(text("PRAGMA writable_schema = ON"))
    try:
        connection.execute(
            text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"),
            {"sql": f"{whole[:begin]}{condition}{whole[end:]}", "table": table},
        )
        connection.execute(text(f"PRAGMA schema_version = {version + 1:d}"))
    except Exception:
        connection.exec_driver_sql("PRAGMA writable_schema = OFF")
        raise
    connection.execute(text("PRAGMA writable_schema = OFF"))


def _place(whole: str, head: str) -> tuple[int, int]:
    """Return where the condition behind `head` begins and ends, its own brackets left alone."""
    begin = whole.find(head)
    if begin < 0:
        raise LookupError(head)
    begin += len(head)
    depth = 1
    for end in range(begin, len(whole)):
        depth += {"(": 1, ")": -1}.get(whole[end], 0)
        if not depth:
            return begin, end
    raise LookupError(head)
