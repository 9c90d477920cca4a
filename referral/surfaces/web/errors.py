"""The only place that knows status codes: refusals become problem+json or a designed page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import structlog
from flask import Flask, Response, current_app, g, jsonify, redirect, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError
from werkzeug.exceptions import HTTPException

from referral.foundation import errors
from referral.foundation.db import session
from referral.surfaces.web.policy import enforce

STATUS: dict[type[errors.Refusal], int] = {
    errors.NotFound: 404,
    errors.Gone: 410,
    errors.Invalid: 422,
    errors.Malformed: 400,
    errors.Conflict: 409,
    errors.NotSignedIn: 401,
    errors.NotAllowed: 403,
    errors.TooMany: 429,
    errors.NotYet: 409,
    errors.Unavailable: 503,
}
_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many",
    500: "internal",
}
_WORDS = {
    400: "This call could not be read.",
    404: "There is nothing at this address. The document at /api/v1/openapi.json names every one.",
    405: "This address does not take this method. The header Allow names those it takes.",
    413: "This is more than we take at once.",
    415: "Send JSON, with the header Content-Type: application/json.",
    500: "Something went wrong on our side. It has been noted.",
}
"""What a program is told where the library would use words of its own."""
_AWAY = (OperationalError, InternalError)
"""The latter is how PostgreSQL says that it only reads, as it may while one takes over."""
_FOR_PROGRAMS = ("/api/", "/widget/v1/", "/hooks/")
Frame = Callable[[], dict[str, str]]
_frames: dict[str, Frame] = {}
log = structlog.get_logger("referral.web")


def add_errors(app: Flask) -> None:
    """Answer every refusal and failure; a database that is away is a 503, never a success."""
    app.register_error_handler(errors.Refusal, _refused)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _storage_away)
    app.register_error_handler(DBAPIError, _storage_away)
    app.register_error_handler(500, _failed)


def frame_bad_news(beginning: str, frame: Frame) -> None:
    """Say what stands around bad news below a beginning of the address: `brand`, `home_url`."""
    _frames[beginning] = frame


def status_of(refusal: errors.Refusal) -> int:
    """Return the status code of a refusal's family."""
    return next(STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS)


def problem(
    status: int, code: str, title: str, *, fields: dict[str, str] | None = None
) -> Response:
    """Return an RFC 9457 problem with our stable code and, per field, what to do."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": code,
        "request_id": g.get("request_id", ""),
    }
    if fields:
        body["errors"] = [{"field": name, "message": said} for name, said in fields.items()]
    answer = jsonify(body)
    answer.status_code = status
    answer.content_type = "application/problem+json"
    return answer


def _is_page() -> bool:
    """Tell whether a person reads the answer; the pages have better words than the library."""
    return not request.path.startswith(_FOR_PROGRAMS)


def _answer(
    status: int, code: str, message: str, *, fields: dict[str, str] | None = None
) -> Response:
    if not _is_page():
        return problem(status, code, message, fields=fields)
    page = render_template(
        [f"errors/{status}.html", "errors/error.html"],
        code=status,
        title=_CODES.get(status, "error"),
        message=message,
        fields=fields or {},
        **(_frame() if status < 500 else {}),
    )
    return Response(page, status=status)


def _frame() -> dict[str, str]:
    return _frames[_place()]() if _place() in _frames else {}


def _place() -> str:
    return "/" + request.path.split("/")[1]


def _refused(refusal: errors.Refusal) -> Response:
    status = status_of(refusal)
    answer = _answer(status, refusal.code, refusal.message, fields=refusal.fields)
    if isinstance(refusal, errors.TooMany):
        answer.headers["Retry-After"] = str(refusal.retry_after_s)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _forged(error: CSRFError) -> Any:
    """Answer a form without its token: whoever is signed out by now hears that from the door."""
    try:
        led_elsewhere = enforce()
    except errors.Refusal as refusal:
        return _refused(refusal)
    if led_elsewhere is not None:
        return led_elsewhere
    message = "This form has grown old or was not ours. Go back, reload the page and try again."
    return _answer(400, "forged_form", message)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status == 405 and (above := _page_above()) is not None:
        return redirect(above, 303)  # type: ignore[return-value]
    answer = _answer(status, _CODES.get(status, "error"), _message(error, status))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "location"):
            answer.headers[name] = value
    return answer


def _page_above() -> str | None:
    """Return the page nearest above a form's own address, for whoever reloads a refused form.

    Such an address only takes the form itself, and stays where the browser shows it.
    """
    adapter = current_app.create_url_adapter(request)
    if adapter is None or _place() not in _frames or request.method not in ("GET", "HEAD"):
        return None
    above = request.path
    while above := above.rpartition("/")[0]:
        if adapter.test(above, "GET"):
            return quote(above)
    return None


def _message(error: HTTPException, status: int) -> str:
    """Return what we said when we raised it, else our own words for its status."""
    if _is_page():
        return ""
    if error.description and error.description != type(error).description:
        return error.description
    return _WORDS.get(status, f"{error.name}.")


def _storage_away(error: DBAPIError) -> Response:
    log.error("storage_failed", kind=type(error.orig).__name__)
    session.rollback()
    if isinstance(error, _AWAY) or error.connection_invalidated:
        message = "Our storage does not answer right now. Nothing was changed; please try again."
        answer = _answer(503, "unavailable", message)
        answer.headers["Retry-After"] = "5"
        return answer
    return _answer(500, "internal", "Something went wrong on our side. It has been noted.")


def _failed(error: Exception) -> Response:
    return _answer(500, "internal", "Something went wrong on our side. It has been noted.")
