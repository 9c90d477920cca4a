"""Where each code leads, also remembered in this process for the minutes the database is away.

While the database answers it is always asked; memory is only the fallback (promise 4).
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import structlog
from flask import Flask
from sqlalchemy import Row, String, Table, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError

from referral.domain.links import Link
from referral.domain.programs import Program, ProgramState
from referral.foundation.db import one_look

EVERY_S = 2.0
MOST = 200_000
_BATCH = 5_000
_OVERLAP = timedelta(minutes=1)

log = structlog.get_logger("referral.redirects")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a code leads: enough to send a friend on, sign their token and record the visit."""

    link_id: uuid.UUID
    business_id: uuid.UUID
    landing_url: str
    is_open: bool


_links, _programs = cast(Table, Link.__table__).c, cast(Table, Program.__table__).c
_PLACES = select(
    _links.id, _links.code, _links.business_id, _programs.landing_url, _programs.state
).join_from(Link.__table__, Program.__table__)
_PLACES_OF = {
    "sqlite": _PLACES.where(_links.code.in_(bindparam("codes", expanding=True))),
    "postgresql": _PLACES.where(_links.code == any_(bindparam("codes", type_=ARRAY(String)))),
}
_PLACES_AFTER = _PLACES.where(_links.id > bindparam("seen")).order_by(_links.id).limit(_BATCH)
"""Plain columns, not rows of a model: this is the busiest query of all."""

_known: OrderedDict[str, Destination] = OrderedDict()
_lock = threading.Lock()


def look_up(codes: Collection[str]) -> dict[str, Destination]:
    """Return where read codes lead, in one query of five columns, and remember it.

    A code opens its own business, so this looks across all of them.
    """
    with one_look() as connection:
        query = _PLACES_OF[connection.dialect.name]
        rows = connection.execute(query, {"codes": list(codes)}).all()
    return {row.code: _learn(row) for row in rows}


def recall(codes: Collection[str]) -> dict[str, Destination]:
    """Return where codes led when we last knew."""
    with _lock:
        return {code: _known[code] for code in codes if code in _known}


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
    seen = newest
    while True:
        with one_look() as connection:
            rows = connection.execute(_PLACES_AFTER, {"seen": seen}).all()
        for row in rows:
            _learn(row)
            seen = row.id
        if len(rows) < _BATCH:
            break
    if seen == newest:
        return newest
    back = (seen.int >> 80) - int(_OVERLAP.total_seconds() * 1000)
    return max(newest, uuid.UUID(int=max(0, back) << 80))


def _learn(row: Row[*tuple[Any, ...]]) -> Destination:
    place = Destination(row.id, row.business_id, row.landing_url, row.state == ProgramState.ACTIVE)
    with _lock:
        _known[row.code] = place
        _known.move_to_end(row.code)
        while len(_known) > MOST:
            _known.popitem(last=False)
    return place
