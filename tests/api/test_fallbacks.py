"""What credit becomes for somebody who is no customer, as the API tells it."""

import pytest
from flask import Flask

from referral.domain.programs import Kind
from referral.foundation import clock
from tests.api.conftest import Stage, set_up
from tests.cast import credit
from tests.provider import Provider, ripen_due, send_due


@pytest.fixture
def shop(app: Flask) -> Stage:
    """A shop whose credit becomes store credit after a week."""
    offer = credit(fallback_kind=Kind.STORE_CREDIT, fallback_days=7)
    return set_up(app, "Later", advocate=offer, hold_days=0)


def work(stage: Stage, days: int = 0) -> None:
    with stage.inside() as shop:
        shop.now = clock.now()
        shop.later(days=days)
        ripen_due(at=shop.now)
        send_due(Provider(), at=shop.now)


def test_a_reward_says_what_it_becomes_and_then_that_it_did(shop: Stage) -> None:
    offer = shop.get(f"/programs/{shop.program}").get_json()["offers"][0]
    assert (offer["fallback_kind"], offer["fallback_days"]) == ("store_credit", 7)
    path = f"/rewards/{shop.reward()['id']}"
    assert shop.get(path).get_json()["fallback"] is None

    work(shop)
    waiting = shop.get(path).get_json()
    work(shop, days=8)
    given = shop.get(path).get_json()

    assert (waiting["kind"], waiting["fell_back_at"]) == ("account_credit", None)
    assert waiting["fallback"]["kind"] == "store_credit"
    gate = waiting["explanation"]["gates"][-1]
    assert (gate["code"], gate["evidence"][-1]["label"]) == ("no_customer", "fallback")
    assert gate["evidence"][-1]["at"] == waiting["fallback"]["at"]
    assert (given["kind"], given["state"], given["fallback"]) == ("store_credit", "granted", None)
    assert given["fell_back_at"] > waiting["fallback"]["at"]
