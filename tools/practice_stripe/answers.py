"""Idempotency keys: which call a key belonged to and what it was answered, for 24 hours."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

LIFE_S = 24 * 3600

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    account INTEGER NOT NULL, key TEXT NOT NULL, call TEXT NOT NULL, request_id TEXT NOT NULL,
    status INTEGER NOT NULL, body TEXT NOT NULL, kept_at INTEGER NOT NULL,
    PRIMARY KEY (account, key)
);
"""


@dataclass(frozen=True)
class Answer:
    """What an executed call was answered; `call` is its address and parameters."""

    call: str
    request_id: str
    status: int
    body: str


class Answers:
    """The answers kept by key. Used inside `books.acting()`."""

    def __init__(self, db: sqlite3.Connection, clock: Callable[[], int]) -> None:
        self._db = db
        self._clock = clock
        db.executescript(_SCHEMA)
        self.forget(older_than_s=LIFE_S)

    def keep(self, account: int, key: str, *, answer: Answer) -> None:
        """Remember the answer of an executed call under an account's key."""
        self._db.execute(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?)",
            (account, key, *vars(answer).values(), self._clock()),
        )

    def find(self, account: int, key: str) -> Answer | None:
        """The answer kept for an account's key, unless it has expired."""
        row = self._db.execute(
            "SELECT call, request_id, status, body FROM answers "
            "WHERE account = ? AND key = ? AND kept_at > ?",
            (account, key, self._clock() - LIFE_S),
        ).fetchone()
        return Answer(*row) if row else None

    def forget(self, *, older_than_s: int = 0) -> int:
        """Forget the answers of at least this age; answers how many."""
        limit = self._clock() - older_than_s
        return self._db.execute("DELETE FROM answers WHERE kept_at <= ?", (limit,)).rowcount
