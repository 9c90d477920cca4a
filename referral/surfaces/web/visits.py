"""The tokens of links a visitor followed, kept in a cookie of ours until they sign up.

The cookie holds nothing but signed tokens: the first one and the newest few, so that a programme
may credit the first or the last who vouched.
"""

from __future__ import annotations

import re

from werkzeug.http import dump_cookie
from werkzeug.wrappers import Request

from referral.surfaces.web.settings import settings

_MOST = 6
_DAYS = 180
_TOKENS = re.compile(r"[A-Za-z0-9_-]{66}(?:\.[A-Za-z0-9_-]{66}){0,5}")


def read_visit_tokens(request: Request) -> tuple[str, ...]:
    """Return the tokens a visitor carries, the first followed first; anything else is ignored."""
    for value in request.cookies.getlist(_name()):
        if _TOKENS.fullmatch(value):
            return tuple(value.split("."))
    return ()


def cookie_with(request: Request, token: str) -> str:
    """Return the visitor's cookie with one more token, as its header; scripts cannot read it."""
    kept = [one for one in read_visit_tokens(request) if one != token]
    tokens = [*kept[:1], *kept[1:][-(_MOST - 2) :], token]
    return dump_cookie(
        _name(),
        ".".join(tokens),
        max_age=_DAYS * 86400,
        secure=settings().is_https,
        httponly=True,
        samesite="Lax",
        path="/",
    )


def _name() -> str:
    return "__Host-visit" if settings().is_https else "visit"
