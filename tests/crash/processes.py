"""The product in processes of its own, to be killed, frozen and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.nursery import Nursery
from tests.stories.trade import Trade
from tools.environment import ROOT

KILLED_BY_ITSELF = 137
PATIENCE_S = 90.0
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPYCACHEPREFIX")


class Process:
    """One process of the product with a session and a log of its own."""

    def __init__(self, name: str, command: list[str], *, env: dict[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open("a") as written:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command],
                env=env,
                cwd=ROOT,
                stdout=written,
                stderr=written,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def said(self) -> str:
        """Return what it logged so far."""
        return self.log.read_text(errors="replace")

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, and to nobody else."""
        self._process.send_signal(number)

    def wait(self, within_s: float = PATIENCE_S) -> int:
        """Wait for its end and return the exit code; fails with its log when it does not end."""
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{self.name} did not end within {within_s} s:\n{self.said}")

    def kill(self) -> None:
        """End it and what it started with kill -9."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()


class Crew:
    """Starts processes for a trade and leaves none behind."""

    def __init__(self, trade: Trade, folder: Path) -> None:
        self._trade = trade
        self._folder = folder
        self._started: list[Process] = []

    def worker(self, *, threads: int = 1, **settings: object) -> Process:
        """Start `flask work`."""
        command = ["flask", "--app", "wsgi", "work", "--threads", str(threads)]
        return self._start("worker", command, **settings)

    def web(self, port: int, **settings: object) -> Process:
        """Start the web alone, as `flask serve` does, and wait until it answers."""
        command = ["gunicorn", "--config", "gunicorn.conf.py"]
        return self._start("web", command, PORT=port, **settings)

    def serve(self, port: int, **settings: object) -> Process:
        """Start web and worker together under their supervisor."""
        return self._start("serve", ["flask", "--app", "wsgi", "serve"], PORT=port, **settings)

    def nursery(self, port: int) -> Nursery:
        """Start what forks web and worker; the web will answer at this port."""
        return Nursery(self._settings(PORT=port), self._folder / "nursery.log")

    def end_all(self) -> None:
        """Kill what still lives."""
        for process in self._started:
            process.kill()

    def _start(self, name: str, command: list[str], **settings: object) -> Process:
        log = self._folder / f"{name}-{len(self._started)}.log"
        process = Process(name, command, env=self._settings(**settings), log=log)
        self._started.append(process)
        return process

    def _settings(self, **settings: object) -> dict[str, str]:
        chosen = self._trade.app.extensions["settings"]
        kept = {one: os.environ[one] for one in _KEPT if one in os.environ}
        return kept | {
            "REFERRAL_ENV": "test",
            "SECRET_KEY": chosen.secret_key.get_secret_value(),
            "DATABASE_URL": chosen.database_url,
            "STRIPE_API_BASE": chosen.stripe_api_base,
            "MAIL_URL": f"file:{self._folder / 'outbox'}",
            "RATE_LIMIT_SCALE": "1000",
            **{one: str(value) for one, value in settings.items()},
        }


def until(
    is_so: Callable[[], object],
    what: str,
    *,
    alive: Process | None = None,
    within_s: float = PATIENCE_S,
) -> None:
    """Wait until something is so; fails naming it when it does not come or `alive` ends first."""
    give_up_at = time.monotonic() + within_s
    while not is_so():
        if alive is not None and not alive.is_alive():
            pytest.fail(f"{alive.name} ended before this: {what}\n{alive.said}")
        if time.monotonic() > give_up_at:
            pytest.fail(f"not within {within_s} s: {what}")
        time.sleep(0.02)
