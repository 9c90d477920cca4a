"""A history told through the API, out of order and twice, against another calculation."""

import random
from collections import defaultdict

from referral.domain.businesses import within
from referral.domain.programs import Side, Trigger, publish_offer
from referral.foundation import clock
from referral.foundation.db import transaction
from tests.amounts.test_history import RATES, Bought, friend_total, history
from tests.api.conftest import Stage
from tests.cast import credit


def test_what_everybody_keeps_equals_another_calculation(shop: Stage) -> None:
    dice = random.Random("told through the API")
    share = credit(None, side=Side.FRIEND, rate_bp=250, trigger=Trigger.PURCHASE)
    with shop.inside() as inside, within(inside.business.id), transaction():
        publish_offer(inside.program, share, at=inside.now)
    friends = ["bob", "ben", "bea"]
    code = shop.link()["code"]
    for name in friends:
        shop.sign_up(name, code=code)
    bought = history(dice, friends, each=4)
    at = clock.now()
    for one in bought:
        one.at = at
    tell_rates(shop, at.date().isoformat())
    dice.shuffle(bought)
    for one in bought:
        told = buy(shop, one)
        for number, amount in enumerate(one.refunds):
            if sum(one.refunds[: number + 1]) <= one.gross:
                refund(shop, told["id"], f"{one.key}_{number}", amount)
    for one in bought:
        assert buy(shop, one)["external_id"] == one.key
    assert kept(shop) == {name: total for name in friends if (total := friend_total(
        "eur", [one for one in bought if one.friend == name]))}  # fmt: skip


def tell_rates(shop: Stage, day: str) -> None:
    for base, rate in RATES["eur"].items():
        sent = {"base": base, "quote": "eur", "rate": rate, "date": day, "source": "bank"}
        assert shop.post("/exchange-rates", sent).status_code == 201


def buy(shop: Stage, one: Bought) -> dict[str, object]:
    answer = shop.buy(
        one.friend,
        one.key,
        gross_minor=one.gross,
        tax_minor=one.tax,
        currency=one.currency,
        occurred_at=one.at.isoformat(),
    )
    assert answer.status_code in (200, 201), answer.get_json()
    return answer.get_json()


def refund(shop: Stage, purchase: object, key: str, amount: int) -> None:
    sent = {"purchase": purchase, "external_id": key, "amount_minor": amount}
    for _ in range(2):
        assert shop.post("/refunds", sent).status_code in (200, 201)


def kept(shop: Stage) -> dict[str, int]:
    """Sum up what each friend keeps, page by page."""
    totals: dict[str, int] = defaultdict(int)
    names = {one["id"]: one["email"] for one in shop.get("/people").get_json()["items"]}
    after = {}
    while True:
        page = shop.get("/rewards", limit=50, **after).get_json()
        for one in page["items"]:
            if one["side"] == "friend" and one["state"] not in ("cancelled",):
                name = names[one["person"]].partition("@")[0]
                totals[name] += one["amount"]["amount_minor"] - one["taken_back"]["amount_minor"]
        if page["next"] is None:
            return {name: total for name, total in totals.items() if total}
        after = {"after": page["next"]}
