"""Serves web and worker together: starts them, starts again what dies, and ends both cleanly.

With the demo also practice Stripe, where no Stripe key is set. Children are in sessions of their
own, so that Ctrl-C reaches only this process, which then asks each of them to end.
"""

from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from flask import current_app
from flask_migrate import upgrade

from referral.foundation.db import db, session
from referral.surfaces.web.settings import settings

GRACE_S = 30.0
LONGEST_PAUSE_S = 5.0
_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux's prctl(2)

log = structlog.get_logger("referral.serve")


@dataclass
class Child:
    """One supervised process; it is started again after a pause that grows while it keeps dying."""

    name: str
    command: list[str]
    extra: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_s: float = 0.0

    def start(self) -> None:
        """Start the process, which ends when this one does."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603
            self.command,
            env=settings().environment_for_children(self.extra),
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509
        )

    def revive(self) -> None:
        """Start the process again if it has ended, later and later while it ends at once."""
        if self.process is None or self.process.poll() is None:
            return
        lived_s = time.monotonic() - self.started_at
        if lived_s < self.pause_s:
            return
        quickly = lived_s < LONGEST_PAUSE_S
        self.pause_s = min(LONGEST_PAUSE_S, max(0.5, self.pause_s * 2)) if quickly else 0.5
        log.warning("started_again", child=self.name, code=self.process.returncode)
        self.start()

    def end(self) -> None:
        """Ask the process to end."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds: float) -> None:
        """Wait for the end, and insist when it does not come."""
        if self.process is None:
            return
        try:
            self.process.wait(timeout=max(0.1, seconds))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def supervise(*, with_demo: bool) -> int:
    """Run until TERM or INT; returns 0 when everything ended as asked."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if not _is_free(settings().port):
        print(f"  Port {settings().port} is in use. Choose another: PORT=8080 make run", flush=True)
        return 1
    children: list[Child] = []
    for said in settings().warnings():
        print(f"  {said}", flush=True)
    with _ended_at_last(children):
        extra = _prepare_demo(children) if with_demo else {}
        children += [
            Child("web", [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py"], extra),
            Child("worker", [sys.executable, "-m", "flask", "--app", "wsgi", "work"], extra),
        ]
        for child in children[-2:]:
            child.start()
        if with_demo:
            _say_when_ready(children, stopping)
        while not stopping.wait(0.2):
            for child in children:
                child.revive()
    return 0


@contextmanager
def _ended_at_last(children: list[Child]) -> Iterator[None]:
    try:
        yield
    finally:
        for child in reversed(children):
            child.end()
        deadline = time.monotonic() + GRACE_S
        for child in children:
            child.wait(deadline - time.monotonic())


def _prepare_demo(children: list[Child]) -> dict[str, str]:
    """Migrate, start practice Stripe where there is no key, and seed an empty database."""
    from referral import demo

    _migrate()
    if demo.is_half_told():
        _start_over()
    extra = {"DEMO_OPERATOR": demo.OWNER}
    if not settings().stripe_secret_key.get_secret_value():
        practice = _practice_stripe()
        children.append(practice)
        extra["PRACTICE_STRIPE_URL"] = _wait_for_practice(practice)
    if demo.is_empty():
        print("  Telling the demo's story, a few seconds the first time …", flush=True)
        _tell_story(extra)
    return extra


def _start_over() -> None:
    """Put a half-told demo aside, where it is the demo's own file; elsewhere say what to do."""
    path = Path(db.engine.url.database or "")
    if db.engine.dialect.name != "sqlite" or path.parent != Path(current_app.instance_path):
        print("  The demo was interrupted. Empty the database and start again.", flush=True)
        return
    session.remove()
    db.engine.dispose()
    for leftover in (*path.parent.glob(f"{path.name}*"), *path.parent.glob("practice-stripe*")):
        leftover.unlink()
    _migrate()


def _migrate() -> None:
    upgrade(directory=str(Path(current_app.root_path) / "migrations"))


def _tell_story(extra: dict[str, str]) -> None:
    """Seed in a process of its own, which may move its calendar back.

    Our own view of the database, taken before, ends here: else we would not see what it wrote.
    """
    session.remove()
    child = Child("the demo", [sys.executable, "-m", "flask", "--app", "wsgi", "demo"], extra)
    child.start()
    if child.process is not None and child.process.wait() != 0:
        print("  The demo's story could not be told; the reason stands above.", flush=True)


def _is_free(port: int) -> bool:
    """Tell whether nobody listens at a port; one that was just left counts as free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings().host, port))
        except OSError:
            return False
    return True


def _free_port_after(port: int) -> int:
    """Return the first free port above one, for a helper beside the web."""
    return next(one for one in range(port + 1, port + 50) if _is_free(one))


def _practice_stripe() -> Child:
    state = Path(current_app.instance_path) / "practice-stripe.sqlite3"
    state.parent.mkdir(exist_ok=True)
    port = settings().practice_stripe_port or _free_port_after(settings().port)
    command = [sys.executable, "-m", "tools.practice_stripe", "--port", str(port)]
    child = Child("practice Stripe", [*command, "--state", str(state)])
    child.start()
    return child


def _wait_for_practice(child: Child) -> str:
    url = f"http://127.0.0.1:{child.command[child.command.index('--port') + 1]}"
    _wait_for(url + "/", child, seconds=15)
    return url


def _say_when_ready(children: list[Child], stopping: threading.Event) -> None:
    from referral import demo

    web = children[-2]
    if _wait_for(f"http://127.0.0.1:{settings().port}/readyz", web, seconds=30, stopping=stopping):
        demo.connect_hooks(web.extra.get("PRACTICE_STRIPE_URL", ""))
        print(demo.greeting(web.extra.get("PRACTICE_STRIPE_URL", "")), flush=True)


def _wait_for(
    url: str, child: Child, *, seconds: float, stopping: threading.Event | None = None
) -> bool:
    """Wait until an address of ours answers; False when it does not come or we are ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not (stopping and stopping.is_set()):
        if child.process is not None and child.process.poll() is not None:
            print(f"  {child.name} could not start; the reason stands above.", flush=True)
            return False
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310
                return True
        except OSError:
            time.sleep(0.05)
    return False


def _end_with_parent() -> None:
    """Have Linux end this child when its parent is killed; elsewhere nothing happens."""
    try:
        ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGTERM)
    except (OSError, AttributeError):
        return
