"""How fast this process asks one account of Stripe: a little slower than Stripe allows (F-9).

Stripe takes 25 calls a second in test mode and 100 live. Several processes may be too fast
together; Stripe says so then, and whoever asked comes again later.
"""

from __future__ import annotations

import threading
import time

SANDBOX_PER_S, LIVE_PER_S = 20.0, 80.0
BURST_S = 0.2
"""A pause saves up so much of the pace; with the pace itself it stays within Stripe's second."""


class Pace:
    """Lets calls through at a steady rate, and those that come together one after another."""

    def __init__(self, per_s: float) -> None:
        self._gap_s = 1 / per_s
        self._next = 0.0
        self._guard = threading.Lock()

    def wait(self) -> None:
        """Return when the next call may be made."""
        with self._guard:
            now = time.monotonic()
            turn = max(self._next, now - BURST_S)
            self._next = turn + self._gap_s
        if turn > now:
            time.sleep(turn - now)


def pace_of(secret_key: str) -> Pace:
    """Return a pace for one account, by whose kind of key it is."""
    return Pace(LIVE_PER_S if "_live_" in secret_key else SANDBOX_PER_S)
