"""Where each code leads, remembered in this process for the minutes the database is away.

While the database answers it is always asked; memory is only the fallback (promise 4).
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Collection
from datetime import timedelta

import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from referral.domain.links import Place, find_places, find_places_after
from referral.foundation.db import one_look

EVERY_S = 2.0
MOST = 200_000
_BATCH = 5_000
_OVERLAP = timedelta(minutes=1)

log = structlog.get_logger("referral.redirects")

_known: OrderedDict[str, Place] = OrderedDict()
_lock = threading.Lock()


def look_up(codes: Collection[str]) -> dict[str, Place]:
    """Return where read codes lead, in one query, and remember it."""
    with one_look() as connection:
        return learn(find_places(codes, over=connection))


def learn(places: dict[str, Place]) -> dict[str, Place]:
    """Remember where codes lead, and return it."""
    with _lock:
        for code, place in places.items():
            _known[code] = place
            _known.move_to_end(code)
        while len(_known) > MOST:
            _known.popitem(last=False)
    return places


def recall(codes: Collection[str]) -> dict[str, Place]:
    """Return where codes led when we last knew."""
    with _lock:
        return {code: _known[code] for code in codes if code in _known}


def keep_fresh(app: Flask) -> threading.Thread:
    """Learn new links every two seconds for as long as this process lives."""

    def learn_on() -> None:
        newest = uuid.UUID(int=0)
        waiting = threading.Event()
        while True:
            with app.app_context():
                newest = try_to_learn_after(newest)
            waiting.wait(EVERY_S)

    thread = threading.Thread(target=learn_on, name="directory", daemon=True)
    thread.start()
    return thread


def try_to_learn_after(newest: uuid.UUID) -> uuid.UUID:
    """Learn the links made after one, or none while the database has no time for it."""
    try:
        return learn_after(newest)
    except (DBAPIError, PoolTimeout) as error:
        log.warning("directory_not_refreshed", kind=type(error).__name__)
        return newest


def learn_after(newest: uuid.UUID) -> uuid.UUID:
    """Learn the links made after one, and return the newest learned, a minute back.

    Keys sort by time, but another process may commit an older key a little later.
    """
    seen = newest
    while True:
        with one_look() as connection:
            places = learn(find_places_after(seen, most=_BATCH, over=connection))
        seen = max((place.link_id for place in places.values()), default=seen)
        if len(places) < _BATCH:
            break
    if seen == newest:
        return newest
    back = (seen.int >> 80) - int(_OVERLAP.total_seconds() * 1000)
    return max(newest, uuid.UUID(int=max(0, back) << 80))
