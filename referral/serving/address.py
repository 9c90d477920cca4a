"""Where this machine's server can be reached, left for the commands typed in another shell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flask import current_app

from referral.surfaces.web.settings import settings


@contextmanager
def address_left_behind() -> Iterator[None]:
    """Leave our address in the instance folder while we serve, in development."""
    ours = settings().public_url
    if _is_development():
        with suppress(OSError):
            _file().parent.mkdir(exist_ok=True)
            _file().write_text(ours)
    try:
        yield
    finally:
        if address_in_use() == ours:
            _file().unlink(missing_ok=True)


def address_in_use() -> str:
    """Return the address a server on this machine left, or nothing."""
    with suppress(OSError):
        if _is_development():
            return _file().read_text().strip()
    return ""


def _is_development() -> bool:
    return not (settings().is_production or settings().is_test)


def _file() -> Path:
    return Path(current_app.instance_path) / "address"
