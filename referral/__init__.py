"""Referral: personal links, honest attribution and rewards through Stripe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask

from referral.foundation import clock, crypto, failpoints, storage
from referral.foundation.db import db

if TYPE_CHECKING:
    from config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application; raises UnsafeSettings rather than start unsafely."""
    app = create_web(settings)
    complete(app)
    _add_commands(app)
    return app


def create_web(settings: Settings | None = None) -> Flask:
    """Build the application of a web process, which sends friends on from the first moment.

    Its other addresses come with `complete`, or before the first request for one of them. It has
    no commands, and is spared the loading of what they and `flask db` need. Raises UnsafeSettings.
    """
    from config import INSTANCE, ROOT, Settings

    chosen = settings.check() if settings else Settings.read()
    crypto.use_secret(chosen.signing_key)
    clock.shift(chosen.clock_offset_s)
    failpoints.arm(chosen.failpoint)
    if chosen.sqlalchemy_url.startswith(f"sqlite:///{INSTANCE}"):
        _make_folder(INSTANCE)
    _refuse_network_share(chosen.sqlalchemy_url)
    app = Flask(
        "referral",
        root_path=str(ROOT),
        template_folder="templates",
        static_folder="static",
        instance_path=str(INSTANCE),
    )
    app.config.from_mapping(_flask_settings(chosen))
    app.extensions["settings"] = chosen
    db.init_app(app)
    _add_front(app)
    return app


def complete(app: Flask) -> None:
    """Add the addresses that an application has not yet; repeating it adds nothing."""
    app.extensions["front"].make_whole()


def _make_folder(folder: Path) -> None:
    from config import UnsafeSettings

    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UnsafeSettings(
            f"DATABASE_URL must be set, or {folder} be writable: {error.strerror}."
        ) from error


def _refuse_network_share(url: str) -> None:
    """Refuse a SQLite file where its locks do not hold (F-37)."""
    from config import UnsafeSettings

    file = storage.file_of(url)
    kind = storage.network_share_of(file) if file else None
    if kind:
        raise UnsafeSettings(
            f"DATABASE_URL names a file on a network share ({kind}), where SQLite loses data:"
            " use a disk of this machine, or PostgreSQL."
        )


def _flask_settings(chosen: Settings) -> dict[str, Any]:
    # What is asked holds names and addresses, and an error's text goes into the log.
    engine: dict[str, Any] = {"pool_size": 20, "max_overflow": 20, "hide_parameters": True}
    if chosen.sqlalchemy_url.startswith("postgresql"):
        engine["connect_args"] = {"connect_timeout": 5}
    return {
        "SECRET_KEY": chosen.signing_key,
        "SQLALCHEMY_DATABASE_URI": chosen.sqlalchemy_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine,
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 256 * 1024,
        "WTF_CSRF_TIME_LIMIT": None,
        # A page that hides its address sends no Referer, and the token is proof enough.
        "WTF_CSRF_SSL_STRICT": False,
        "TESTING": chosen.is_test,
        "PREFERRED_URL_SCHEME": "https" if chosen.is_https else "http",
        "JSON_SORT_KEYS": False,
    }


def _add_front(app: Flask) -> None:
    from referral.surfaces.redirects import Front
    from referral.surfaces.web.headers import believe_proxies
    from referral.surfaces.web.logs import choose_logs

    choose_logs(app)
    app.wsgi_app = app.extensions["front"] = Front(app, add_rest=_add_surfaces)  # type: ignore[method-assign]
    believe_proxies(app)


def _add_surfaces(app: Flask) -> None:
    from referral.surfaces import api, console, hooks, portal, redirects, widget
    from referral.surfaces.web.late_rule import LateRule
    from referral.surfaces.web.plumbing import add_web

    app.url_rule_class = LateRule
    add_web(app)
    for surface in (redirects, hooks, api, widget, portal, console):
        surface.add_to(app)


def _add_commands(app: Flask) -> None:
    from flask_migrate import Migrate

    from config import ROOT
    from referral.commands import add_commands

    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True, compare_type=True)
    add_commands(app)
