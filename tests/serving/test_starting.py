"""Starting costs no more than it must, and what stands in the way is said in one line."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from config import ROOT
from referral import create_app
from referral.foundation.db import db
from referral.serving.trouble import is_unmigrated
from tests.fixtures import settings_for
from tests.servers import free_port

SPARED = {
    *("alembic", "flask_migrate", "referral.commands", "referral.serving"),
    *("cryptography", "email.policy", "email_validator", "qrcode", "PIL", "stripe"),
}
SPARED_AT_FIRST = {
    *("referral.domain.journey", "referral.domain.rewards", "referral.domain.purchases"),
    *("referral.surfaces.api", "referral.surfaces.console", "referral.surfaces.portal"),
    *("flask_limiter", "flask_login", "flask_wtf", "wtforms", "limits"),
}
"""What a process loads after it can send friends on."""


def run(*command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ours to its end, in a development environment of its own."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "REFERRAL_ENV": "development", **settings},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("building", "spared"),
    [("complete(create_web())", SPARED), ("create_web()", SPARED | SPARED_AT_FIRST)],
)
def test_a_web_process_loads_nothing_it_may_never_need(
    building: str, spared: set[str], tmp_path: Path
) -> None:
    code = (
        f"import sys; from referral import complete, create_web; {building}; "
        f"print({spared} & sys.modules.keys())"
    )
    done = run("-c", code, DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_a_web_process_that_cannot_load_everything_ends_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "wtforms.py").write_text("raise ImportError('half an installation')")
    done = run(
        *("-m", "gunicorn"),
        DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}",
        PORT=str(free_port()),
        PYTHONPATH=str(tmp_path),
    )
    assert done.returncode == 3
    assert "The application cannot be loaded." in done.stderr
    assert "half an installation" in done.stderr


def test_a_busy_port_is_one_line_and_the_end(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        done = run("-m", "flask", "--app", "wsgi", "serve", PORT=port, DATABASE_URL=url)
    assert done.returncode == 1
    assert done.stdout.strip().startswith(f"Port {port} is in use. Choose another: PORT=")
    assert len(done.stdout.splitlines()) == 1


def test_a_database_that_is_not_migrated_is_one_line_and_the_end(tmp_path: Path) -> None:
    done = run(
        *("-m", "flask", "--app", "wsgi", "serve"),
        DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}",
        PORT=str(free_port()),
    )
    assert done.returncode == 1
    assert done.stdout.strip() == ("The database is not migrated. Run: flask --app wsgi db upgrade")
    assert done.stderr == ""


def test_a_migrated_database_lacks_nothing_and_one_column_less_does(app: Flask) -> None:
    assert not is_unmigrated()
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE person RENAME COLUMN name TO title"))
    assert is_unmigrated()


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/there/referral.sqlite3", "postgresql://nobody@127.0.0.1:1/none"]
)
def test_a_database_out_of_reach_is_waited_for(url: str) -> None:
    with create_app(settings_for(url)).app_context():
        assert not is_unmigrated()


def test_a_database_that_cannot_be_opened_is_one_line_and_the_end(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "referral.sqlite3"
    done = run(
        *("-m", "flask", "--app", "wsgi", "serve", "--demo"),
        DATABASE_URL=f"sqlite:///{path}",
        PORT=str(free_port()),
    )
    assert done.returncode == 1
    assert done.stdout.strip() == (
        f"The database sqlite:///{path} cannot be used: unable to open database file."
    )
    assert done.stderr == ""
