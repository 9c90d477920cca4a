"""The language and zone amounts and dates are written in: the reader's, where we know it."""

from __future__ import annotations

from flask import Flask, has_request_context, request
from flask_babel import Babel

KNOWN = ("en_GB", "en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pt_PT", "sv_SE", "da_DK")
"""How numbers and dates may be written; the words themselves are English."""


def add_locale(app: Flask) -> None:
    """Write amounts and dates as the visitor's browser asks."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "en_GB")
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", "UTC")
    Babel(app, locale_selector=_reader)


def _reader() -> str | None:
    if not has_request_context():
        return None
    offered = [name.replace("_", "-") for name in KNOWN]
    return request.accept_languages.best_match(offered, offered[0]).replace("-", "_")
