"""One structured line per outcome, with a request id and no personal data."""

from __future__ import annotations

import io
import logging
import re
import secrets
import sys
import time
from functools import lru_cache
from typing import TextIO, cast

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram
from structlog.typing import EventDict

_REQUESTS = Counter(
    "referral_requests_total", "Answers by endpoint and status", ["endpoint", "status"]
)
_LOST = Counter("referral_log_lines_lost_total", "Lines that could not be written")
_SECONDS = Histogram("referral_request_seconds", "Time to answer by endpoint", ["endpoint"])
_ROW = re.compile(r"^DETAIL: .*?(?=^\n|^\[SQL|\Z)", re.MULTILINE | re.DOTALL)
log = structlog.get_logger("referral.request")


class _Forgiving(io.TextIOBase):
    """Writes to a stream, and drops and counts what it does not take: a full disk (F-35)."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or count a line that is lost."""
        try:
            return self._stream.write(text)
        except OSError:
            _LOST.inc()
            return len(text)

    def flush(self) -> None:
        """Let it out, or count a line that is lost."""
        try:
            self._stream.flush()
        except OSError:
            _LOST.inc()


def configure_logs(*, as_json: bool, level: int = logging.INFO) -> None:
    """Write lines as JSON, or as aligned text for a person at a terminal."""
    shape = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"])
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _leave_rows_out,
            shape,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=cast(TextIO, _Forgiving(sys.stderr))),
        cache_logger_on_first_use=False,
    )


def _leave_rows_out(logger: object, method: str, line: EventDict) -> EventDict:
    """Drop the row that PostgreSQL tells with an error: it holds names and addresses."""
    if "exception" in line:
        line["exception"] = _ROW.sub("", line["exception"])
    return line


def choose_logs(app: Flask) -> None:
    """Write lines in the form the settings ask for."""
    chosen = app.extensions["settings"]
    level = logging.INFO if chosen.is_production or chosen.is_test else logging.WARNING
    configure_logs(as_json=chosen.is_production, level=level)


def add_logs(app: Flask) -> None:
    """Give each request an id and write one line when it is answered."""
    app.before_request(_begin)
    app.after_request(_end)


def begin(offered: str) -> None:
    """Start a request's clock and name it, by the id it came with when that is a sensible one."""
    g.request_id = offered if re.fullmatch(r"[A-Za-z0-9-]{8,64}", offered) else secrets.token_hex(8)
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def finish(status: int, *, method: str, endpoint: str) -> str:
    """Count an answer and write its line; returns its request's id, to be told in a header."""
    took = time.perf_counter() - g.get("began", time.perf_counter())
    answers, seconds = _meters_of(endpoint, status)
    answers.inc()
    seconds.observe(took)
    if endpoint != "static":
        log.info(
            "answered", method=method, endpoint=endpoint, status=status, ms=round(took * 1000, 1)
        )
    return str(g.get("request_id", ""))


@lru_cache(maxsize=2048)
def _meters_of(endpoint: str, status: int) -> tuple[Counter, Histogram]:
    """Return where answers are counted; finding it by its labels anew takes as long as counting."""
    return _REQUESTS.labels(endpoint, str(status)), _SECONDS.labels(endpoint)


def _begin() -> None:
    begin(request.headers.get("X-Request-Id", ""))


def _end(answer: Response) -> Response:
    answer.headers["X-Request-Id"] = finish(
        answer.status_code, method=request.method, endpoint=request.endpoint or "none"
    )
    return answer
