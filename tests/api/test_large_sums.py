"""Sums beyond what one amount can be, as a business's server is told of them."""

import pytest
from flask import Flask

from referral.domain.reports.auditor import audit
from referral.foundation import clock
from referral.foundation.money import LIMIT_MINOR
from tests.api.conftest import Stage, set_up
from tests.cast import store_credit


def sold(app: Flask, *, times: int) -> Stage:
    """Let bob, sent by alice, pay the largest amount some times, each worth as much to her."""
    shop = set_up(app, advocate=store_credit(LIMIT_MINOR), hold_days=0)
    shop.sign_up(code=shop.link()["code"])
    for number in range(times):
        answer = shop.buy(external_id=f"order-{number}", gross_minor=LIMIT_MINOR)
        assert answer.status_code == 201
    return shop


def assert_clean(shop: Stage) -> None:
    with shop.inside():
        assert [str(found) for found in audit(clock.now()).violations] == []


def test_purchases_are_kept_and_earn_past_what_one_amount_can_be(app: Flask) -> None:
    shop = sold(app, times=3)
    budget = shop.get(f"/programs/{shop.program}").get_json()["budget"]
    assert budget == {
        "limit": None,
        "committed": {"amount_minor": 3 * LIMIT_MINOR, "currency": "eur"},
        "left": None,
    }
    assert_clean(shop)


def test_a_purchase_whose_reward_cannot_be_added_up_is_kept(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("referral.domain.programs.budget.SUM_LIMIT_MINOR", 2 * LIMIT_MINOR)
    shop = sold(app, times=3)
    assert len(shop.get("/purchases").get_json()["items"]) == 3
    (refused,) = shop.get("/rewards", state="cancelled").get_json()["items"]
    said = shop.get(f"/rewards/{refused['id']}").get_json()
    assert said["reason"] == "budget_reached"
    assert_clean(shop)


def test_one_amount_stays_within_its_limit(shop: Stage) -> None:
    shop.sign_up(code=shop.link()["code"])
    assert shop.buy(gross_minor=LIMIT_MINOR + 1).status_code == 422
