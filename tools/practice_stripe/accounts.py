"""Which account an API key belongs to. The first key ever used opens the main account.

A key's account is in its name: `sk_test_olive`, `rk_test_olive` and, after the key was rolled,
`sk_test_olive.2` are keys of one account; any other name is another account's, and neither sees
what the other has. What is done without a key, as by visitors, is done in the main account.
"""

from __future__ import annotations

import sqlite3
from hashlib import sha256

MAIN = 0

_SCHEMA = "CREATE TABLE IF NOT EXISTS accounts (number INTEGER PRIMARY KEY, name TEXT UNIQUE)"


class Accounts:
    """The accounts by number, in the order in which their keys were first used."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.execute(_SCHEMA)

    def number_of(self, api_key: str) -> int:
        """The account of a key, opened when its name is new. Used inside `books.acting()`."""
        name = _name(api_key)
        known = self._db.execute("SELECT number FROM accounts WHERE name = ?", (name,)).fetchone()
        if known is None:
            known = self._db.execute(
                "INSERT INTO accounts SELECT COALESCE(MAX(number) + 1, ?), ? FROM accounts "
                "RETURNING number",
                (MAIN, name),
            ).fetchone()
        return int(known[0])

    def id_of(self, number: int) -> str:
        """Stripe's id for an account: the same for every key of it, today and after a restart."""
        row = self._db.execute("SELECT name FROM accounts WHERE number = ?", (number,)).fetchone()
        return "acct_1" + sha256((row[0] if row else "").encode()).hexdigest()[:15]


def _name(api_key: str) -> str:
    return api_key.split("_", 2)[-1].partition(".")[0]
