"""A database where it must not lie, or with a damaged page, is named before it costs anything."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from config import UnsafeSettings
from referral import create_app
from referral.domain.reports.auditor import audit
from referral.foundation import clock, storage
from referral.foundation.db import db, session
from tests.cast import open_shop
from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate, settings_for

MOUNTS = """\
22 1 0:20 / / rw,relatime - overlay overlay rw
30 22 8:1 / /srv rw,relatime shared:1 - ext4 /dev/sda1 rw
31 30 0:44 / /srv/share rw,relatime - nfs4 files:/export rw
32 31 8:2 / /srv/share/local rw - xfs /dev/sdb1 rw
33 22 0:45 / /srv/two\\040words rw - cifs //files/two rw
34 22 0:46 / /srv/far rw master:2 - fuse.sshfs me@far:/ rw
"""


@pytest.fixture
def database_url() -> Iterator[str]:
    """A file of ours to put elsewhere or to damage."""
    url = cloned_database("sqlite", migrate=migrate)
    yield url
    drop_database(url)


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/referral", None),
        ("/srv", None),
        ("/srv/sharedless", None),
        ("/srv/share", "nfs4"),
        ("/srv/share/deep/er", "nfs4"),
        ("/srv/share/local", None),
        ("/srv/two words", "cifs"),
        ("/srv/far/db", "fuse.sshfs"),
    ],
)
def test_f37_a_network_share_is_told_from_a_disk(
    folder: str, kind: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    monkeypatch.setattr(storage, "MOUNTS", mounts)
    assert storage.network_share_of(Path(folder, "referral.sqlite3")) == kind


def test_f37_a_database_on_a_network_share_is_refused(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text("22 1 0:20 / / rw - nfs files:/ rw\n")
    monkeypatch.setattr(storage, "MOUNTS", mounts)
    with pytest.raises(UnsafeSettings, match=r"network share \(nfs\).* or PostgreSQL"):
        create_app(settings_for(database_url))
    create_app(settings_for("postgresql://nobody@127.0.0.1/nothing"))
    monkeypatch.setattr(storage, "MOUNTS", tmp_path / "not there")
    create_app(settings_for(database_url))


def test_f38_the_audit_names_a_damaged_page(app: Flask) -> None:
    open_shop()
    damage(app)
    report = audit(clock.now())
    assert report.broken == {"pages"}
    assert list(report.promises) == ["pages"]
    assert list(report.lines())[-1].endswith("1 invariants checked, 0 warnings.")


def test_f38_a_damaged_database_never_takes_the_place_of_a_good_copy(
    app: Flask, tmp_path: Path
) -> None:
    open_shop("Corner Coffee")
    session.remove()
    copy = tmp_path / "copy.sqlite3"
    run = app.test_cli_runner().invoke
    made = run(args=["backup", str(copy)])
    assert (made.exit_code, "checked" in made.output) == (0, True)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    good = copy.read_bytes()
    damage(app)
    refused = run(args=["backup", str(copy)])
    assert refused.exit_code == 1
    assert "restore an older copy" in refused.output
    assert copy.read_bytes() == good
    assert [one.name for one in tmp_path.iterdir()] == ["copy.sqlite3"]
    again = create_app(settings_for(f"sqlite:///{copy}"))
    with again.app_context():
        assert not audit(clock.now()).broken
        assert session.scalars(text("SELECT name FROM business")).all() == ["Corner Coffee"]
        session.remove()
        db.engine.dispose()


def test_a_backup_is_never_written_over_the_database(app: Flask) -> None:
    file = storage.file_of(app.config["SQLALCHEMY_DATABASE_URI"])
    refused = app.test_cli_runner().invoke(args=["backup", str(file)])
    assert (refused.exit_code, "the database itself" in refused.output) == (1, True)


def damage(app: Flask) -> None:
    """Write over the middle of the page where the businesses lie, as a dying disk would."""
    root = session.scalar(text("SELECT rootpage FROM sqlite_master WHERE name = 'business'"))
    size = session.scalar(text("PRAGMA page_size"))
    session.remove()
    db.engine.dispose()
    file = storage.file_of(app.config["SQLALCHEMY_DATABASE_URI"])
    assert root and size and file
    with file.open("r+b") as pages:
        pages.seek((root - 1) * size)
        pages.write(b"\xff" * 64)
