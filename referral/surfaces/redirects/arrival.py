"""`GET /r/<code>`: a friend follows a link and lands, whatever else happens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import structlog
from flask import Response, g, render_template, request
from prometheus_client import Counter
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Request
from werkzeug.wrappers import Response as BaseResponse

from referral.domain.links import (
    Link,
    Place,
    Visit,
    arrive,
    did_you_mean,
    find_by_code,
    is_code,
    read_code,
    spoken,
)
from referral.foundation import clock
from referral.foundation.db import one_write, session
from referral.foundation.together import Together, TooLong
from referral.surfaces.redirects.directory import learn, look_up, recall
from referral.surfaces.redirects.visitors import describe, is_human
from referral.surfaces.web.visits import cookie_with

CLICK_PATIENCE_MS = 1500
"""How long a click waits to be stored before the friend goes on without it."""
LINGER_MS = 2
"""How long a commit waits for more clicks when several came at once; see docs/performance.md."""
_MARK = "TOKEN"

log = structlog.get_logger("referral.redirects")
_VISITS = Counter("referral_visits_total", "Visits to links by what they were", ["kind"])


@dataclass(frozen=True, slots=True)
class Onward:
    """Where a visitor goes on to, and the token they carry; a robot carries none."""

    url: str
    token: str | None = None


@dataclass(slots=True, eq=False)
class _Arrival:
    """A human visit on its way into the database, and where it leads as soon as that is known."""

    visit: Visit
    place: Place | None = None
    is_stored: bool = False


def follow(code: str) -> BaseResponse:
    """Send a friend on, or show a page that says why not."""
    onward = send_on(request, code)
    if onward is None:
        return _explain(read_code(code[:200]))
    answer = Response(body_of(onward), status=302)
    answer.headers.clear()
    answer.headers.extend(headers_of(request, onward))
    return answer


def send_on(request: Request, code: str) -> Onward | None:
    """Say where a friend goes on to: the landing page with a signed token, robots without one.

    None when the code leads nowhere at present. Needs the application, but no request of Flask's.
    """
    code = read_code(code[:200])
    if not is_code(code):
        return None
    if is_human(request):
        return _welcome(request, code)
    places = _places_of([code])
    if code not in places:
        return None
    _VISITS.labels("robot").inc()
    return Onward(iri_to_uri(places[code].landing_url))


def headers_of(request: Request, onward: Onward) -> list[tuple[str, str]]:
    """Return the headers that send a visitor on, their cookie among them."""
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(body_of(onward)))),
        ("Location", onward.url),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ]
    if onward.token is not None:
        headers.append(("Set-Cookie", cookie_with(request, onward.token)))
    return headers


def body_of(onward: Onward) -> bytes:
    """Return a page for the few that do not follow by themselves."""
    return f'<!doctype html><title>Moved</title><a href="{escape(onward.url)}">Go on</a>'.encode()


def landing_with(landing_url: str, token: str) -> str:
    """Return the landing page's address carrying the token as `ref`; nothing else is added."""
    before, after = _around_token(landing_url)
    return f"{before}{token}{after}"


@lru_cache(maxsize=1024)
def _around_token(landing_url: str) -> tuple[str, str]:
    """Split a landing page's address where the token goes."""
    parts = urlsplit(landing_url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "ref"]
    with_mark = urlunsplit(parts._replace(query=urlencode([*query, ("ref", _MARK)])))
    before, _, after = iri_to_uri(with_mark).rpartition(f"ref={_MARK}")
    return f"{before}ref=", after


def _welcome(request: Request, code: str) -> Onward | None:
    """Record a visit and send the friend on; when that fails the token carries the credit."""
    arrival = _Arrival(describe(request, code, at=clock.now()))
    try:
        _arrivals.bring(arrival, patience_ms=CLICK_PATIENCE_MS)
    except (DBAPIError, PoolTimeout, TooLong) as error:
        log.error("click_not_recorded", kind=type(error).__name__)
        arrival.place = _places_of([code]).get(code)
    if arrival.place is None:
        return None
    _VISITS.labels("human" if arrival.is_stored else "not_recorded").inc()
    token = arrival.visit.token_at(arrival.place)
    return Onward(landing_with(arrival.place.landing_url, token), token)


def _store(arrivals: Sequence[_Arrival], patience_ms: int) -> None:
    """Store the visits that lead anywhere, and say where they lead."""
    with one_write(patience_ms=patience_ms) as connection:
        places = learn(arrive([one.visit for one in arrivals], over=connection))
    for one in arrivals:
        place = places.get(one.visit.code)
        if place is not None and place.is_open:
            one.place, one.is_stored = place, True


_arrivals = Together(
    _store, common=(OperationalError, InternalError, PoolTimeout), linger_ms=LINGER_MS
)


def _places_of(codes: Collection[str]) -> dict[str, Place]:
    """Return where codes lead that lead anywhere at present.

    While the database is away, nobody knows which program was closed meanwhile: every link that
    we remember leads on.
    """
    try:
        places = look_up(codes)
    except (DBAPIError, PoolTimeout) as error:
        log.error("click_without_database", kind=type(error).__name__)
        return recall(codes)
    return {code: place for code, place in places.items() if place.is_open}


def _explain(code: str) -> BaseResponse:
    try:
        link = find_by_code(code)
    except (DBAPIError, PoolTimeout):
        session.rollback()
        page = render_template("redirects/away.html")
        return _uncached(Response(page, status=503, headers={"Retry-After": "5"}))
    return _not_open(link) if link else _unknown(code)


def _unknown(code: str) -> BaseResponse:
    near = None if is_code(code) else did_you_mean(code)
    _VISITS.labels("unknown").inc()
    page = render_template(
        "redirects/unknown.html", near=near, near_spoken=spoken(near) if near else ""
    )
    return _uncached(Response(page, status=404))


def _not_open(link: Link) -> BaseResponse:
    _VISITS.labels("not_open").inc()
    g.business = link.program.business
    page = render_template(
        "redirects/not_open.html", program=link.program, business=link.program.business
    )
    return _uncached(Response(page, status=410 if link.program.state == "closed" else 200))


def _uncached(answer: BaseResponse) -> BaseResponse:
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return answer
