"""Makes the demo ready before anything is served: a migrated database, its story, its Stripe."""

from __future__ import annotations

import threading
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy.exc import DBAPIError

from referral.foundation.db import db, session
from referral.serving.children import Child
from referral.serving.ports import free_port_after, trouble_at
from referral.serving.trouble import in_a_line
from referral.surfaces.web.settings import settings


class NotReady(Exception):
    """The demo cannot be served; the message says why, in one line."""


def prepare(children: list[Child], stopping: threading.Event) -> None:
    """Migrate, start practice Stripe where there is no key, and seed an empty database.

    Raises NotReady when the demo cannot be served.
    """
    from referral import demo

    _tell_settings()
    try:
        _migrate()
        if demo.is_half_told():
            _start_over()
        is_empty = demo.is_empty()
    except DBAPIError as error:
        raise NotReady(in_a_line(error)) from error
    if settings().practice_stripe_url:
        children.append(Child("practice Stripe", _serve_practice))
        children[-1].start()
    if is_empty:
        print("  Telling the demo's story, a few seconds the first time …", flush=True)
        _tell_story(stopping)


def _tell_settings() -> None:
    """Let the settings know who is in the demo, and where its practice Stripe will be."""
    from referral.demo import OWNER

    practice_url = ""
    if not settings().stripe_secret_key.get_secret_value():
        port = settings().practice_stripe_port or free_port_after(settings().port)
        if trouble := trouble_at("127.0.0.1", port, setting="PRACTICE_STRIPE_PORT"):
            raise NotReady(trouble)
        practice_url = f"http://127.0.0.1:{port}"
    current_app.extensions["settings"] = settings().but(
        demo_operator=OWNER, practice_stripe_url=practice_url
    )


def _serve_practice() -> None:
    from tools.practice_stripe.server import Server, serve

    state = Path(current_app.instance_path) / "practice-stripe.sqlite3"
    serve(Server(urlsplit(settings().practice_stripe_url).port or 0, state=str(state)))


def _migrate() -> None:
    from flask_migrate import upgrade

    upgrade(directory=str(Path(current_app.root_path) / "migrations"))


def _start_over() -> None:
    """Put a half-told demo aside, where it is the demo's own file; elsewhere say what to do."""
    path = Path(db.engine.url.database or "")
    if db.engine.dialect.name != "sqlite" or path.parent != Path(current_app.instance_path):
        raise NotReady("The demo was interrupted. Empty the database and start again.")
    session.remove()
    db.engine.dispose()
    for leftover in (*path.parent.glob(f"{path.name}*"), *path.parent.glob("practice-stripe*")):
        leftover.unlink()
    _migrate()


def _tell_story(stopping: threading.Event) -> None:
    """Seed in a process of its own, which may move its calendar back."""
    teller = Child("the demo", _tell)
    teller.start()
    while teller.exit_code is None and not stopping.wait(0.05):
        continue
    teller.end()
    teller.wait(5)
    if teller.exit_code and not stopping.is_set():
        raise NotReady("The demo's story could not be told; the reason stands above.")


def _tell() -> None:
    from referral.demo import tell
    from referral.gateways.stripe.errors import StripeTrouble

    try:
        tell()
    except DBAPIError as error:
        raise SystemExit(f"  {in_a_line(error)}") from None
    except StripeTrouble as trouble:
        raise SystemExit(f"  Stripe did not do its part: {str(trouble).splitlines()[0]}") from None
