"""Where this machine's server can be reached, left for the commands typed in another shell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app

from referral.serving.ports import answers
from referral.surfaces.web.settings import settings


@contextmanager
def address_left_behind() -> Iterator[None]:
    """Leave our address in the instance folder while we serve, in development.

    At the end that of another server which still answers takes its place again.
    """
    ours, before = settings().public_url, address_in_use()
    if _is_development():
        with suppress(OSError):
            _file().parent.mkdir(exist_ok=True)
            _file().write_text(ours)
    try:
        yield
    finally:
        if address_in_use() == ours:
            with suppress(OSError):
                _file().write_text(before) if _answers(before) else _file().unlink()


def address_in_use() -> str:
    """Return the address a server on this machine left, or nothing."""
    with suppress(OSError):
        if _is_development():
            return _file().read_text().strip()
    return ""


def _answers(address: str) -> bool:
    place = urlsplit(address)
    return bool(place.hostname) and answers(place.hostname or "", place.port or 80, path="/healthz")


def _is_development() -> bool:
    return not (settings().is_production or settings().is_test)


def _file() -> Path:
    return Path(current_app.instance_path) / "address"
