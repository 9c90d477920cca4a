"""A disk that is full: writes are refused whole, reads and links go on, and it mends by itself."""

from __future__ import annotations

import io
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import structlog
from prometheus_client import REGISTRY
from sqlalchemy import text

from referral.foundation.db import db
from referral.surfaces.web.logs import configure_logs
from tests.crash.processes import Crew, Process, until
from tests.crash.test_serving import children_of
from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate
from tests.servers import free_port
from tests.stories.trade import PHONE, Trade, answers_at, assert_clean, token_in

NO_LIMIT = resource.RLIM_INFINITY


@pytest.fixture
def database_url() -> Iterator[str]:
    """A file of ours; the disk of a PostgreSQL is its own affair, and it refuses likewise."""
    url = cloned_database("sqlite", migrate=migrate)
    yield url
    drop_database(url)


def let_grow(web: Process, most_bytes: int) -> None:
    """Let no process of the web write to a file beyond so many bytes, its log included."""
    for pid in (web.pid, *children_of(web.pid)):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most_bytes, NO_LIMIT))


def test_f34_a_full_disk_refuses_writes_and_nothing_else(trade: Trade, crew: Crew) -> None:
    link = trade.link_of(trade.advocate("alice"))
    headers = {"Authorization": f"Bearer {trade.server_key}"}
    port = free_port()
    web = crew.web(port)
    until(lambda: answers_at(port), "the web answers", alive=web)
    base = f"http://127.0.0.1:{port}"

    def sign_up(name: str) -> int:
        body = {"program": trade.shop.program.public_id, "person": {"external_id": name}}
        url = f"{base}/api/v1/signups"
        return requests.post(url, json=body, headers=headers, timeout=30).status_code

    def follow() -> requests.Response:
        asked = {"User-Agent": PHONE}
        return requests.get(
            f"{base}/r/{link.code}", headers=asked, allow_redirects=False, timeout=30
        )

    assert (sign_up("bob"), follow().status_code) == (201, 302)
    family = children_of(web.pid)
    let_grow(web, 0)
    assert [sign_up("carol") for _ in range(3)] == [503] * 3
    landing = follow()
    assert landing.status_code == 302
    assert token_in(landing.headers["Location"])
    people = requests.get(f"{base}/api/v1/people", headers=headers, timeout=30)
    assert people.status_code == 200
    assert {one["external_id"] for one in people.json()["items"]} == {None, "bob"}
    let_grow(web, NO_LIMIT)
    assert (sign_up("carol"), follow().status_code) == (201, 302)
    assert children_of(web.pid) == family
    assert_clean()


def test_f35_a_log_that_cannot_be_written_fails_no_request(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = REGISTRY.get_sample_value("referral_log_lines_lost_total") or 0
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stderr", full)
        configure_logs(as_json=True)
        try:
            assert trade.client.get("/healthz").status_code == 200
            structlog.get_logger("referral").warning("said")
        finally:
            drop_unwritten(full)
            monkeypatch.undo()
            configure_logs(as_json=False)
    assert (REGISTRY.get_sample_value("referral_log_lines_lost_total") or 0) >= lost + 2


def drop_unwritten(stream: io.TextIOBase) -> None:
    """Give the stream somewhere to put what it still holds, so that it can be closed."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def test_f36_each_connection_syncs_what_it_commits(trade: Trade) -> None:
    settings = {}
    for _ in range(3):
        with db.engine.connect() as connection:
            for name in ("synchronous", "journal_mode", "foreign_keys", "busy_timeout"):
                settings.setdefault(name, set()).add(
                    connection.execute(text(f"PRAGMA {name}")).scalar_one()
                )
    assert settings == {
        "synchronous": {2},
        "journal_mode": {"wal"},
        "foreign_keys": {1},
        "busy_timeout": {10_000},
    }
