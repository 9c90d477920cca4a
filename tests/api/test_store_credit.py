"""Store credit over the API: spent once, all or nothing, and given back."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain.people import Person
from referral.foundation.db import session
from tests.api.conftest import Stage
from tests.credit import give_credit

EUR = {"currency": "eur"}


@pytest.fixture
def alice(shop: Stage) -> str:
    """Alice, with 10.00 to spend."""
    with shop.inside() as here:
        return give_credit(here, credit_life_days=365).public_id


def order(person: Any, amount_minor: object = 350, **said: object) -> dict[str, object]:
    return {"person": person, "external_id": "order-1", "amount_minor": amount_minor, **EUR, **said}


def left(shop: Stage, person: str) -> list[dict[str, Any]]:
    balances: list[dict[str, Any]] = shop.get(f"/people/{person}/credit").get_json()["balances"]
    return [one["balance"] for one in balances]


def test_an_order_is_paid_and_shown(shop: Stage, alice: str) -> None:
    made = shop.post("/credit/redemptions", order({"id": alice}, note="Two cakes"))
    told = made.get_json()
    assert (made.status_code, told["amount"]) == (201, {"amount_minor": 350, **EUR})
    assert (told["person"], told["note"], told["reversal"]) == (alice, "Two cakes", None)
    assert shop.get(f"/credit/redemptions/{told['id']}").get_json() == told
    for asked in ({"person": alice}, {"external_id": "order-1"}):
        assert shop.get("/credit/redemptions", **asked).get_json()["items"] == [told]
    assert shop.get("/credit/redemptions", external_id="order-2").get_json()["items"] == []
    (balance,) = shop.get(f"/people/{alice}/credit").get_json()["balances"]
    (lot,) = balance["lots"]
    assert balance["balance"] == lot["left"] == {"amount_minor": 650, **EUR}
    assert lot["granted"] == {"amount_minor": 1000, **EUR}
    assert lot["expires_at"] > lot["granted_at"]


def test_the_same_order_is_paid_once(shop: Stage, alice: str) -> None:
    by_email = {"email": "alice@mail.example"}
    first = shop.post("/credit/redemptions", order({"id": alice}), key="k1")
    keyed = shop.post("/credit/redemptions", order({"id": alice}), key="k1")
    again = shop.post("/credit/redemptions", order(by_email))
    assert (first.status_code, keyed.status_code, again.status_code) == (201, 201, 200)
    assert keyed.headers["Idempotent-Replayed"] == "true"
    assert first.get_json() == keyed.get_json() == again.get_json()
    differs = shop.post("/credit/redemptions", order({"id": alice}, 351))
    assert (differs.status_code, differs.get_json()["code"]) == (409, "redemption_differs")
    assert left(shop, alice) == [{"amount_minor": 650, **EUR}]


def test_too_little_is_refused_with_what_is_left(shop: Stage, alice: str) -> None:
    refused = shop.post("/credit/redemptions", order({"id": alice}, 1001)).get_json()
    assert (refused["status"], refused["code"]) == (409, "not_enough_credit")
    assert refused["left"] == {"amount_minor": 1000, **EUR}
    other = shop.post("/credit/redemptions", order({"id": alice}, currency="jpy")).get_json()
    assert other["left"] == {"amount_minor": 0, "currency": "jpy"}
    assert left(shop, alice) == [{"amount_minor": 1000, **EUR}]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"amount_minor": 0}, "amount_minor"),
        ({"amount_minor": -1}, "amount_minor"),
        ({"amount_minor": 10**12 + 1}, "amount_minor"),
        ({"amount_minor": "350"}, "amount_minor"),
        ({"currency": "zzz"}, "currency"),
        ({"currency": "EUR"}, "currency"),
        ({"external_id": ""}, "external_id"),
        ({"person": {}}, "person"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    shop: Stage, alice: str, said: dict[str, object], field: str
) -> None:
    refused = shop.post("/credit/redemptions", {**order({"id": alice}), **said})
    assert refused.status_code == 422
    assert field in {one["field"] for one in refused.get_json()["errors"]}


def test_a_cancelled_order_comes_back_once(shop: Stage, alice: str) -> None:
    made = shop.post("/credit/redemptions", order({"id": alice})).get_json()
    path = f"/credit/redemptions/{made['id']}/reversal"
    first, again = (shop.post(path, {"reason": "Cancelled."}) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.get_json() == again.get_json()
    done = first.get_json()["reversal"]
    assert (done["returned"], done["reason"]) == ({"amount_minor": 350, **EUR}, "Cancelled.")
    assert left(shop, alice) == [{"amount_minor": 1000, **EUR}]


def test_nobody_spends_the_credit_of_another_business(
    shop: Stage, other: Stage, alice: str
) -> None:
    for person in ({"id": alice}, {"email": "alice@mail.example"}, {"external_id": "nobody"}):
        refused = other.post("/credit/redemptions", order(person))
        assert (refused.status_code, refused.get_json()["code"]) == (404, "unknown_person")
    assert other.get(f"/people/{alice}/credit").status_code == 404
    assert left(shop, alice) == [{"amount_minor": 1000, **EUR}]


def test_asking_for_nobody_makes_nobody(app: Flask, shop: Stage) -> None:
    shop.post("/credit/redemptions", order({"email": "nobody@mail.example"}))
    with shop.inside():
        known = session.scalars(select(Person).where(Person.email == "nobody@mail.example"))
        assert known.all() == []
