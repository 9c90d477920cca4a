"""An event is kept once, whole, in one statement, or not answered with success."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event as events
from sqlalchemy import select

from referral.domain.businesses import within
from referral.foundation.db import db, session
from referral.gateways.stripe import StripeEvent
from tests.hooks.conftest import statements
from tests.live import served
from tests.stories.books import books_of
from tests.stories.trade import SECRET, Trade, assert_clean, open_trade
from tools.practice_stripe.courier import sign

NO_EVENTS = [
    b"",
    b"not json",
    b"[]",
    b"null",
    b"17",
    b"{}",
    b'{"id": "evt_1"}',
    b'{"id": 7, "type": "x"}',
    b'{"id": "", "type": "x"}',
    b'{"id": "evt_\\u0000", "type": "x"}',
    b'{"id": "evt_\\ud800", "type": "x"}',
    b'{"id": "evt_1", "type": "x\\u0000"}',
    json.dumps({"id": "e" * 101, "type": "x"}).encode(),
    '{"id": "evt_1", "type": "x"}'.encode("utf-16"),
    b'{"id": "evt_1", "type": "x", "a": "\xff"}',
    b"[" * 100_000,
    b'{"id": "evt_1", "type": "x", "data": ' + b"[" * 100_000,
]


def body_of(**changes: Any) -> bytes:
    said = {
        "id": "evt_1",
        "type": "customer.created",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": {"id": "cus_bob", "email": "bob@mail.example"}},
    }
    return json.dumps({**said, **changes}).encode()


def kept(trade: Trade) -> list[StripeEvent]:
    with within(trade.shop.business.id):
        found = list(session.scalars(select(StripeEvent)))
    session.remove()
    return found


def test_a_receipt_is_one_statement(trade: Trade) -> None:
    trade.post(body_of(id="evt_warm"))
    with statements() as asked:
        assert trade.post(body_of()) == 200
    assert [one.split()[0] for one in asked] == ["INSERT"]


def test_an_event_is_kept_as_it_came(trade: Trade) -> None:
    body = body_of(note="Élodie ☕ \U0001f600")
    assert trade.post(body) == 200
    (event,) = kept(trade)
    assert (event.event_id, event.type, event.payload) == (
        "evt_1",
        "customer.created",
        body.decode(),
    )


def test_an_unknown_type_is_kept_and_has_no_effect(trade: Trade) -> None:
    """F-22."""
    assert trade.post(body_of(type="giraffe.painted")) == 200
    trade.work()
    (event,) = kept(trade)
    assert event.read_at is not None
    assert (event.outcome, event.due_at) == ("ignored", None)
    assert books_of(trade)["people"] == []


def test_s130_what_is_no_event_is_refused_though_signed(trade: Trade) -> None:
    for body in NO_EVENTS:
        assert trade.post(body) == 400, body[:60]
    assert kept(trade) == []


def test_s130_a_body_of_five_megabytes_is_refused_unread(trade: Trade) -> None:
    assert trade.post(body_of(padding="x" * 5_000_000)) == 413
    assert kept(trade) == []


def test_f14_sixteen_copies_at_once_are_one_row(trade: Trade) -> None:
    bought = trade.practice.buy(1000, currency="eur", email="bob@mail.example", deliver=False)
    with served(trade.app) as address:
        trade.practice.register_webhook(address + trade.hook_path, SECRET)
        for one in bought["events"][:3]:
            assert trade.practice.deliver(one["id"], times=16, parallel=True) == [200] * 16
    assert len(kept(trade)) == 3


@pytest.mark.parametrize("is_live", [True, None])
def test_s125_an_event_of_the_other_mode_is_kept_without_effect(
    trade: Trade, is_live: bool | None
) -> None:
    assert trade.post(body_of(livemode=is_live)) == 200
    trade.work()
    is_ours = not is_live
    assert (len(books_of(trade)["people"]), len(kept(trade))) == (int(is_ours), 1)
    assert_clean()


def test_one_event_id_in_two_businesses_is_two_events(trade: Trade) -> None:
    other = open_trade(trade.app, trade.practice)
    assert (trade.post(body_of()), other.post(body_of())) == (200, 200)
    assert (len(kept(trade)), len(kept(other))) == (1, 1)


def test_f19_no_success_while_the_database_is_away(trade: Trade) -> None:
    trade.post(body_of(id="evt_warm"))
    with database_away():
        began = time.monotonic()
        assert trade.post(body_of()) == 503
        assert time.monotonic() - began < 5
    assert trade.post(body_of()) == 200
    assert {one.event_id for one in kept(trade)} == {"evt_warm", "evt_1"}


@contextmanager
def database_away() -> Iterator[None]:
    """Have every new connection refused and the open ones cut."""

    def refuse(*_: Any) -> None:
        raise db.engine.dialect.loaded_dbapi.OperationalError("the server is away")

    session.remove()
    db.engine.dispose()
    events.listen(db.engine, "do_connect", refuse)
    try:
        yield
    finally:
        events.remove(db.engine, "do_connect", refuse)


def test_the_signature_is_checked_before_the_body_is_read(trade: Trade) -> None:
    answer = trade.client.post(
        trade.hook_path,
        data=b"[" * 100_000,
        headers={"Stripe-Signature": sign(b"other", SECRET, at=int(time.time()))},
    )
    assert answer.get_json()["code"] == "bad_signature"
