"""`backup`: a checked copy of a SQLite database while everything runs."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from referral.foundation.storage import faults_in, file_of


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def back_up(file: Path) -> None:
    """Copy the SQLite database to FILE, check the copy, and only then put it in place."""
    source = file_of(current_app.config["SQLALCHEMY_DATABASE_URI"])
    if source is None:
        raise click.ClickException("This copies SQLite only; for PostgreSQL use pg_dump.")
    if not source.exists():
        raise click.ClickException(f"There is no database at {source} yet.")
    if file.exists() and file.samefile(source):
        raise click.ClickException("FILE is the database itself: name another.")
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        found = _copy(source, unfinished)
        if not found:
            unfinished.replace(file)
    except (OSError, sqlite3.Error) as error:
        raise click.ClickException(f"No copy was made: {error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    if found:
        raise click.ClickException(
            "No copy was made, because the database is damaged: restore an older copy. "
            + "; ".join(found)
        )
    click.echo(f"{file} holds {file.stat().st_size:,} bytes, checked.")


def _copy(source: Path, to: Path) -> list[str]:
    """Copy a database, readable for its owner alone, and return what is wrong with the copy."""
    to.unlink(missing_ok=True)
    os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(source)) as known, closing(sqlite3.connect(to)) as made:
        known.backup(made)
        made.execute("PRAGMA journal_mode=DELETE")
        return faults_in(made)
