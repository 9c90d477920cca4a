"""What a server leaves behind when it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import make_url

from referral.foundation.db import session
from referral.serving.supervisor import database_left_whole
from tests.cast import open_shop


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_reading_of_our_own_keeps_no_record_out_of_the_file(
    app: Flask, database_url: str
) -> None:
    log = Path(f"{make_url(database_url).database}-wal")
    with database_left_whole():
        open_shop()
        session.execute(text("SELECT count(*) FROM business"))
        assert log.stat().st_size
    assert not log.exists() or log.stat().st_size == 0
