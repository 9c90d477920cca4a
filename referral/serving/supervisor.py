"""Runs web and worker until asked to end, and says when they are ready."""

from __future__ import annotations

import gc
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import structlog
from flask import current_app
from sqlalchemy.exc import DBAPIError

from referral.foundation.db import db, one_look, session
from referral.serving.address import address_left_behind
from referral.serving.children import Child, ended_at_last
from referral.serving.ports import answers, trouble_at
from referral.serving.preparing import NotReady, prepare
from referral.serving.trouble import is_unmigrated
from referral.surfaces.web.settings import settings

PATIENCE_S = 30.0

log = structlog.get_logger("referral.serve")


def supervise(*, with_demo: bool) -> int:
    """Run until TERM or INT; returns 0 when everything ended as asked."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        _check_port()
        with database_left_whole(), address_left_behind(), ended_at_last() as children:
            _start(children, stopping, with_demo=with_demo)
            _watch(children, stopping)
    except NotReady as trouble:
        print(f"  {trouble}", flush=True)
        return 1
    return 0


@contextmanager
def database_left_whole() -> Iterator[None]:
    """At the end write SQLite's log back into its file, so that the file alone holds everything.

    Whoever is killed, or ends while others are connected, leaves the log beside the file.
    """
    try:
        yield
    finally:
        session.remove()  # Our own reading would be waited for.
        if db.engine.dialect.name == "sqlite":
            with suppress(DBAPIError), one_look() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()


def _watch(children: list[Child], stopping: threading.Event) -> None:
    while not stopping.wait(0.2):
        for child in children:
            child.revive()


def _check_port() -> None:
    if trouble := trouble_at(settings().host, settings().port):
        raise NotReady(trouble)


def _start(children: list[Child], stopping: threading.Event, *, with_demo: bool) -> None:
    for said in settings().warnings():
        print(f"  {said}", flush=True)
    if with_demo:
        prepare(children, stopping)
    elif is_unmigrated():
        raise NotReady("The database is not migrated. Run: flask --app wsgi db upgrade")
    if stopping.is_set():
        return
    gc.freeze()  # What is loaded already stays shared with the children.
    children += [Child("web", _serve_web), Child("worker", _work)]
    for child in children[-2:]:
        child.start()
    log.info("serving", host=settings().host, port=settings().port)
    if with_demo:
        _say_when_ready(children, stopping)


def _serve_web() -> None:
    from referral.serving.web import serve_web

    serve_web()


def _work() -> None:
    from referral.worker import run

    run(current_app._get_current_object())  # type: ignore[attr-defined]


def _say_when_ready(children: list[Child], stopping: threading.Event) -> None:
    from referral import demo

    practice_url = settings().practice_stripe_url
    doors = [(settings().host, settings().port, "/readyz")]
    if practice_url:
        doors.append(("127.0.0.1", urlsplit(practice_url).port or 0, "/"))
    deadline = time.monotonic() + PATIENCE_S
    while not all(answers(host, port, path=path) for host, port, path in doors):
        if stopping.wait(0.03):
            return
        if time.monotonic() > deadline or any(one.exit_code is not None for one in children):
            raise NotReady("It could not start; the reason stands above.")
    with suppress(OSError):
        demo.connect_hooks(practice_url)
    print(demo.greeting(practice_url), flush=True)
