"""Secrets that are rotated, wrong or lost: nothing is refused for it that need not be."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from referral.domain.businesses import StripeConnection, connect_stripe, connection_of, within
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.surfaces.hooks import stripe as hook
from referral.surfaces.web.backlog import backlog
from tests.stories.trade import KEY, SECRET, Trade, later
from tools.practice_stripe.courier import sign

DAY = timedelta(days=1)
DAY_S = 86_400


def rotate(trade: Trade, *, both_for: timedelta, account_id: str | None = None) -> None:
    """Connect with the same key and a new signing secret, and let the web read it anew."""
    with within(trade.shop.business.id), transaction():
        connect_stripe(
            trade.shop.business.id,
            secret_key=KEY,
            webhook_secret="whsec_new",
            at=clock.now(),
            account_id=account_id,
            both_for=both_for,
        )
    hook._secrets.clear()


def send(trade: Trade, number: int, secret: str) -> int:
    body = json.dumps({"id": f"evt_{number}", "type": "x", "livemode": False}).encode()
    return trade.post(body, header=sign(body, secret, at=int(clock.now().timestamp())))


def connection(trade: Trade) -> StripeConnection:
    session.rollback()
    with within(trade.shop.business.id):
        found = session.scalars(select(StripeConnection)).one()
        session.refresh(found)
    return found


def test_f55_for_a_day_both_signing_secrets_are_taken_and_nothing_is_refused(trade: Trade) -> None:
    answers = []
    for number in range(20):
        if number == 5:
            rotate(trade, both_for=DAY)
        answers.append(send(trade, number, SECRET if number % 2 else "whsec_new"))
    assert answers[:5] == [400, 200, 400, 200, 400]
    assert answers[5:] == [200] * 15
    with later(DAY_S + 60):
        assert send(trade, 20, SECRET) == 400
        assert send(trade, 21, "whsec_new") == 200


def test_f55_a_secret_that_leaked_is_refused_at_once(trade: Trade) -> None:
    rotate(trade, both_for=timedelta(0))
    assert (send(trade, 1, SECRET), send(trade, 2, "whsec_new")) == (400, 200)


def test_f55_the_secret_of_another_account_is_not_kept(trade: Trade) -> None:
    rotate(trade, both_for=DAY, account_id="acct_other")
    assert send(trade, 1, SECRET) == 400
    with within(trade.shop.business.id):
        found = connection_of(trade.shop.business.id)
        assert found is not None
        assert found.secret_before is None


@pytest.mark.parametrize(("times", "is_told"), [(4, False), (5, True)])
def test_f56_five_refused_events_tell_staff_and_nothing_is_lost(
    trade: Trade, times: int, is_told: bool
) -> None:
    hook._refused.clear()
    assert [send(trade, number, "whsec_lost") for number in range(times)] == [400] * times
    assert (connection(trade).refused_at is not None) == is_told
    assert f"referral_stripe_refused {float(is_told)}" in backlog(at=clock.now()).decode()
    assert send(trade, 99, SECRET) == 200


def test_f56_refusals_far_apart_are_no_alarm(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    hook._refused.clear()
    beginning = time.monotonic()
    for number in range(10):
        monkeypatch.setattr(time, "monotonic", lambda: beginning + number * 100)  # noqa: B023
        assert send(trade, number, "whsec_lost") == 400
    assert connection(trade).refused_at is None


def test_f56_staff_are_told_once_in_five_minutes(trade: Trade) -> None:
    hook._refused.clear()
    for number in range(5):
        send(trade, number, "whsec_lost")
    first = connection(trade).refused_at
    for number in range(5):
        send(trade, number, "whsec_lost")
    assert connection(trade).refused_at == first
