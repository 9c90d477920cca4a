"""What a program may decide about a reward, and when it comes too late."""

import re

import pytest
from flask import Flask
from sqlalchemy import update

from referral.domain.businesses import ApiKey, Operator, across_businesses
from referral.foundation.db import session, transaction
from referral.foundation.text import plain
from referral.surfaces.api.contract import VISIBLE
from tests.api.conftest import Stage, set_up
from tests.cast import NOON


def decide(shop: Stage, reward: str, what: str) -> tuple[int, str]:
    answer = shop.post(f"/rewards/{reward}/{what}", {"reason": "Checked by phone."})
    body = answer.get_json()
    return answer.status_code, body.get("code") or body["state"]


def test_a_reward_can_be_approved_before_its_hold_has_passed(shop: Stage) -> None:
    reward = shop.reward()["id"]
    assert decide(shop, reward, "approval") == (200, "approved")
    assert decide(shop, reward, "approval") == (409, "reward_moved")


def test_a_held_reward_is_not_approved_until_it_is_released(shop: Stage) -> None:
    reward = shop.reward()["id"]
    assert decide(shop, reward, "hold") == (200, "pending")
    assert decide(shop, reward, "approval") == (409, "reward_held")
    assert shop.get(f"/rewards/{reward}").get_json()["is_held"] is True
    assert decide(shop, reward, "release") == (200, "pending")
    assert decide(shop, reward, "release") == (409, "not_held")
    assert decide(shop, reward, "approval") == (200, "approved")


def test_a_key_gives_one_of_two_approvals_and_not_the_other(app: Flask) -> None:
    shop = set_up(app, second_person_from_minor=1000)
    reward = shop.reward()
    assert reward["approvals"] == {"needed": 2, "given": 0}
    assert decide(shop, reward["id"], "approval") == (200, "pending")
    assert shop.get(f"/rewards/{reward['id']}").get_json()["approvals"]["given"] == 1
    assert decide(shop, reward["id"], "approval") == (409, "second_person_needed")
    program = shop.get(f"/programs/{shop.program}").get_json()
    assert program["second_person_from"] == {"amount_minor": 1000, "currency": "eur"}
    assert program["automatic_below"] is None


def test_a_key_made_in_the_console_lets_no_reward_of_its_maker_go(app: Flask) -> None:
    shop = set_up(app, approval="staff")
    reward = shop.reward()["id"]
    with app.app_context(), transaction():
        maker = Operator(email="alice@mail.example", name="Alice", created_at=NOON)
        session.add(maker)
        session.flush()
        session.execute(
            update(ApiKey).values(made_by=maker.id).execution_options(**across_businesses())
        )
    assert decide(shop, reward, "approval") == (403, "own_reward")
    assert decide(shop, reward, "hold") == (200, "pending")
    assert decide(shop, reward, "release") == (403, "own_reward")


def test_a_denied_reward_stays_denied_and_says_why(shop: Stage) -> None:
    reward = shop.reward()["id"]
    assert decide(shop, reward, "denial") == (200, "denied")
    for what in ("approval", "denial", "hold"):
        assert decide(shop, reward, what) == (409, "reward_moved")
    assert shop.get(f"/rewards/{reward}").get_json()["reason"] == "Checked by phone."


def test_a_reason_keeps_nothing_unseen(shop: Stage) -> None:
    reward = shop.reward()["id"]
    shop.post(f"/rewards/{reward}/denial", {"reason": "Checked\u202e by \u2066phone."})
    assert shop.get(f"/rewards/{reward}").get_json()["reason"] == "Checked by phone."


def test_whatever_the_document_lets_through_says_something() -> None:
    letters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    let_through = [letter for letter in letters if re.fullmatch(VISIBLE, letter)]
    assert "a" in let_through
    assert [letter for letter in let_through if not plain(letter)] == []


@pytest.mark.parametrize("reason", ["", " ", None, "x" * 401, "\u202e", "\u2066"])
def test_a_decision_needs_a_reason(shop: Stage, reason: str | None) -> None:
    reward = shop.reward()["id"]
    answer = shop.post(f"/rewards/{reward}/denial", {"reason": reason})
    assert answer.status_code == 422
    assert shop.get(f"/rewards/{reward}").get_json()["state"] == "pending"


def test_rewards_are_listed_by_person_program_and_state(shop: Stage) -> None:
    reward = shop.reward()
    for asked in (
        {"person": reward["person"]},
        {"program": shop.program, "state": "pending", "person": reward["person"]},
    ):
        assert shop.get("/rewards", **asked).get_json()["items"] == [reward]
    assert shop.get("/rewards", state="denied").get_json()["items"] == []
    assert shop.get("/rewards", state="lost").status_code == 422
