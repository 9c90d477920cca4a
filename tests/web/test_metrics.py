"""What Prometheus reads: the work that is due, whoever is asked, and for whom it is meant."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from config import Settings
from referral.domain.businesses import across_businesses
from referral.foundation.db import db, session, transaction
from referral.gateways.stripe import StripeEvent, keep
from referral.surfaces.web.backlog import backlog
from tests.cast import NOON, open_shop


def numbers(text: str) -> dict[str, float]:
    """Return the samples of an exposition by name and labels."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def come(*event_ids: str) -> None:
    """Let events of Stripe arrive at noon, and be read by nobody."""
    shop = open_shop()
    with transaction():
        for event_id in event_ids:
            terms = {"type": "invoice.paid", "is_live": False, "payload": "{}"}
            keep(shop.business.id, event_id=event_id, at=NOON, **terms)  # type: ignore[arg-type]


def due(state: str) -> str:
    return f'referral_work_due{{kind="stripe_event",state="{state}"}}'


def test_work_is_waiting_then_overdue_and_at_last_dead(app: Flask) -> None:
    come("evt_1", "evt_2")
    found = numbers(backlog(at=NOON).decode())
    assert (found[due("waiting")], found[due("overdue")], found[due("dead")]) == (2, 0, 0)
    assert found["referral_database_up"] == 1

    with transaction():
        session.execute(
            update(StripeEvent)
            .where(StripeEvent.event_id == "evt_1")
            .values(dead_at=NOON)
            .execution_options(**across_businesses())
        )
    found = numbers(backlog(at=NOON + timedelta(minutes=2)).decode())
    assert (found[due("waiting")], found[due("overdue")], found[due("dead")]) == (0, 1, 1)
    assert found['referral_work_oldest_seconds{kind="stripe_event"}'] == 120
    assert found['referral_work_oldest_seconds{kind="grant"}'] == 0


def test_what_is_scheduled_for_later_is_not_a_backlog(app: Flask) -> None:
    come("evt_1")
    found = numbers(backlog(at=NOON - timedelta(seconds=1)).decode())
    assert [found[due(state)] for state in ("waiting", "overdue", "dead")] == [0, 0, 0]


def test_without_its_database_it_still_answers(app: Flask, client: FlaskClient) -> None:
    db.drop_all()
    found = numbers(client.get("/metrics").text)
    assert found["referral_database_up"] == 0
    assert due("waiting") not in found


def test_only_the_bearer_of_the_token_reads_it(app: Flask, client: FlaskClient) -> None:
    chosen: Settings = app.extensions["settings"]
    app.extensions["settings"] = chosen.but(metrics_token="a token")
    assert client.get("/metrics").status_code == 404
    wrong = {"Authorization": "Bearer another"}
    assert client.get("/metrics", headers=wrong).status_code == 404
    right = {"Authorization": "Bearer a token"}
    assert due("dead") in numbers(client.get("/metrics", headers=right).text)
