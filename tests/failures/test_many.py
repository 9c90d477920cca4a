"""Bad rows among many, and one business's flood: the others go on as if they were alone."""

from __future__ import annotations

import json
import os
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text

from referral.domain.businesses import across_businesses, within
from referral.domain.notices import Notice, notify
from referral.domain.purchases import Purchase
from referral.foundation import clock
from referral.foundation.db import db, session, transaction
from referral.foundation.due import MOST_ATTEMPTS, due_ids
from referral.gateways.stripe import StripeEvent, keep
from tests.cast import NOON, Shop, open_shop
from tests.stories.trade import A_WHILE_S, Trade, later

MANY = int(os.environ.get("FAILURES_MANY", "100"))
"""How many good rows there are beside the bad one; a night may take 1,000."""


@pytest.fixture
def only_postgres(app: Flask) -> None:
    """On SQLite nobody waits in a circle: whoever writes has the whole file from the beginning."""
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")


def flood(shop: Shop, count: int, *, at_s: int) -> None:
    with within(shop.business.id), transaction():
        for number in range(count):
            notify(
                shop.business.id,
                "friend_joined",
                to="alice@mail.example",
                once_key=f"{shop.business.id}:{number}",
                at=NOON + timedelta(seconds=at_s),
                said={},
            )


def test_f23_one_bad_event_among_many_stops_no_other(trade: Trade) -> None:
    with within(trade.shop.business.id), transaction():
        for number in range(MANY + 1):
            body = {"id": f"evt_{number}", "type": "x", "data": {}}
            if number == MANY // 2:
                body = {**body, "type": "invoice.paid", "data": {"object": {"id": "in_1"}}}
            keep(
                trade.shop.business.id,
                event_id=f"evt_{number}",
                type=str(body["type"]),
                is_live=False,
                payload=json.dumps(body),
                at=clock.now(),
            )
    for number in range(MOST_ATTEMPTS + 1):
        with later(number * A_WHILE_S):
            trade.work()
    session.remove()
    query = select(StripeEvent).execution_options(**across_businesses())
    events = session.scalars(query).all()
    assert sum(one.read_at is not None for one in events) == MANY
    [bad] = [one for one in events if one.read_at is None]
    assert (bad.event_id, bad.attempts) == (f"evt_{MANY // 2}", MOST_ATTEMPTS)
    assert bad.dead_at is not None


def test_f53_a_flood_of_one_business_does_not_keep_another_waiting(app: Flask) -> None:
    crowd, corner = open_shop("Crowd"), open_shop("Corner")
    flood(crowd, 200, at_s=0)
    flood(corner, 5, at_s=60)
    at = NOON + timedelta(minutes=5)
    with transaction():
        first = due_ids(Notice, at=at, limit=20)
        whose = session.execute(
            select(Notice.id, Notice.business_id).execution_options(**across_businesses())
        )
    owners = {key: business_id for key, business_id in whose}
    assert [owners[key] for key in first[:10]].count(corner.business.id) == 5
    assert len(set(first)) == 20


def test_f53_without_a_flood_the_longest_waiting_is_first(app: Flask) -> None:
    one, other = open_shop("One"), open_shop("Other")
    flood(one, 3, at_s=10)
    flood(other, 3, at_s=0)
    keys = due_ids(Notice, at=NOON + timedelta(minutes=1), limit=20)
    whose = [
        session.get_one(Notice, key, execution_options=across_businesses()).business_id
        for key in keys
    ]
    assert whose == [other.business.id] * 3 + [one.business.id] * 3


@pytest.mark.usefixtures("only_postgres")
def test_f33_a_request_the_database_gave_up_is_begun_anew(trade: Trade) -> None:
    give_up("purchase", times=4)
    trade.shop.customer("bob", external_id="bob")
    trade.api("/purchases", **purchase(trade))
    with within(trade.shop.business.id):
        assert [one.gross_minor for one in session.query(Purchase)] == [5000]


@pytest.mark.usefixtures("only_postgres")
def test_f33_after_five_tries_the_caller_is_told_to_come_again(trade: Trade) -> None:
    give_up("purchase", times=5)
    trade.shop.customer("bob", external_id="bob")
    headers = {"Authorization": f"Bearer {trade.server_key}"}
    answer = trade.client.post("/api/v1/purchases", json=purchase(trade), headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    session.rollback()
    with within(trade.shop.business.id):
        assert session.query(Purchase).count() == 0


def purchase(trade: Trade) -> dict[str, object]:
    return {
        "person": {"external_id": "bob"},
        "external_id": "order-1",
        "gross_minor": 5000,
        "tax_minor": 0,
        "currency": "eur",
        "occurred_at": trade.shop.now.isoformat(),
    }


def give_up(table: str, *, times: int) -> None:
    """Have PostgreSQL give up so many inserts, as after a deadlock; a sequence rolls back never."""
    with db.engine.begin() as connection:
        connection.execute(text("CREATE SEQUENCE given_up"))
        connection.execute(
            text(
                "CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" IF nextval('given_up') <= {times:d} THEN"
                " RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END IF;"
                " RETURN NEW; END $$"
            )
        )
        connection.execute(
            text(
                f"CREATE TRIGGER give_up BEFORE INSERT ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION give_up()"
            )
        )
