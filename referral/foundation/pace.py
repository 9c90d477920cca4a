"""A steady rate for calls of this process, those that come together one after another."""

from __future__ import annotations

import threading
import time


class Pace:
    """Lets so many calls through in a second, one more after a pause; each waits for its turn."""

    def __init__(self, per_s: float) -> None:
        self._gap_s = 1 / per_s
        self._next = 0.0
        self._guard = threading.Lock()

    def wait(self) -> None:
        """Return when the next call may be made."""
        with self._guard:
            now = time.monotonic()
            turn = max(self._next, now - self._gap_s)
            self._next = turn + self._gap_s
        if turn > now:
            time.sleep(turn - now)
