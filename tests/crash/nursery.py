"""Forks web and worker from one process that has the product, as `flask serve` does.

So a round of killing takes a moment and not the seconds of an import. Run as a module it reads what
to start from its input, a name and how many seconds ahead the clock is, and answers the process id.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

from tools.environment import ROOT


class Nursery:
    """Starts web and worker in an instant; a kill ends one of them with all its children."""

    def __init__(self, env: dict[str, str], log: Path) -> None:
        with log.open("a") as written:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.crash.nursery"],
                env=env,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=written,
                text=True,
                start_new_session=True,
            )

    def start(self, name: str, *, ahead_s: int = 0) -> int:
        """Start the `web` or a `worker`; returns its process id, which is its group's too."""
        asked, told = self._process.stdin, self._process.stdout
        assert asked
        assert told
        asked.write(f"{name} {ahead_s}\n")
        asked.flush()
        return int(told.readline())

    @staticmethod
    def kill(pid: int) -> None:
        """End one of them with kill -9; one that has only just begun is no group's leader yet."""
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """End the nursery, and whatever it started with it."""
        self._process.communicate(timeout=60)


def work(name: str, ahead_s: int) -> None:
    """Be the web or a worker, until killed."""
    from referral.foundation import clock
    from referral.serving.web import serve_web
    from referral.worker import run
    from wsgi import app

    clock.shift(ahead_s)
    if name == "web":
        serve_web()
    else:
        run(app, threads=2)


def main() -> None:
    """Start what is asked for until the input ends."""
    from referral.serving.children import Child, ended_at_last
    from wsgi import app

    with app.app_context(), ended_at_last() as children:
        for line in sys.stdin:
            name, ahead_s = line.split()
            child = Child(name, partial(work, name, int(ahead_s)))
            child.start()
            assert child.process
            print(child.process.pid, flush=True)
            multiprocessing.active_children()  # Takes leave of those that were killed.
            children[:] = [one for one in (*children, child) if one.exit_code is None]


if __name__ == "__main__":
    main()
