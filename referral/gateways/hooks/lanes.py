"""How fast and how often at once this process asks one server, and all of them (F-44, F-47)."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from referral.foundation.pace import Pace

PER_SERVER_S, OVERALL_S = 5.0, 50.0
AT_ONCE = 2


class Crowded(Exception):
    """As many requests as a server gets at once are on their way to it."""


class _Lane:
    def __init__(self) -> None:
        self.pace = Pace(PER_SERVER_S)
        self.places = threading.BoundedSemaphore(AT_ONCE)


_lanes: dict[str, _Lane] = defaultdict(_Lane)
_guard = threading.Lock()
_overall = Pace(OVERALL_S)


@contextmanager
def turn_at(url: str) -> Iterator[None]:
    """Wait for a turn at the server of an address; raises Crowded when all places are taken."""
    with _guard:
        lane = _lanes[urlsplit(url).netloc]
    if not lane.places.acquire(blocking=False):
        raise Crowded
    try:
        lane.pace.wait()
        _overall.wait()
        yield
    finally:
        lane.places.release()
