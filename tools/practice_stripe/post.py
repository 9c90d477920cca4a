"""Who wants which events, and how far each delivery came. Sends nothing itself."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from .accounts import MAIN

_SCHEMA = """
CREATE TABLE IF NOT EXISTS receivers (
    url TEXT PRIMARY KEY, secret TEXT NOT NULL, types TEXT NOT NULL, account INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL, url TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
    UNIQUE (event, url)
);
CREATE INDEX IF NOT EXISTS deliveries_by_state ON deliveries (state, number);
"""


@dataclass(frozen=True)
class Receiver:
    """An account's webhook receiver; no types means every type, `a.b.*` is understood."""

    url: str
    secret: str
    types: tuple[str, ...] = ()
    account: int = MAIN

    def wants(self, kind: str, *, of: int | None) -> bool:
        """Whether an account's event of this type is sent here."""
        is_wanted = not self.types or any(matches(one, kind) for one in self.types)
        return is_wanted and of == self.account


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one receiver: waiting, withheld, done or gave_up."""

    event: str
    url: str
    state: str
    attempts: int

    @property
    def address(self) -> tuple[str, str]:
        """What makes it this delivery and no other."""
        return self.event, self.url


class Post:
    """The receivers and deliveries. Used inside `books.acting()`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.executescript(_SCHEMA)

    def receivers(self) -> list[Receiver]:
        """Every registered receiver."""
        rows = self._db.execute("SELECT url, secret, types, account FROM receivers ORDER BY url")
        return [
            Receiver(url, secret, tuple(json.loads(types)), account)
            for url, secret, types, account in rows
        ]

    def register(self, receiver: Receiver) -> None:
        """Add a receiver, or replace the one at this address."""
        self._db.execute(
            "INSERT OR REPLACE INTO receivers (url, secret, types, account) VALUES (?, ?, ?, ?)",
            (receiver.url, receiver.secret, json.dumps(receiver.types), receiver.account),
        )

    def unregister(self, url: str) -> None:
        """Remove a receiver and what has not reached it."""
        self._db.execute("DELETE FROM receivers WHERE url = ?", (url,))
        self._db.execute("DELETE FROM deliveries WHERE url = ? AND state != 'done'", (url,))

    def queue(self, event: dict[str, Any], *, account: int | None, is_withheld: bool) -> int:
        """Queue an event for all who want it; answers how many. Withheld ones wait for a word."""
        urls = [one.url for one in self.receivers() if one.wants(event["type"], of=account)]
        for url in urls:
            self._db.execute(
                "INSERT INTO deliveries (event, url, state, attempts) VALUES (?, ?, ?, 0)",
                (event["id"], url, "withheld" if is_withheld else "waiting"),
            )
        return len(urls)

    def settle(self, event_id: str, url: str, *, state: str, attempts: int) -> None:
        """Record how far a delivery came."""
        self._db.execute(
            "UPDATE deliveries SET state = ?, attempts = ? WHERE event = ? AND url = ?",
            (state, attempts, event_id, url),
        )

    def deliveries(self, state: str | None = None) -> list[Delivery]:
        """Every delivery, or those in one state, oldest first."""
        chosen = "" if state is None else "WHERE state = ?"
        rows = self._db.execute(
            f"SELECT event, url, state, attempts FROM deliveries {chosen} ORDER BY number",  # noqa: S608 - a fixed clause
            () if state is None else (state,),
        )
        return [Delivery(*row) for row in rows]

    def release(self) -> None:
        """Let withheld deliveries go."""
        self._db.execute("UPDATE deliveries SET state = 'waiting' WHERE state = 'withheld'")

    def is_delivered(self, event_id: str) -> bool:
        """Whether every delivery of this event succeeded."""
        return (
            self._db.execute(
                "SELECT 1 FROM deliveries WHERE event = ? AND state != 'done'", (event_id,)
            ).fetchone()
            is None
        )

    def empty(self) -> None:
        """Forget every delivery."""
        self._db.execute("DELETE FROM deliveries")


def matches(pattern: str, kind: str) -> bool:
    """Whether an event type fits a name that may end in `.*`."""
    return pattern in ("*", kind) or (pattern.endswith(".*") and kind.startswith(pattern[:-1]))
