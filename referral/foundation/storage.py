"""Where a SQLite database lies and whether its pages can be read: the checks of F-37 and F-38."""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path

from sqlalchemy.engine import make_url

MOUNTS = Path("/proc/self/mountinfo")
_SHARES = re.compile(
    r"nfs[34]?|cifs|smb(2|3|fs)?|ncpfs|afs|ceph|lustre|gpfs|beegfs|glusterfs"
    r"|fuse\.(sshfs|glusterfs|ceph.*|s3fs|rclone|gcsfuse|davfs2?)"
)
_MOST_FAULTS = 10


def file_of(url: str) -> Path | None:
    """Return the file of a SQLite database address; None for another database or one in memory."""
    address = make_url(url)
    name = address.database or ":memory:"
    return Path(name) if address.get_backend_name() == "sqlite" and name != ":memory:" else None


def network_share_of(file: Path) -> str | None:
    """Return the kind of network share a file lies on, or None; only Linux can be asked.

    SQLite's locks and its log do not hold there: https://www.sqlite.org/useovernet.html
    """
    try:
        lines = MOUNTS.read_text(errors="replace").splitlines()
    except OSError:
        return None
    folder = os.path.realpath(file.parent)
    found = [_mount(line) for line in reversed(lines) if " - " in line]  # The last hides others.
    above = [one for one in found if os.path.commonpath((one[0], folder)) == one[0]]
    _, kind = max(above, key=lambda one: len(one[0]), default=("", ""))
    return kind if _SHARES.fullmatch(kind) else None


def faults_in(connection: sqlite3.Connection) -> list[str]:
    """Return what SQLite finds wrong with the pages of a database, a few lines at most."""
    try:
        said = [row[0] for row in connection.execute(f"PRAGMA quick_check({_MOST_FAULTS})")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [] if said == ["ok"] else said


def _mount(line: str) -> tuple[str, str]:
    """Read where something is mounted, and its kind, from a line of mountinfo: see proc(5)."""
    place, kind = line.split()[4], line.partition(" - ")[2].split()[0]
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), place), kind
