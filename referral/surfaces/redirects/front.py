"""Answers `/r/<code>` in front of Flask: the busiest address needs no routing, session or form.

It does what Flask's view does, by the same function, with the same headers and the same line in
the log. Whatever needs a page, or goes wrong, it leaves to Flask. It needs little to be loaded, so
a process that starts sends friends on, and says that it lives, before its other addresses are
there: whatever comes for those waits until they are.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import structlog
from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request, Response

from referral.surfaces.redirects.arrival import body_of, headers_of, send_on
from referral.surfaces.web.alive import alive
from referral.surfaces.web.headers import harden
from referral.surfaces.web.logs import begin, finish

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_ALIVE, _PATH = "/healthz", "/r/"
log = structlog.get_logger("referral.redirects")


class Front:
    """The WSGI application that stands before Flask; `add_rest` adds all addresses to Flask."""

    def __init__(self, app: Flask, *, add_rest: Callable[[Flask], None]) -> None:
        self.app, self.flask = app, app.wsgi_app
        self._add_rest = add_rest
        self._adding, self._is_whole = threading.Lock(), False
        with app.app_context():
            self._always = _headers_always()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer what needs no page; pass everything else on."""
        path = environ.get("PATH_INFO", "")
        if environ["REQUEST_METHOD"] == "GET":
            if path == _ALIVE:
                return self._live(environ, start_response)
            code = path.removeprefix(_PATH)
            if code != path and "/" not in code:
                return self._send_on(environ, start_response, code)
        return self._pass_on(environ, start_response)

    def make_whole(self) -> None:
        """Add the rest of the addresses, once; whoever comes meanwhile waits for it."""
        with self._adding:
            if not self._is_whole:
                self._add_rest(self.app)
                self._is_whole = True

    def _pass_on(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not self._is_whole:
            self.make_whole()
        return self.flask(environ, start_response)

    def _live(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self.app.app_context():
            begin(environ.get("HTTP_X_REQUEST_ID", ""))
            answer = alive()
            harden(answer)
            answer.headers["X-Request-Id"] = finish(200, method="GET", endpoint="health.alive")
        return answer(environ, start_response)

    def _send_on(
        self, environ: WSGIEnvironment, start_response: StartResponse, code: str
    ) -> Iterable[bytes]:
        answer = self._answer(Request(environ), code)
        if answer is None:
            return self._pass_on(environ, start_response)
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
