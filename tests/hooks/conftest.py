"""A shop whose Stripe events arrive signed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event as events
from sqlalchemy.engine import Engine

from tests.stories.settings import app, practice, trade

__all__ = ["app", "practice", "statements", "trade"]


@contextmanager
def statements() -> Iterator[list[str]]:
    """Gather what is asked of the database, beginnings and ends left out."""
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            asked.append(statement)

    events.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        events.remove(Engine, "before_cursor_execute", note)
