"""The objects practice Stripe remembers, account by account, in one SQLite database.

It knows no resource's rules.

Everything is read and written inside `books.acting()`, which holds the lock and ends with commit
or rollback. With a file, a committed change survives `kill -9` of the process.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from .accounts import MAIN, Accounts
from .answers import Answers
from .errors import missing
from .post import Post

Thing = dict[str, Any]

API_VERSION = "2026-10-28.endive"
NOBODY = {"id": None, "idempotency_key": None}
_LETTERS = string.ascii_letters + string.digits

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    place INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL,
    kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (kind, id, account)
);
CREATE INDEX IF NOT EXISTS objects_of_kind ON objects (kind, place);
CREATE INDEX IF NOT EXISTS objects_of_customer
    ON objects (kind, json_extract(body, '$.customer'), place);
"""


class Books:
    """Every practice account: its objects, and with them its kept answers and its post."""

    def __init__(self, path: str | None = None) -> None:
        self.lock = threading.RLock()
        self.base_url = ""
        self.clock_offset_s = 0
        self.account: int | None = MAIN
        self.payee: str | None = None
        self._at: int | None = None
        self._request: Thing = NOBODY
        self._delivers = True
        self._made: list[Thing] = []
        if path is not None:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        _bring_over(self._db)
        self.accounts = Accounts(self._db)
        self.answers = Answers(self._db, lambda: int(time.time()) + self.clock_offset_s)
        self.post = Post(self._db)
        self._db.commit()

    def close(self) -> None:
        """Close the database."""
        with self.lock:
            self._db.close()

    def reset(self) -> None:
        """Forget everything except the accounts and their webhook receivers."""
        self._db.execute("DELETE FROM objects")
        self.answers.forget()
        self.post.empty()

    @contextmanager
    def acting(
        self,
        *,
        account: int | None = MAIN,
        payee: str | None = None,
        at: int | None = None,
        request: Thing = NOBODY,
        delivers: bool = True,
    ) -> Iterator[list[Thing]]:
        """Set for one act its account, moment and API request, and whether webhooks are sent.

        `payee` is the connected account it is made for. Account None reads the objects of every
        account and writes none. Yields the list in which the act's events gather. Ends with
        commit, or rollback when the act raises.
        """
        with self.lock:
            self.account, self.payee = account, payee
            self._at, self._request = at, request
            self._delivers, self._made = delivers, []
            try:
                yield self._made
                self._db.commit()
            except BaseException:
                self._db.rollback()
                raise
            finally:
                self.account, self.payee = MAIN, None
                self._at, self._request, self._delivers = None, NOBODY, True

    def now(self) -> int:
        """The moment of the act, in Unix seconds."""
        return self._at if self._at is not None else int(time.time()) + self.clock_offset_s

    def put(self, thing: Thing) -> Thing:
        """Write an object under its own `object` and `id`; its place in lists never changes."""
        self._db.execute(
            "INSERT INTO objects (account, kind, id, body) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (kind, id, account) DO UPDATE SET body = excluded.body",
            (self.account, thing["object"], thing["id"], json.dumps(thing)),
        )
        return thing

    def get(self, kind: str, thing_id: str) -> Thing | None:
        """Read one object, or None."""
        row = self._db.execute(
            f"SELECT body FROM objects WHERE kind = ? AND id = ? {self._ours}",  # noqa: S608 - a number of ours
            (kind, thing_id),
        ).fetchone()
        return json.loads(row[0]) if row else None

    def find(self, kind: str, thing_id: str, *, param: str = "id") -> Thing:
        """Read one object; raises Refusal `resource_missing` naming `param`."""
        thing = self.get(kind, thing_id)
        if thing is None:
            raise missing(kind, thing_id, param=param)
        return thing

    def remove(self, kind: str, thing_id: str) -> None:
        """Forget one object."""
        self._db.execute(
            "DELETE FROM objects WHERE kind = ? AND id = ? AND account = ?",
            (kind, thing_id, self.account),
        )

    def account_with(self, kind: str, thing_id: str) -> int:
        """The account that holds an object; the main one when none does."""
        row = self._db.execute(
            "SELECT account FROM objects WHERE kind = ? AND id = ? ORDER BY place", (kind, thing_id)
        ).fetchone()
        return int(row[0]) if row else MAIN

    def every(self, kind: str, where: Mapping[str, Any] | None = None) -> Iterator[Thing]:
        """The objects of a kind whose fields equal `where`, newest first."""
        return self._read(kind, where or {}, "", "DESC")

    def page(
        self,
        kind: str,
        params: Mapping[str, Any],
        *,
        where: Mapping[str, Any] | None = None,
        keep: Callable[[Thing], bool] = lambda thing: True,
    ) -> tuple[list[Thing], bool]:
        """Answer one page as Stripe's lists do, newest first, and whether there is more."""
        limit = params.get("limit", 10)
        after, before = params.get("starting_after"), params.get("ending_before")
        span, order = "", "DESC"
        if before is not None:
            span, order = f"AND place > {self._place(kind, before, 'ending_before')}", "ASC"
        elif after is not None:
            span = f"AND place < {self._place(kind, after, 'starting_after')}"
        fits = _within(params.get("created"))
        rows = self._read(kind, where or {}, span, order)
        found = list(islice((one for one in rows if fits(one) and keep(one)), limit + 1))
        chosen = found[:limit]
        return (chosen if order == "DESC" else chosen[::-1]), len(found) > limit

    def emit(
        self, kind: str, thing: Thing, *, previous: Thing | None = None, of: str | None = None
    ) -> Thing:
        """Record that something happened and queue its delivery, unless the act is silent.

        `of` is the connected account it happened to.
        """
        data: Thing = {"object": visible(thing)}
        if previous is not None:
            data["previous_attributes"] = previous
        event = {
            "id": new_id("evt_1"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": self._request,
            "type": kind,
            **({"account": of} if of else {}),
        }
        event["pending_webhooks"] = self.post.queue(
            event, account=self.account, is_withheld=not self._delivers
        )
        self._made.append(event)
        return self.put(event)

    @property
    def _ours(self) -> str:
        return "" if self.account is None else f"AND account = {self.account:d}"

    def _read(self, kind: str, where: Mapping[str, Any], span: str, order: str) -> Iterator[Thing]:
        tests = "".join(f" AND json_extract(body, '$.{path}') = ?" for path in where)
        statement = (
            f"SELECT body FROM objects WHERE kind = ?{tests} {self._ours} {span} "  # noqa: S608 - names and numbers of ours
            f"ORDER BY place {order}"
        )
        for (body,) in self._db.execute(statement, (kind, *where.values())):
            yield json.loads(body)

    def _place(self, kind: str, thing_id: str, param: str) -> int:
        row = self._db.execute(
            f"SELECT place FROM objects WHERE kind = ? AND id = ? {self._ours}",  # noqa: S608 - a number of ours
            (kind, thing_id),
        ).fetchone()
        if row is None:
            raise missing(kind, thing_id, param=param)
        return int(row[0])


def visible(thing: Thing) -> Thing:
    """Leave out the private fields, whose names begin with an underscore."""
    return {name: value for name, value in thing.items() if not name.startswith("_")}


def new_id(prefix: str, length: int = 24) -> str:
    """A fresh id with Stripe's prefix."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))


def _bring_over(db: sqlite3.Connection) -> None:
    """Move the objects of a file from before there were several accounts to the main one."""
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'things'").fetchone():
        db.execute(
            "INSERT INTO objects SELECT place, ?, kind, id, body FROM things ORDER BY place",
            (MAIN,),
        )
        db.execute("DROP TABLE things")
        db.execute("DROP TABLE IF EXISTS answers")
        db.execute("ALTER TABLE receivers ADD COLUMN account INTEGER NOT NULL DEFAULT 0")


def _within(created: Any) -> Callable[[Thing], bool]:
    if created is None:
        return lambda thing: True
    if isinstance(created, int):
        return lambda thing: bool(thing["created"] == created)
    least = max(created.get("gte", 0), created.get("gt", -1) + 1)
    most = min(created.get("lte", 1 << 62), created.get("lt", 1 << 62) - 1)
    return lambda thing: bool(least <= thing["created"] <= most)
