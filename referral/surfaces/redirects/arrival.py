"""`GET /r/<code>`: a friend follows a link and lands, whatever else happens."""

from __future__ import annotations

import uuid
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import structlog
from flask import Response, g, redirect, render_template, request
from prometheus_client import Counter
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.wrappers import Response as BaseResponse

from referral.domain import journey
from referral.domain.businesses import within
from referral.domain.links import Link, did_you_mean, find_by_code, is_code, read_code, spoken
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.surfaces.redirects.directory import recall, remember
from referral.surfaces.redirects.visitors import describe, is_human
from referral.surfaces.web.visits import remember_visit

CLICK_PATIENCE_MS = 1500
"""How long a click waits for SQLite's write lock before the friend goes on without it."""

log = structlog.get_logger("referral.redirects")
_VISITS = Counter("referral_visits_total", "Visits to links by what they were", ["kind"])


def follow(code: str) -> BaseResponse:
    """Send a friend on to the landing page with a signed token; robots go without one."""
    code = read_code(code[:200])
    try:
        link = find_by_code(code)
    except (DBAPIError, PoolTimeout) as error:
        return _without_database(code, error)
    if link is None:
        return _unknown(code)
    remember(link)
    if not link.program.is_open:
        return _not_open(link)
    return _send_on(link.id, link.program.landing_url, link.business_id)


def landing_with(landing_url: str, token: str) -> str:
    """Return the landing page's address carrying the token as `ref`; nothing else is added."""
    parts = urlsplit(landing_url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "ref"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("ref", token)])))


def _send_on(link_id: uuid.UUID, landing_url: str, business_id: uuid.UUID | None) -> BaseResponse:
    if not is_human(request):
        _VISITS.labels("robot").inc()
        return _uncached(redirect(landing_url))
    at = clock.now()
    token = journey.token_for(link_id, at=at)
    if business_id is not None:
        _record(business_id, token)
    answer = redirect(landing_with(landing_url, token))
    remember_visit(request, answer, token)
    return _uncached(answer)


def _record(business_id: uuid.UUID, token: str) -> None:
    """Record the visit; when that fails the friend goes on and the token carries the credit."""
    try:
        with within(business_id), transaction(patience_ms=CLICK_PATIENCE_MS):
            journey.arrive(business_id, token, describe(request), at=clock.now())
        _VISITS.labels("human").inc()
    except (DBAPIError, PoolTimeout) as error:
        session.rollback()
        _VISITS.labels("not_recorded").inc()
        log.error("click_not_recorded", kind=type(error).__name__)


def _without_database(code: str, error: Exception) -> BaseResponse:
    session.rollback()
    log.error("click_without_database", kind=type(error).__name__)
    known = recall(code)
    if known is not None:
        return _send_on(known.link_id, known.landing_url, None)
    page = render_template("redirects/away.html")
    return _uncached(Response(page, status=503, headers={"Retry-After": "5"}))


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
