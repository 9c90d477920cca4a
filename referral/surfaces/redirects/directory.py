"""Where each code leads, remembered in this process for the minutes the database is away.

While the database answers it is always asked; this is only the fallback (promise 4).
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta

import structlog
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from referral.domain.businesses import across_businesses
from referral.domain.links import Link
from referral.domain.programs import Program
from referral.foundation.db import session

EVERY_S = 2.0
MOST = 200_000
_BATCH = 5_000
_OVERLAP = timedelta(minutes=1)

log = structlog.get_logger("referral.redirects")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a code leads: enough to send a friend on and to sign their token."""

    link_id: uuid.UUID
    landing_url: str
    is_open: bool


_known: OrderedDict[str, Destination] = OrderedDict()
_lock = threading.Lock()


def remember(link: Link) -> None:
    """Remember where a link leads."""
    _put(link.code, Destination(link.id, link.program.landing_url, link.program.is_open))


def recall(code: str) -> Destination | None:
    """Return where a code led when we last knew."""
    with _lock:
        return _known.get(code)


def keep_fresh(app: Flask) -> threading.Thread:
    """Learn new links every two seconds for as long as this process lives."""

    def learn() -> None:
        newest = uuid.UUID(int=0)
        waiting = threading.Event()
        while True:
            try:
                with app.app_context():
                    newest = learn_after(newest)
            except DBAPIError as error:
                log.warning("directory_not_refreshed", kind=type(error.orig).__name__)
            waiting.wait(EVERY_S)

    thread = threading.Thread(target=learn, name="directory", daemon=True)
    thread.start()
    return thread


def learn_after(newest: uuid.UUID) -> uuid.UUID:
    """Learn the links made after one, and return the newest learned, a minute back.

    Keys sort by time, but another process may commit an older key a little later.
    """
    query = (
        select(Link.id, Link.code, Program.landing_url, Program.state)
        .join(Link.program)
        .order_by(Link.id)
        .limit(_BATCH)
        .execution_options(**across_businesses())
    )
    seen = newest
    while True:
        rows = session.execute(query.where(Link.id > seen)).all()
        session.commit()
        for row in rows:
            _put(row.code, Destination(row.id, row.landing_url, row.state == "active"))
            seen = row.id
        if len(rows) < _BATCH:
            break
    if seen == newest:
        return newest
    back = (seen.int >> 80) - int(_OVERLAP.total_seconds() * 1000)
    return max(newest, uuid.UUID(int=max(0, back) << 80))


def _put(code: str, destination: Destination) -> None:
    with _lock:
        _known[code] = destination
        _known.move_to_end(code)
        while len(_known) > MOST:
            _known.popitem(last=False)
