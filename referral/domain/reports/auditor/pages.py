"""The pages of the database itself, before anything is read from them (F-38).

PostgreSQL notices a page it cannot read by its checksums when it is read, as an audit reads all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import cast

from sqlalchemy import Connection

from referral.domain.reports.auditor.report import Violation
from referral.foundation.storage import faults_in

PAGES = "pages"


def check(connection: Connection) -> Iterator[Violation]:
    """Yield what is wrong with the pages of a SQLite database."""
    if connection.dialect.name != "sqlite":
        return
    driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)
    for said in faults_in(driver):
        yield Violation(PAGES, "database", said)
