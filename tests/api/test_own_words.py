"""A thank-you written to one person, approved over the API."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.api.conftest import Stage, set_up
from tests.domain.test_recognition import THANKS, thanks

OWN = {"words": "Alice, Bob fits in so well.", "words_by": "Olive Park"}


@pytest.fixture
def shop(app: Flask) -> Stage:
    """A shop that thanks in words, each written by somebody."""
    return set_up(app, "Thanks", advocate=thanks(own_words=True))


def fields(answer: TestResponse) -> list[str]:
    return [one["field"] for one in answer.get_json()["errors"]]


def test_words_and_name_go_with_the_approval(shop: Stage) -> None:
    reward = shop.reward()
    assert (reward["words"], reward["words_by"]) == (THANKS, None)
    assert reward["approvals"]["needed"] == 1
    offer = shop.get(f"/programs/{shop.program}").get_json()["offers"][0]
    assert offer["own_words"] is True

    answer = shop.post(f"/rewards/{reward['id']}/approval", {"reason": "Lovely.", **OWN})

    assert answer.status_code == 200
    assert {name: answer.get_json()[name] for name in OWN} == OWN


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"words": OWN["words"]}, "words_by"),
        ({**OWN, "words": "x" * 501}, "words"),
        ({**OWN, "words": ""}, "words"),
        ({**OWN, "words_by": "x" * 201}, "words_by"),
    ],
)
def test_words_that_do_not_fit_approve_nothing(
    shop: Stage, sent: dict[str, str], field: str
) -> None:
    reward = shop.reward()["id"]
    answer = shop.post(f"/rewards/{reward}/approval", {"reason": "Lovely.", **sent})
    assert (answer.status_code, fields(answer)) == (422, [field])
    assert shop.get(f"/rewards/{reward}").get_json()["state"] == "pending"


def test_what_is_no_thank_you_has_no_words(app: Flask) -> None:
    shop = set_up(app)
    reward = shop.reward()
    assert (reward["words"], reward["words_by"]) == (None, None)
    answer = shop.post(f"/rewards/{reward['id']}/approval", {"reason": "Yes.", **OWN})
    assert (answer.status_code, fields(answer)) == (422, ["words"])
