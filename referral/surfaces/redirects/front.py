"""Answers `/r/<code>` in front of Flask: the busiest address needs no routing, session or form.

It does what Flask's view does, by the same function, with the same headers and the same line in
the log. Whatever needs a page, or goes wrong, it leaves to Flask.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog
from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request, Response

from referral.surfaces.redirects.arrival import body_of, headers_of, send_on
from referral.surfaces.web.headers import harden
from referral.surfaces.web.logs import begin, finish

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_PATH = "/r/"
log = structlog.get_logger("referral.redirects")


class Front:
    """The WSGI application that stands before Flask."""

    def __init__(self, app: Flask) -> None:
        self.app, self.flask = app, app.wsgi_app
        with app.app_context():
            self._always = _headers_always()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a visit that needs no page; pass everything else on."""
        path = environ.get("PATH_INFO", "")
        code = path.removeprefix(_PATH)
        if code == path or "/" in code or environ["REQUEST_METHOD"] != "GET":
            return self.flask(environ, start_response)
        answer = self._answer(Request(environ), code)
        if answer is None:
            return self.flask(environ, start_response)
        headers, body = answer
        start_response("302 FOUND", headers)
        return [body]

    def _answer(self, request: Request, code: str) -> tuple[list[tuple[str, str]], bytes] | None:
        with self.app.app_context():
            begin(request.headers.get("X-Request-Id", ""))
            try:
                onward = send_on(request, code)
            except Exception:
                log.exception("left_to_flask")
                return None
            if onward is None:
                return None
            headers = [*headers_of(request, onward), *self._always]
            request_id = finish(302, method="GET", endpoint="redirects.follow")
            return [*headers, ("X-Request-Id", request_id)], body_of(onward)


def _headers_always() -> list[tuple[str, str]]:
    """Return the security headers that every visit's answer carries beside its own."""
    blank = Response()
    blank.headers = Headers({"Cache-Control": "", "Referrer-Policy": ""})
    harden(blank)
    return [pair for pair in blank.headers if pair[1]]
