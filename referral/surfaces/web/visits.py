"""The tokens of links a visitor followed, kept in a cookie of ours until they sign up.

The cookie holds nothing but signed tokens: the first one and the newest few, so that a program
may credit the first or the last who vouched.
"""

from __future__ import annotations

import re
from functools import cache

from werkzeug.http import dump_cookie
from werkzeug.wrappers import Request

from referral.surfaces.web.settings import settings

_MOST = 6
_DAYS = 180
_MARK = "TOKENS"
_TOKENS = re.compile(r"[A-Za-z0-9_-]{66}(?:\.[A-Za-z0-9_-]{66}){0,5}")


def read_visit_tokens(request: Request) -> tuple[str, ...]:
    """Return the tokens a visitor carries, the first followed first; anything else is ignored."""
    if _name() not in request.environ.get("HTTP_COOKIE", ""):
        return ()
    for value in request.cookies.getlist(_name()):
        if _TOKENS.fullmatch(value):
            return tuple(value.split("."))
    return ()


def cookie_with(request: Request, token: str) -> str:
    """Return the visitor's cookie with one more token, as its header; scripts cannot read it."""
    kept = [one for one in read_visit_tokens(request) if one != token]
    tokens = [*kept[:1], *kept[1:][-(_MOST - 2) :], token]
    before, after = _around_tokens(_name(), is_secure=settings().is_https)
    return f"{before}{'.'.join(tokens)}{after}"


@cache
def _around_tokens(name: str, *, is_secure: bool) -> tuple[str, str]:
    """Split the cookie's header where the tokens go: their letters need no quoting.

    It is kept for long, so it says how long the cookie lives and not until when.
    """
    header = dump_cookie(
        name,
        _MARK,
        max_age=_DAYS * 86400,
        sync_expires=False,
        secure=is_secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    before, _, after = header.partition(_MARK)
    return before, after


def _name() -> str:
    return "__Host-visit" if settings().is_https else "visit"
