"""Answers `/r/<code>` in front of Flask: the busiest address needs no routing, session or form.

It does what Flask's view does, by the same function, with the same headers and the same line in
the log. Whatever needs a page, or goes wrong, it leaves to Flask.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog
from flask import Flask
from werkzeug.wrappers import Request, Response

from referral.surfaces.redirects.arrival import send_on
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

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a visit that needs no page; pass everything else on."""
        path = environ.get("PATH_INFO", "")
        code = path.removeprefix(_PATH)
        if code == path or "/" in code or environ["REQUEST_METHOD"] != "GET":
            return self.flask(environ, start_response)
        answer = self._answer(Request(environ), code)
        return (answer or self.flask)(environ, start_response)

    def _answer(self, request: Request, code: str) -> Response | None:
        with self.app.app_context():
            begin(request.headers.get("X-Request-Id", ""))
            try:
                answer = send_on(request, code)
            except Exception:
                log.exception("left_to_flask")
                return None
            if answer is not None:
                harden(answer)
                finish(answer, method=request.method, endpoint="redirects.follow")
            return answer
