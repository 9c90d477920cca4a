"""A request whose transaction the database gave up for another's is begun anew (F-33).

PostgreSQL ends one of two transactions that wait for each other, and says so. Nothing of it was
kept, so the whole request may be done again. Our order of locks makes it rare (docs/money.md).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError

from referral.foundation.db import session

MOST_TRIES = 5
_GIVEN_UP = ("40001", "40P01")
"""What PostgreSQL says of a serialization failure and of a deadlock."""

log = structlog.get_logger("referral.web")


def add_retrying(app: Flask) -> None:
    """Begin requests anew whose transaction was given up, five times at most."""
    app.dispatch_request = _retried(app.dispatch_request)  # type: ignore[method-assign]


def _retried(dispatch: Callable[[], Any]) -> Callable[[], Any]:
    def dispatch_again() -> Any:
        for tried in range(1, MOST_TRIES):
            try:
                return dispatch()
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _GIVEN_UP:
                    raise
                session.rollback()
                log.warning("begun_anew", tried=tried)
                time.sleep(random.random() * 0.05 * tried)  # noqa: S311
        return dispatch()

    return dispatch_again
