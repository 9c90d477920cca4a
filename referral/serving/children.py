"""Processes that are started, started again when they die, and ended together.

They are forks of this one, so that the application is imported once and its memory is shared. Each
is in a session of its own: Ctrl-C reaches only this process, which then asks each of them to end.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkProcess

import structlog

from referral.foundation.db import db, session

GRACE_S = 30.0
LONGEST_PAUSE_S = 5.0
_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux's prctl(2)
_IS_CALLED = 15  # PR_SET_NAME: what ps and top show
_ENDINGS = (signal.SIGTERM, signal.SIGINT)

log = structlog.get_logger("referral.serve")


@dataclass
class Child:
    """One supervised process; it is started again after a pause that grows while it keeps dying."""

    name: str
    work: Callable[[], None]
    process: ForkProcess | None = None
    started_at: float = 0.0
    pause_s: float = 0.0

    def start(self) -> None:
        """Start the process, which ends when this one does."""
        _leave_database()
        self.started_at = time.monotonic()
        self.process = multiprocessing.get_context("fork").Process(
            target=_begin, args=(self.name, self.work, os.getpid()), name=self.name
        )
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs or was never started."""
        return self.process.exitcode if self.process else None

    def revive(self) -> None:
        """Start the process again if it has ended, later and later while it ends at once."""
        if self.exit_code is None:
            return
        lived_s = time.monotonic() - self.started_at
        if lived_s < self.pause_s:
            return
        quickly = lived_s < LONGEST_PAUSE_S
        self.pause_s = min(LONGEST_PAUSE_S, max(0.5, self.pause_s * 2)) if quickly else 0.5
        log.warning("started_again", child=self.name, code=self.exit_code)
        self.start()

    def end(self) -> None:
        """Ask the process to end."""
        if self.process is not None:
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait for the end, and insist when it does not come."""
        if self.process is None:
            return
        self.process.join(max(0.1, seconds))
        if self.exit_code is None:
            self.process.kill()
            self.process.join()


@contextmanager
def ended_at_last() -> Iterator[list[Child]]:
    """Yield a list of children; whatever happens, those in it are ended."""
    children: list[Child] = []
    try:
        yield children
    finally:
        for child in reversed(children):
            child.end()
        deadline = time.monotonic() + GRACE_S
        for child in children:
            child.wait(deadline - time.monotonic())


def _leave_database() -> None:
    """Close our connections: no two processes may share one."""
    session.remove()
    db.engine.dispose()


def _begin(name: str, work: Callable[[], None], parent_id: int) -> None:
    """Become a process of its own: signals and session are nobody else's. Then work."""
    os.setsid()
    for number in _ENDINGS:
        signal.signal(number, signal.SIG_DFL)
    _tell_linux(name, parent_id)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
    work()


def _tell_linux(name: str, parent_id: int) -> None:
    """Name this process, and have it end with its parent; elsewhere nothing happens."""
    try:
        prctl = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return
    prctl(_IS_CALLED, f"referral {name}".encode())
    prctl(_DIES_WITH_PARENT, signal.SIGTERM)
    if os.getppid() != parent_id:
        raise SystemExit(0)
