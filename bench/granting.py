"""How fast money goes its whole way: told to the API, rewarded, and credited at practice Stripe.

Each figure stands beside the bare limit of the same run: how many credits a second practice Stripe
takes from a single caller that does nothing else, and how many its limit of 25 calls a second lets
through.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from bench.databases import Database
from bench.servers import HOST, gunicorn, running
from bench.shop import STRIPE_KEY, Shop
from tools.practice_stripe import PracticeStripe, start

CALLS_PER_S = 25.0
CREDITS_PER_S = CALLS_PER_S / 2
"""A credit is two calls: which currency the customer has, and the credit itself."""
SELLERS = 8
PATIENCE_S = 300.0
LOOK_S = 0.2


@dataclass(frozen=True)
class Granted:
    """What was measured: how many were sold and credited, and three figures a second."""

    sold: int
    credited: int
    purchases_per_s: float
    bare_credits_per_s: float
    limited_per_s: float

    @property
    def is_kept(self) -> bool:
        """Tell whether each purchase became exactly one credit."""
        return self.sold == self.credited


def measure_grants(database: Database, settings: Mapping[str, str], count: int) -> Granted:
    """Sell so many times with the worker at work, and as often again for a limited Stripe."""
    with start() as practising:
        practice = practising.practice
        own = {**settings, "STRIPE_API_BASE": practice.url}
        shop = _seed(own)
        bare = _bare_credits(practice, shop, count)
        with gunicorn("product", own) as web:
            address = f"http://{HOST}:{web.port}/api/v1/purchases"
            with _working(own):
                _sell(address, shop, 1)
                _until_credited(database, 1)
                began_at = time.perf_counter()
                _sell(address, shop, count)
                _until_credited(database, count + 1)
                purchases = count / (time.perf_counter() - began_at)
            _sell(address, shop, count)
        practice.limit(CALLS_PER_S)
        with _working(own):
            before = _until_credited(database, count + 2)
            began_at = time.perf_counter()
            credited = _until_credited(database, count * 2 + 1)
            limited = (credited - before) / (time.perf_counter() - began_at)
        return Granted(count * 2 + 1, _credited(database), purchases, bare, limited)


def _seed(settings: Mapping[str, str]) -> Shop:
    done = subprocess.run(
        [sys.executable, "-m", "bench.shop"],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"seeding failed:\n{done.stderr}")
    return Shop(**json.loads(done.stdout.splitlines()[-1]))


def _bare_credits(practice: PracticeStripe, shop: Shop, count: int) -> float:
    address = f"{practice.url}/v1/customers/{shop.customer}/balance_transactions"
    began_at = time.perf_counter()
    with requests.Session() as line:
        for _ in range(count):
            credit = {"amount": -1000, "currency": "eur"}
            line.post(address, data=credit, auth=(STRIPE_KEY, ""), timeout=10).raise_for_status()
    return count / (time.perf_counter() - began_at)


@contextmanager
def _working(settings: Mapping[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "work"]
    with running(command, dict(settings)):
        yield


def _sell(address: str, shop: Shop, count: int) -> None:
    """Tell of so many purchases, each once, from several sellers at a time."""
    headers = {"Authorization": f"Bearer {shop.secret_key}"}

    def sell(number: int) -> None:
        sale: dict[str, Any] = {
            "person": {"email": shop.friends[number % len(shop.friends)]},
            "external_id": uuid.uuid4().hex,
            "gross_minor": 12000,
            "tax_minor": 2000,
            "currency": "eur",
        }
        requests.post(address, json=sale, headers=headers, timeout=30).raise_for_status()

    with ThreadPoolExecutor(SELLERS) as sellers:
        list(sellers.map(sell, range(count)))


def _until_credited(database: Database, count: int) -> int:
    """Wait for at least so many credits and return how many there are; looking costs little."""
    give_up_at = time.monotonic() + PATIENCE_S
    while (credited := _credited(database)) < count:
        if time.monotonic() > give_up_at:
            raise RuntimeError(f"{credited} of {count} were credited within {PATIENCE_S:.0f} s")
        time.sleep(LOOK_S)
    return credited


def _credited(database: Database) -> int:
    return database.count("ledger_transaction", where="kind = 'grant'")
