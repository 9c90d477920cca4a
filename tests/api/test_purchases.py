"""Purchases and refunds told by the business: counted once, taken back in proportion."""

import pytest

from referral.domain.rewards import Reward
from referral.domain.rewards.moving import update_reward
from referral.foundation.db import session, transaction
from tests.api.conftest import Stage


def test_the_same_purchase_again_is_the_same_purchase(shop: Stage) -> None:
    first, again = shop.buy("bob", "order-1"), shop.buy("bob", "order-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == again.get_json()
    assert first.get_json()["base"] == {"amount_minor": 10000, "currency": "eur"}


def test_money_that_stripe_told_first_counts_once(shop: Stage) -> None:
    with shop.inside() as inside:
        told = inside.purchase("bob", 12000, tax_minor=2000, keys=("in_7", "pi_7")).public_id
    answer = shop.buy("bob", "pi_7")
    assert (answer.status_code, answer.get_json()["id"]) == (200, told)


@pytest.mark.parametrize(
    "other",
    [
        {"gross_minor": 12001},
        {"tax_minor": 0},
        {"currency": "usd"},
        {"person": {"email": "mallory@mail.example"}},
    ],
)
def test_the_same_id_said_differently_is_refused_and_changes_nothing(
    shop: Stage, other: dict[str, object]
) -> None:
    kept = shop.buy("bob", "order-1").get_json()
    answer = shop.buy("bob", "order-1", **other)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "purchase_differs")
    assert shop.get("/purchases").get_json()["items"] == [kept]
    assert len(shop.get("/people").get_json()["items"]) == 1


def test_another_time_and_a_renewal_told_later_take_nothing_away(shop: Stage) -> None:
    reward = shop.reward()
    kept = shop.get(f"/purchases/{reward['purchase']}").get_json()
    said = {"occurred_at": "2020-01-01T00:00:00Z", "is_renewal": True}
    again = shop.buy("bob", kept["external_id"], **said)
    assert (again.status_code, again.get_json()) == (200, kept | {"is_renewal": True})
    assert shop.get(f"/rewards/{reward['id']}").get_json()["state"] == "pending"


def test_who_paid_may_be_named_by_our_id(shop: Stage) -> None:
    person = shop.post("/people", {"external_id": "c-1"}).get_json()["id"]
    assert shop.buy(person={"id": person}).get_json()["person"] == person
    answer = shop.buy(person={"id": person, "email": "bob@mail.example"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "identity_conflict")


def test_nobody_of_this_id_pays(shop: Stage) -> None:
    answer = shop.buy(person={"id": "per_" + "0" * 26})
    assert (answer.status_code, answer.get_json()["code"]) == (404, "unknown_person")


@pytest.mark.parametrize("code", ["xxx", "xts", "xau", "xdr", "clf"])
def test_nobody_pays_in_what_is_no_money(shop: Stage, code: str) -> None:
    answer = shop.buy(currency=code)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "currency")


def test_tax_is_within_what_was_paid(shop: Stage) -> None:
    answer = shop.buy(gross_minor=100, tax_minor=101)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "tax_minor")


def test_what_is_owed_and_what_was_let_go_are_told_apart(shop: Stage) -> None:
    reward = shop.reward()
    with shop.inside(), transaction():
        row = session.query(Reward).filter_by(side="advocate").one()
        update_reward(
            row, clawback_minor=900, owed_minor=900, settled_minor=300, forgiven_minor=200
        )
    shown = shop.get(f"/rewards/{reward['id']}").get_json()
    told = ("taken_back", "owed", "forgiven")
    assert [shown[name]["amount_minor"] for name in told] == [900, 400, 200]


def test_a_refund_takes_its_share_of_a_waiting_reward(shop: Stage) -> None:
    reward = shop.reward()
    sent = {"purchase": reward["purchase"], "external_id": "re-1", "amount_minor": 6000}
    first, again = shop.post("/refunds", sent), shop.post("/refunds", sent)
    shown = shop.get(f"/rewards/{reward['id']}").get_json()
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == again.get_json()
    assert first.get_json()["refunded"] == {"amount_minor": 6000, "currency": "eur"}
    assert shown["taken_back"] == {"amount_minor": 500, "currency": "eur"}


def test_a_refund_may_name_the_purchase_by_the_business_own_id(shop: Stage) -> None:
    bought = shop.buy("bob", "order-1").get_json()
    sent = {"purchase": "order-1", "external_id": "re-1", "amount_minor": 12000}
    assert shop.post("/refunds", sent).get_json()["purchase"] == bought["id"]


def test_more_than_was_paid_never_goes_back(shop: Stage) -> None:
    shop.buy("bob", "order-1")
    sent = {"purchase": "order-1", "external_id": "re-1", "amount_minor": 7000}
    shop.post("/refunds", sent)
    answer = shop.post("/refunds", {**sent, "external_id": "re-2"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "over_refund")
    (kept,) = shop.get("/purchases").get_json()["items"]
    assert kept["refunded"] == {"amount_minor": 7000, "currency": "eur"}


def test_a_refund_said_differently_is_refused(shop: Stage) -> None:
    shop.buy("bob", "order-1")
    shop.buy("bob", "order-2")
    sent = {"purchase": "order-1", "external_id": "re-1", "amount_minor": 10}
    shop.post("/refunds", sent)
    for other in ({"amount_minor": 11}, {"purchase": "order-2"}):
        answer = shop.post("/refunds", {**sent, **other})
        assert (answer.status_code, answer.get_json()["code"]) == (409, "refund_differs")


def test_a_refund_of_an_unknown_purchase_is_refused(shop: Stage) -> None:
    for unknown in ("order-1", "pur_" + "0" * 26, "pur_1"):
        sent = {"purchase": unknown, "external_id": "re-1", "amount_minor": 10}
        answer = shop.post("/refunds", sent)
        assert (answer.status_code, answer.get_json()["code"]) == (404, "unknown_purchase")
