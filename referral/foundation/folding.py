"""Text compared without regard to capitals, in every script and on both databases.

SQLite's own `lower` knows ASCII alone, so its connections learn a function of another name: theirs
may stand in an index, which must mean the same to whoever opens the file.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, event
from sqlalchemy.engine import Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_NAME = "fold_case"


class folded(FunctionElement[str]):
    """A column's text in small letters; compare it with what `fold` returns."""

    type = String()
    inherit_cache = True


def fold(text: str) -> str:
    """Return a text in small letters.

    >>> fold("ÖZGÜR")
    'özgür'
    """
    return text.lower()


@compiles(folded)
def _by_database(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    return f"lower({compiler.process(element.clauses, **options)})"


@compiles(folded, "sqlite")
def _by_us(element: folded, compiler: SQLCompiler, **options: Any) -> str:
    return f"{_NAME}({compiler.process(element.clauses, **options)})"


@event.listens_for(Engine, "connect")
def _teach_sqlite(connection: Any, record: Any) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.create_function(_NAME, 1, _fold_column, deterministic=True)


def _fold_column(text: str | None) -> str | None:
    return None if text is None else fold(text)
