"""The publishable key's door: a browser may ask from exactly the business's own origins (S-53).

There are no cookies here, and no credentials are ever allowed. What is not on the list gets no
allowing header at all, so that the browser keeps the answer to itself.
"""

from __future__ import annotations

import structlog
from flask import Response, g, request

from referral.domain.businesses import business_of_key, has_origin
from referral.domain.businesses.keys import KeyKind
from referral.domain.businesses.ownership import enter
from referral.domain.reports.sites import is_anybodys_origin
from referral.foundation.errors import NotAllowed, NotSignedIn
from referral.surfaces.web.policy import Need

_HEADERS = frozenset({"authorization", "content-type", "x-referral-key"})
_MAX_AGE_S = 600
log = structlog.get_logger("referral.security")


class UnknownKey(NotSignedIn):
    """No publishable key, or one that opens nothing."""

    code = "unknown_key"
    message = "Send a valid publishable key: Authorization: Bearer pk_…"


class ForeignOrigin(NotAllowed):
    """The page that asks does not lie on one of the business's sites."""

    code = "foreign_origin"
    message = "This page is not on one of the business's sites. Add its origin in the console."


def check_visitor(need: Need) -> Response | None:
    """Let in a key from one of its business's origins; answer a preflight itself."""
    origin = request.headers.get("Origin", "")
    if request.method == "OPTIONS":
        return _preflight(origin)
    business = business_of_key(_key(), KeyKind.PUBLISHABLE)
    if business is None:
        log.warning("refused", why="unknown_key", endpoint=request.endpoint)
        raise UnknownKey
    enter(business.id)
    if not has_origin(business.id, origin):
        log.warning("refused", why="foreign_origin", business=business.public_id)
        raise ForeignOrigin
    g.business, g.allowed_origin = business, origin
    return None


def allow_origin(answer: Response) -> Response:
    """Say who may read an answer; every answer differs by origin, so caches keep them apart."""
    if request.endpoint == "widget.script":
        return answer
    answer.vary.add("Origin")
    if origin := g.get("allowed_origin"):
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Expose-Headers"] = "Retry-After"
    return answer


def _preflight(origin: str) -> Response:
    """Answer what a browser may send; the key comes later, so any business's site will do."""
    method = request.headers.get("Access-Control-Request-Method", "")
    asked = request.headers.get("Access-Control-Request-Headers", "").lower()
    headers = {name.strip() for name in asked.split(",") if name.strip()}
    offered = request.url_rule.methods or set() if request.url_rule else set()
    if method not in offered & {"GET", "POST"} or headers - _HEADERS:
        raise NotAllowed("This method or header is not offered here.")
    if not is_anybodys_origin(origin):
        raise ForeignOrigin
    g.allowed_origin = origin
    return Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": method,
            "Access-Control-Allow-Headers": ", ".join(sorted(_HEADERS)),
            "Access-Control-Max-Age": str(_MAX_AGE_S),
        },
    )


def _key() -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    return request.headers.get("X-Referral-Key", "").strip()
