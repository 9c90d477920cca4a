"""The settings of the application at work."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from config import Settings


def settings() -> Settings:
    """Return the settings this application was built with."""
    return cast("Settings", current_app.extensions["settings"])


def public_url(path: str) -> str:
    """Return an address others can open, on the configured base, never the request's (S-75)."""
    return settings().public_url + path
