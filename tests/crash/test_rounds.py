"""Web and worker are killed at random moments, again and again: nothing is lost or done twice."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.crash.kinds import BUYERS, assert_each_kind_once, refer_everybody
from tests.crash.nursery import Nursery
from tests.crash.processes import Crew, until
from tests.crash.scenes import PAST_LEASE_S
from tests.servers import free_port
from tests.stories.trade import Trade, answers_at

BATCH = 5
"""Sales for each round; the one that was under way when the web died is told again in the next."""

SHORTEST_S, LONGEST_S = 0.05, 0.4
SLOWLY_S = 0.02
"""How long Stripe takes to answer, so that a kill finds calls under way."""


@pytest.fixture
def port() -> int:
    """Where the web answers."""
    return free_port()


@pytest.fixture
def nursery(crew: Crew, port: int) -> Iterator[Nursery]:
    """Starts web and worker; none is left behind."""
    started = crew.nursery(port)
    yield started
    started.close()


def test_f24_web_and_worker_killed_at_random_moments_lose_nothing(
    trade: Trade, nursery: Nursery, port: int, kill_rounds: int, kill_seed: int
) -> None:
    rounds, lots = max(1, kill_rounds // 2), random.Random(kill_seed)
    alice = refer_everybody(trade, at_most=rounds * BATCH + 1)
    till = Till(trade, f"http://127.0.0.1:{port}/api/v1/purchases")
    for path in ("/v1/customers/", "/v1/transfers"):
        trade.practice.fault("slow", "POST", path, seconds=SLOWLY_S, times=rounds * 50)
    with ThreadPoolExecutor(1) as pool:
        for number in range(rounds):
            both = [
                nursery.start("worker", ahead_s=number * PAST_LEASE_S),
                nursery.start("web"),
            ]
            until(lambda: answers_at(port), "the web answers")
            selling = pool.submit(till.sell, BATCH)
            kill_at_random(nursery, both, lots)
            selling.result()
    till.finish()
    trade.practice.clear_faults()
    trade.settle(from_s=rounds * PAST_LEASE_S)
    assert_each_kind_once(trade, alice, till.sold)


def kill_at_random(nursery: Nursery, both: list[int], lots: random.Random) -> None:
    """Kill each at a moment of its own."""
    moments = sorted((lots.uniform(SHORTEST_S, LONGEST_S), pid) for pid in both)
    began_at = time.monotonic()
    for moment, pid in moments:
        time.sleep(max(0.0, began_at + moment - time.monotonic()))
        nursery.kill(pid)


class Till:
    """Tells of sales one after another, each until it is answered, as a shop's server does.

    Every buyer's purchase earns Alice another kind of reward.
    """

    def __init__(self, trade: Trade, address: str) -> None:
        self.sold = 0
        self._trade = trade
        self._address = address
        self._key = trade.server_key

    def sell(self, count: int) -> None:
        """Tell of so many sales, or of as many as there is somebody to tell."""
        for _ in range(count):
            try:
                answer = requests.post(
                    self._address, json=self._sale(), headers=self._headers(), timeout=30
                )
            except requests.RequestException:
                return
            self._ring_up(answer.status_code)

    def finish(self) -> None:
        """Tell of the sale that was under way when the last web died."""
        answer = self._trade.client.post(
            "/api/v1/purchases", json=self._sale(), headers=self._headers()
        )
        self._ring_up(answer.status_code)

    def _sale(self) -> dict[str, object]:
        buyer = BUYERS[self.sold % len(BUYERS)]
        return {
            "person": {"email": f"{buyer}@mail.example"},
            "external_id": f"sale-{self.sold}",
            "gross_minor": 12000,
            "tax_minor": 2000,
            "currency": "eur",
        }

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._key}",
            "Idempotency-Key": f"sale-{self.sold}",
        }

    def _ring_up(self, status: int) -> None:
        assert status in (200, 201)
        self.sold += 1
