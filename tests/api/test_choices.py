"""Choosing for a person through the API: what is offered, what is refused, and whose it is."""

import pytest
from flask import Flask

from referral.domain.businesses import within
from referral.domain.rewards.charities import add_charity
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.api.conftest import Stage, set_up
from tests.domain.test_choices import choice


@pytest.fixture
def shop(app: Flask) -> Stage:
    """A shop whose advocates choose how they are thanked."""
    return set_up(app, "Choosers", advocate=choice(choose_within_days=14))


def charity_of(stage: Stage) -> str:
    with stage.app.app_context(), within(stage.shop.business.id):
        with transaction():
            made = add_charity(
                stage.shop.business.id, "Clean Rivers", "https://rivers.example", at=clock.now()
            )
            charity = made.public_id
        session.remove()
    return charity


def test_a_reward_says_what_may_be_chosen_and_takes_the_choice(shop: Stage) -> None:
    reward = shop.reward()
    assert (reward["kind"], reward["choices"]) == (
        "choice",
        ["account_credit", "gift", "charity"],
    )
    program = shop.get(f"/programs/{shop.program}").get_json()
    offer = next(one for one in program["offers"] if one["side"] == "advocate")
    assert (offer["choices"], offer["choose_within_days"]) == (reward["choices"], 14)

    answer = shop.post(f"/rewards/{reward['id']}/choice", {"kind": "account_credit"}, key="once")
    again = shop.post(f"/rewards/{reward['id']}/choice", {"kind": "account_credit"}, key="once")

    assert (answer.status_code, answer.get_json()["kind"]) == (200, "account_credit")
    assert again.get_json() == answer.get_json()


def test_a_charity_is_chosen_from_the_list(shop: Stage) -> None:
    reward, charity = shop.reward()["id"], charity_of(shop)
    (listed,) = shop.get("/charities").get_json()["items"]
    assert (listed["id"], listed["name"]) == (charity, "Clean Rivers")
    answer = shop.post(f"/rewards/{reward}/choice", {"kind": "charity", "charity": charity})
    assert answer.get_json()["kind"] == "charity"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"kind": "discount"}, "kind"),
        ({"kind": "nothing"}, "kind"),
        ({"kind": "charity"}, "charity"),
        ({"kind": "charity", "charity": "cha_00000000000000000000000000"}, "charity"),
    ],
)
def test_what_is_not_on_offer_is_refused(shop: Stage, sent: dict[str, str], field: str) -> None:
    reward = shop.reward()["id"]
    answer = shop.post(f"/rewards/{reward}/choice", sent)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.get_json()["errors"]] == [field]


def test_nothing_is_chosen_about_other_rewards(shop: Stage, other: Stage) -> None:
    late = other.reward()["id"]
    assert other.post(f"/rewards/{late}/choice", {"kind": "gift"}).status_code == 409
    reward = shop.reward()["id"]
    assert other.post(f"/rewards/{reward}/choice", {"kind": "gift"}).status_code == 404
    assert shop.get(f"/rewards/{reward}").get_json()["kind"] == "choice"
