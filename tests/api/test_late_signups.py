"""A signup that is told late is weighed as of when it was, whatever was heard in between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from referral.domain.notices import Notice
from referral.domain.programs import publish_offer
from referral.domain.reports.auditor import audit
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.api.conftest import Stage
from tests.cast import credit


def days_ago(days: float) -> str:
    """Write the moment so many days ago."""
    return (clock.now() - timedelta(days=days)).isoformat()


def told_late(shop: Stage, code: str, **more: Any) -> dict[str, Any]:
    """Tell of Bob's signup with somebody's code."""
    sent = {
        "program": shop.program,
        "person": {"email": "bob@mail.example", "name": "Bob"},
        "evidence": {"code": code},
        **more,
    }
    answer = shop.post("/signups", sent)
    assert answer.status_code == 201
    body: dict[str, Any] = answer.get_json()
    return body


def rewards(shop: Stage) -> list[dict[str, Any]]:
    return [one for one in shop.get("/rewards").get_json()["items"] if one["side"] == "advocate"]


def test_what_was_bought_after_a_signup_earns_though_it_was_told_first(shop: Stage) -> None:
    code = shop.link()["code"]
    shop.buy(occurred_at=days_ago(2))
    body = told_late(shop, code, occurred_at=days_ago(3))
    assert body["decision"]["reason"] == "credited"
    assert body["at"] == body["referral"]["at"] < days_ago(2.9)
    assert [one["amount"]["amount_minor"] for one in rewards(shop)] == [1000]
    with shop.inside():
        assert audit(clock.now()).violations == []


def test_without_its_time_the_friend_is_a_customer_from_before(shop: Stage) -> None:
    code = shop.link()["code"]
    shop.buy(occurred_at=days_ago(2))
    assert told_late(shop, code)["decision"]["reason"] == "existing_customer"
    assert rewards(shop) == []


def test_who_bought_before_they_signed_up_is_a_customer_from_before(shop: Stage) -> None:
    code = shop.link()["code"]
    shop.buy(occurred_at=days_ago(4))
    body = told_late(shop, code, occurred_at=days_ago(3))
    assert body["decision"]["reason"] == "existing_customer"


def test_an_earlier_signup_elsewhere_shows_a_customer_from_before(shop: Stage) -> None:
    code = shop.link()["code"]
    told_late(shop, code)
    shop.buy()
    assert [one["state"] for one in rewards(shop)] == ["pending"]
    told_late(shop, code, evidence={}, occurred_at=days_ago(2))
    assert [(one["state"], one["reason"]) for one in rewards(shop)] == [
        ("cancelled", "existing_customer")
    ]
    with shop.inside():
        assert audit(clock.now()).violations == []


def test_what_was_promised_then_is_what_is_given(shop: Stage) -> None:
    code = shop.link()["code"]
    with shop.inside() as inside, transaction():
        publish_offer(inside.program, credit(5000), at=clock.now())
    told_late(shop, code, occurred_at=days_ago(2))
    shop.buy(occurred_at=days_ago(1))
    assert [one["amount"]["amount_minor"] for one in rewards(shop)] == [1000]


def test_a_link_that_was_followed_later_vouches_for_nothing(shop: Stage) -> None:
    link = shop.link()
    with shop.inside() as inside:
        from referral.domain.links import find_by_code, read_code

        inside.now = clock.now()
        found = find_by_code(read_code(link["code"]))
        assert found is not None
        token = inside.click(found)
    body = told_late(shop, link["code"], evidence={"token": token}, occurred_at=days_ago(1))
    assert (body["referral"], body["decision"]["reason"]) == (None, "from_the_future")


def test_the_end_of_the_promise_is_counted_from_the_signup(shop: Stage) -> None:
    code = shop.link()["code"]
    body = told_late(shop, code, occurred_at=days_ago(500))
    assert body["decision"]["reason"] == "credited"
    shop.buy()
    assert rewards(shop) == []


@pytest.mark.parametrize(("days", "mails"), [(0.9, 1), (1.1, 0)])
def test_old_news_are_sent_to_nobody(shop: Stage, days: float, mails: int) -> None:
    told_late(shop, shop.link()["code"], occurred_at=days_ago(days))
    with shop.inside():
        sent = session.scalars(select(Notice).where(Notice.kind == "friend_joined")).all()
        assert len(sent) == mails


def test_a_clock_a_little_ahead_counts_as_now_and_the_future_is_refused(shop: Stage) -> None:
    code = shop.link()["code"]
    sent = {
        "program": shop.program,
        "person": {"email": "bob@mail.example"},
        "evidence": {"code": code},
    }
    refused = shop.post("/signups", {**sent, "occurred_at": days_ago(-2)})
    assert (refused.status_code, refused.get_json()["errors"][0]["field"]) == (422, "occurred_at")
    body = told_late(shop, code, occurred_at=days_ago(-0.5))
    assert body["decision"]["reason"] == "credited"
    assert body["at"] < days_ago(-0.01)
