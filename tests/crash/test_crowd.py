"""Everything at once: each event sixteen times, shuffled, while two workers work."""

from __future__ import annotations

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from signal import SIGTERM

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

from referral.domain.businesses import across_businesses
from referral.foundation.db import session
from referral.gateways.stripe import StripeEvent
from tests.crash.processes import Crew, until
from tests.live import served
from tests.stories.books import assert_one_object_each, books_of
from tests.stories.tales import record
from tests.stories.trade import SECRET, Thing, Trade, assert_clean
from tools.practice_stripe import PracticeStripe
from tools.practice_stripe.courier import sign

COPIES = 16
TALES = ["two_partial_refunds", "a_dispute_is_lost", "a_free_month_first"]


@pytest.mark.parametrize("name", TALES)
def test_f14_a_crowd_of_events_ends_as_one_of_each_would(
    app: Flask, practice: PracticeStripe, trade: Trade, crew: Crew, name: str
) -> None:
    alice = trade.advocate("alice")
    tale = record(name, practice)
    trade.shop.now = tale.at
    events = tale.with_token(trade.token_of(alice))
    workers = [crew.worker(threads=2), crew.worker(threads=2)]
    with served(app) as address:
        copies = random.sample(events * COPIES, len(events) * COPIES)
        with ThreadPoolExecutor(COPIES) as pool:
            answers = pool.map(lambda event: deliver(address + trade.hook_path, event), copies)
            assert set(answers) == {200}
        until(lambda: unread() == 0, "every event is read", alive=workers[0])
        for worker in workers:
            worker.send(SIGTERM)
            assert worker.wait() == 0, worker.said
    trade.settle()
    assert sum(one["amount"] for one in trade.credits_of(alice)) == tale.credit_minor
    paid = [(gross, refunded) for _, gross, _, _, refunded in books_of(trade)["purchases"]]
    assert tuple(paid) == tale.paid
    assert_one_object_each(trade)
    assert_clean()


def deliver(address: str, event: Thing) -> int:
    body = json.dumps(event).encode()
    header = sign(body, SECRET, at=int(time.time()))
    return requests.post(
        address, body, headers={"Stripe-Signature": header}, timeout=60
    ).status_code


def unread() -> int:
    query = select(func.count()).select_from(StripeEvent).where(StripeEvent.read_at.is_(None))
    found = session.scalar(query.execution_options(**across_businesses()))
    session.remove()
    return int(found or 0)
