"""Triggers that refuse what must never happen, whoever writes: changes of append-only rows (I-12)
and moves of a state along a way that is not allowed (I-19, I-20).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import DDL, Table, event


def append_only(model: type[Any]) -> None:
    """Refuse every update and delete of a model's rows in the database itself."""
    for dialect in ("sqlite", "postgresql"):
        _attach(model, dialect, append_only_statements(model.__table__.name, dialect))


def forward_only(model: type[Any], column: str, moves: Mapping[Any, Iterable[Any]]) -> None:
    """Refuse every change of a column that is not one of the allowed moves."""
    for dialect in ("sqlite", "postgresql"):
        statements = forward_only_statements(model.__table__.name, column, moves, dialect)
        _attach(model, dialect, statements)


def append_only_statements(table: str, dialect: str) -> list[str]:
    """Return the statements that guard an append-only table."""
    said = f"{table} is append only"
    return [
        statement
        for act in ("update", "delete")
        for statement in _trigger(
            f"{table}_no_{act}", f"BEFORE {act.upper()} ON {table}", said, None, dialect
        )
    ]


def forward_only_statements(
    table: str, column: str, moves: Mapping[Any, Iterable[Any]], dialect: str
) -> list[str]:
    """Return the statements that guard the moves of a column."""
    allowed = sorted(f"{before}>{after}" for before in moves for after in moves[before])
    listed = ", ".join(f"'{pair}'" for pair in allowed)
    wrong = (
        f"OLD.{column} <> NEW.{column} AND (OLD.{column} || '>' || NEW.{column}) NOT IN ({listed})"
    )
    head = f"BEFORE UPDATE OF {column} ON {table}"
    return _trigger(
        f"{table}_{column}_forward", head, f"{table}.{column} only moves forward", wrong, dialect
    )


def _trigger(name: str, head: str, said: str, when: str | None, dialect: str) -> list[str]:
    condition = f" WHEN ({when})" if when else ""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {name} {head} FOR EACH ROW{condition}"
            f" BEGIN SELECT RAISE(ABORT, '{said}'); END"
        ]
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql"
        f" AS $$ BEGIN RAISE EXCEPTION '{said}'; END $$",
        f"CREATE TRIGGER {name} {head} FOR EACH ROW{condition} EXECUTE FUNCTION {name}()",
    ]


def _attach(model: type[Any], dialect: str, statements: list[str]) -> None:
    table: Table = model.__table__
    for statement in statements:
        ddl = DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)
        event.listen(table, "after_create", ddl)
    if dialect == "postgresql":
        for statement in statements:
            if statement.startswith("CREATE FUNCTION "):
                name = statement.removeprefix("CREATE FUNCTION ").split("(")[0]
                drop = DDL(f"DROP FUNCTION IF EXISTS {name}()").execute_if(dialect=dialect)
                event.listen(table, "after_drop", drop)
