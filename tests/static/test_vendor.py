"""Every vendored file is listed with its licence, and is the one we took."""

import hashlib
import re
from pathlib import Path

VENDOR = Path(__file__).parents[2] / "static" / "vendor"
LINE = re.compile(r"^\| (?P<file>\S+) \| `(?P<sum>[0-9a-f]{64})` \|$", re.MULTILINE)


def listed() -> dict[str, str]:
    """Return the sum promised for each file."""
    lines = LINE.finditer((VENDOR / "VENDOR.md").read_text())
    return {line["file"]: line["sum"] for line in lines}


def present() -> dict[str, str]:
    """Return the sum of each file on disk."""
    files = (path for path in VENDOR.rglob("*") if path.is_file() and path.name != "VENDOR.md")
    return {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_every_vendored_file_is_listed_and_unchanged():
    assert present() == listed()


def test_every_vendored_package_carries_its_licence():
    packages = [path for path in VENDOR.iterdir() if path.is_dir()]

    assert packages
    assert [path.name for path in packages if not (path / "LICENSE").is_file()] == []
