"""Says in one line why the database cannot be used, and what to do when that is known."""

from __future__ import annotations

from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from referral.foundation.db import db

_UNMIGRATED = ("no such table", "no such column", "UndefinedTable", "UndefinedColumn")


def in_a_line(error: DBAPIError) -> str:
    """Name the database, never its password, and give the driver's own reason."""
    reason = str(error.orig).strip().splitlines()[0]
    where = db.engine.url.render_as_string(hide_password=True)
    said = f"The database {where} cannot be used: {reason}."
    kind = f"{type(error.orig).__name__} {reason}"
    if any(sign in kind for sign in _UNMIGRATED):
        return f"{said} Migrate it: flask --app wsgi db upgrade"
    return said


def is_unmigrated() -> bool:
    """Tell whether a table or a column is missing; a database out of reach may have them all."""
    try:
        known = inspect(db.engine).get_multi_columns()
    except DBAPIError:
        return False
    finally:
        db.engine.dispose()
    there = {(table, one["name"]) for (_, table), columns in known.items() for one in columns}
    wanted = {
        (table.name, one.name) for table in db.metadata.tables.values() for one in table.columns
    }
    return not wanted <= there
