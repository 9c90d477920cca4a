"""What goes wrong is logged so that it can be found, and without whom it was about."""

from __future__ import annotations

import io
import uuid

import pytest
import structlog
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from referral.foundation.db import session, transaction
from referral.surfaces.web.logs import configure_logs


@pytest.mark.parametrize("as_json", [True, False])
def test_an_error_of_the_database_is_logged_without_the_row(
    app: Flask, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    about = {"id": uuid.uuid4().hex, "email": "bob@mail.example"}
    with pytest.raises(DBAPIError) as refused, transaction():
        session.execute(text("INSERT INTO person (id, email) VALUES (:id, :email)"), about)
    log = io.StringIO()
    monkeypatch.setattr("sys.stderr", log)
    configure_logs(as_json=as_json)
    structlog.get_logger("referral.test").error("work_failed", exc_info=refused.value)
    monkeypatch.undo()
    configure_logs(as_json=False)
    said = log.getvalue()
    assert "IntegrityError" in said
    assert "INSERT INTO person" in said
    assert "bob@mail.example" not in said
    assert "Failing row" not in said
