"""Exchange rates told over the API: exact, once, and what waited for them is earned."""

import pytest

from tests.api.conftest import Stage

RATE = {"base": "usd", "quote": "eur", "rate": "0.9231", "date": "2026-10-30", "source": "ECB"}


def test_a_rate_is_kept_as_it_was_told_and_only_once(shop: Stage) -> None:
    first, again = shop.post("/exchange-rates", RATE), shop.post("/exchange-rates", RATE)
    assert (first.status_code, again.status_code) == (201, 200)
    kept = first.get_json()
    assert again.get_json() == kept
    assert {name: kept[name] for name in RATE} == RATE
    assert kept["id"].startswith("fxr_")
    assert shop.get("/exchange-rates", base="usd").get_json() == {"items": [kept], "next": None}
    assert shop.get("/exchange-rates", base="jpy").get_json()["items"] == []


def test_the_same_number_written_longer_is_the_same_rate(shop: Stage) -> None:
    shop.post("/exchange-rates", RATE)
    assert shop.post("/exchange-rates", {**RATE, "rate": "0.923100"}).status_code == 200


def test_another_rate_of_the_day_is_refused_and_changes_nothing(shop: Stage) -> None:
    shop.post("/exchange-rates", RATE)
    answer = shop.post("/exchange-rates", {**RATE, "rate": "0.93"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "rate_differs")
    assert [one["rate"] for one in shop.get("/exchange-rates").get_json()["items"]] == ["0.9231"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"rate": 0.9231}, "rate"),
        ({"rate": "0"}, "rate"),
        ({"rate": "9e9"}, "rate"),
        ({"rate": "-1"}, "rate"),
        ({"base": "euro"}, "base"),
        ({"quote": "xxq"}, "quote"),
        ({"quote": "usd"}, "quote"),
        ({"date": "30.10.2026"}, "date"),
        ({"date": "2999-01-01"}, "date"),
        ({"date": 20261030}, "date"),
        ({"source": ""}, "source"),
    ],
)
def test_what_is_no_rate_is_refused_at_its_field(
    shop: Stage, wrong: dict[str, object], field: str
) -> None:
    answer = shop.post("/exchange-rates", {**RATE, **wrong})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.get_json()["errors"]] == [field]
    assert shop.get("/exchange-rates").get_json()["items"] == []


def test_a_renewal_may_be_told_with_the_purchase_or_later(shop: Stage) -> None:
    assert shop.buy("bob", "order-1").get_json()["is_renewal"] is False
    assert shop.buy("bob", "order-1", is_renewal=True).get_json()["is_renewal"] is True
    assert shop.buy("bob", "order-1").get_json()["is_renewal"] is True
