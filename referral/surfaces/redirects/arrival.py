"""`GET /r/<code>`: a friend follows a link and lands, whatever else happens."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import structlog
from flask import Response, g, render_template, request
from prometheus_client import Counter
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.utils import redirect
from werkzeug.wrappers import Request
from werkzeug.wrappers import Response as BaseResponse

from referral.domain import journey
from referral.domain.links import Link, did_you_mean, find_by_code, is_code, read_code, spoken
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.together import Together, TooLong
from referral.surfaces.redirects.directory import look_up, recall
from referral.surfaces.redirects.visitors import describe, is_human
from referral.surfaces.web.visits import remember_visit

CLICK_PATIENCE_MS = 1500
"""How long a click waits to be stored before the friend goes on without it."""

log = structlog.get_logger("referral.redirects")
_VISITS = Counter("referral_visits_total", "Visits to links by what they were", ["kind"])


def follow(code: str) -> BaseResponse:
    """Send a friend on, or show a page that says why not."""
    return send_on(request, code) or _explain(read_code(code[:200]))


def send_on(request: Request, code: str) -> BaseResponse | None:
    """Send a friend on to the landing page with a signed token; robots go without one.

    None when the code leads nowhere at present. Needs the application, but no request of Flask's.
    """
    code = read_code(code[:200])
    is_away = False
    try:
        place = look_up(code)
    except (DBAPIError, PoolTimeout) as error:
        log.error("click_without_database", kind=type(error).__name__)
        place, is_away = recall(code), True
    if place is None or not (place.is_open or is_away):
        return None
    if not is_human(request):
        _VISITS.labels("robot").inc()
        return _uncached(redirect(place.landing_url))
    token = journey.token_for(place.link_id, at=clock.now())
    if not is_away:
        _record(request, place.business_id, token)
    answer = redirect(landing_with(place.landing_url, token))
    remember_visit(request, answer, token)
    return _uncached(answer)


def landing_with(landing_url: str, token: str) -> str:
    """Return the landing page's address carrying the token as `ref`; nothing else is added."""
    parts = urlsplit(landing_url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "ref"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("ref", token)])))


def _record(request: Request, business_id: uuid.UUID, token: str) -> None:
    """Record the visit; when that fails the friend goes on and the token carries the credit."""
    arrival = journey.Arrival(business_id, token, describe(request), clock.now())
    try:
        _arrivals.bring(arrival, patience_ms=CLICK_PATIENCE_MS)
        _VISITS.labels("human").inc()
    except (DBAPIError, PoolTimeout, TooLong) as error:
        _VISITS.labels("not_recorded").inc()
        log.error("click_not_recorded", kind=type(error).__name__)


def _store(arrivals: Sequence[journey.Arrival], patience_ms: int) -> None:
    with transaction(patience_ms=patience_ms):
        journey.arrive_together(arrivals)


_arrivals = Together(_store, common=(OperationalError, PoolTimeout))


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
