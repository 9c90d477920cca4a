"""Where codes lead, and the human visits through them recorded, in as few statements as can be.

Plain columns, not rows of a model: these are the busiest statements of all. A code opens its own
business, so they look across all of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from referral.domain.links.links import Click, Link
from referral.domain.links.tokens import Token, make_token
from referral.domain.programs import Program, ProgramState
from referral.foundation.inserts import insertion

_HOST_LENGTH = 200

_link, _program, _click = (cast(Table, model.__table__) for model in (Link, Program, Click))
_PLACES = select(
    _link.c.id, _link.c.code, _link.c.business_id, _program.c.landing_url, _program.c.state
).join_from(_link, _program)
_PLACES_AFTER = (
    _PLACES.where(_link.c.id > bindparam("seen")).order_by(_link.c.id).limit(bindparam("most"))
)
_PLACES_OF = {
    "sqlite": _PLACES.where(_link.c.code.in_(bindparam("codes", expanding=True))),
    "postgresql": _PLACES.where(
        _link.c.code == any_(bindparam("codes", type_=ARRAY(_link.c.code.type)))
    ),
}
_SEEN = ("id", "at", "device", "referrer_host", "address_hash")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a code leads: enough to send a friend on, sign their token and record the visit."""

    link_id: uuid.UUID
    business_id: uuid.UUID
    landing_url: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody follows a link by its code; the network address is hashed already."""

    id: uuid.UUID
    code: str
    at: datetime
    device: str
    referrer_host: str | None
    address_hash: str

    def token_at(self, place: Place) -> str:
        """Sign the token that carries the credit for this visit; it needs no database."""
        return make_token(Token(place.link_id, self.id))


def find_places(codes: Collection[str], *, over: Connection) -> dict[str, Place]:
    """Return where read codes lead, by code, in one query; unknown ones are left out."""
    rows = over.execute(_PLACES_OF[over.dialect.name], {"codes": list(codes)})
    return _by_code(rows.all())


def find_places_after(seen: uuid.UUID, *, most: int, over: Connection) -> dict[str, Place]:
    """Return where at most so many links lead that were made after one, in their order."""
    return _by_code(over.execute(_PLACES_AFTER, {"seen": seen, "most": most}).all())


def arrive(visits: Sequence[Visit], *, over: Connection) -> dict[str, Place]:
    """Return where the visited codes lead, and record the human visits to open places, all at once.

    Repeating a visit adds nothing. PostgreSQL looks and records in one statement, which is one
    message to the server; SQLite is asked twice, and needs a transaction around it.
    """
    if over.dialect.name == "postgresql":
        return _by_code(over.execute(_FOLLOW, _columns_of(visits)).all())
    places = find_places({visit.code for visit in visits}, over=over)
    rows = [
        {**_seen(visit), "link_id": place.link_id, "business_id": place.business_id}
        for visit in visits
        if (place := places.get(visit.code)) and place.is_open
    ]
    if rows:
        over.execute(insertion(_click, dialect=over.dialect.name), rows)
    return places


def _by_code(rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[str, Place]:
    return {
        row.code: Place(row.id, row.business_id, row.landing_url, row.state == ProgramState.ACTIVE)
        for row in rows
    }


def _seen(visit: Visit) -> dict[str, Any]:
    """Return what is kept of a visit; what the visitor sent is cut to the width of its column."""
    host = visit.referrer_host
    return {
        "id": visit.id,
        "at": visit.at,
        "device": visit.device,
        "referrer_host": host[:_HOST_LENGTH] if host else None,
        "address_hash": visit.address_hash,
    }


def _columns_of(visits: Sequence[Visit]) -> dict[str, list[Any]]:
    rows = [_seen(visit) for visit in visits]
    columns = {name: [row[name] for row in rows] for name in _SEEN}
    return {**columns, "codes": [visit.code for visit in visits]}


def _following() -> Select[*tuple[Any, ...]]:
    """Write PostgreSQL's statement: a batch of visits comes as columns, of any length."""
    place = _PLACES_OF["postgresql"].cte("place")
    visit = select(
        _unnested("codes", _link.c.code.type),
        *[_unnested(name, _click.c[name].type) for name in _SEEN],
    ).cte("visit")
    kept = (
        select(*[visit.c[name] for name in _SEEN], place.c.id, place.c.business_id)
        .join_from(visit, place, place.c.code == visit.c.codes)
        .where(place.c.state == ProgramState.ACTIVE)
    )
    recorded = insertion(_click, dialect="postgresql").from_select(
        [*_SEEN, "link_id", "business_id"], kept
    )
    return select(place).add_cte(recorded.cte("recorded"))


def _unnested(name: str, kind: TypeEngine[Any]) -> ColumnElement[Any]:
    return func.unnest(bindparam(name, type_=ARRAY(kind))).label(name)


_FOLLOW = _following()
