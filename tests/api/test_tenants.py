"""Nothing crosses from one business to another (S-1 to S-5, S-8)."""

from typing import Any

import pytest
from sqlalchemy import select

from referral.domain.rewards import Operation, Reward
from referral.domain.rewards.attempts import plan_grant
from referral.foundation.db import session, transaction
from referral.surfaces.api.routes import ROUTES
from tests.api.conftest import Stage
from tests.cast import Shop
from tests.credit import give_credit, spend

UNKNOWN = "0" * 26
LISTS = [route.path for route in ROUTES if route.is_list]
SENT: dict[str, dict[str, Any]] = {
    "choice": {"kind": "gift"},
    "confirmation": {"status": "refused", "reason": "Mine now."},
}
WITH_ID = [route for route in ROUTES if "{" in route.path]


def things_of(stage: Stage) -> dict[str, str]:
    """Let everything happen in a business, and return what it may be asked for by."""
    reward = stage.reward()
    link = stage.link("alice")
    with stage.inside() as shop:
        spent = spend(shop, give_credit(shop), 350).public_id
        gift = ask_for_gift(shop)
    return {
        "person": reward["person"],
        "program": stage.program,
        "referral": reward["referral"],
        "purchase": reward["purchase"],
        "reward": reward["id"],
        "redemption": spent,
        "gift": gift,
        "code": link["code"],
    }


def ask_for_gift(shop: Shop) -> str:
    """Plan a gift of the business's own server for a reward, and return its id."""
    with transaction():
        reward = session.scalars(select(Reward)).first()
        assert reward is not None
        act = plan_grant(reward, Operation.GIFT_REQUEST, amount_minor=1000, at=shop.now)
    return act.public_id


def without_request(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "request_id"}


def test_another_business_things_are_answered_like_unknown_ones(shop: Stage, other: Stage) -> None:
    foreign = things_of(shop)
    for route in WITH_ID:
        name = route.path.split("{")[1].split("}")[0]
        unknown = "7KMPQ-2XVRJ" if name == "code" else f"{foreign[name][:4]}{UNKNOWN}"
        answers = []
        for value in (foreign[name], unknown):
            path = route.path.replace(f"{{{name}}}", value)
            sent = SENT.get(path.rsplit("/", 1)[-1], {"reason": "Mine now."})
            answers.append(other.get(path) if route.method == "GET" else other.post(path, sent))
        first, second = answers
        assert (route.path, first.status_code) == (route.path, 404)
        assert without_request(first.get_json()) == without_request(second.get_json())
    assert shop.get(f"/rewards/{foreign['reward']}").get_json()["state"] == "pending"


def test_another_business_rows_never_appear_in_a_list(shop: Stage, other: Stage) -> None:
    foreign = things_of(shop)
    for path in LISTS:
        shown = other.get(path).get_data(as_text=True)
        assert [value for value in foreign.values() if value in shown] == []
    for asked in ({"person": foreign["person"]}, {"program": foreign["program"]}):
        assert other.get("/rewards", **asked).get_json()["items"] == []
    assert other.get("/people", email="alice@mail.example").get_json()["items"] == []
    assert other.get("/purchases", external_id="order-1").get_json()["items"] == []


def test_a_foreign_id_within_a_body_makes_nothing(shop: Stage, other: Stage) -> None:
    foreign = things_of(shop)
    before = everything(other), everything(shop)
    person = {"email": "mallory@mail.example"}
    money = {"gross_minor": 1, "currency": "eur"}
    refused = [
        other.post("/people", {**person, "enroll": [foreign["program"]]}),
        other.post("/signups", {"program": foreign["program"], "person": person}),
        other.post(
            "/purchases", {"person": {"id": foreign["person"]}, "external_id": "o", **money}
        ),
        other.post(
            "/refunds",
            {"purchase": foreign["purchase"], "external_id": "r", "amount_minor": 1},
        ),
        other.post("/refunds", {"purchase": "order-1", "external_id": "r", "amount_minor": 1}),
    ]
    assert [answer.status_code for answer in refused] == [404] * 5
    assert (everything(other), everything(shop)) == before


def test_another_business_code_credits_nobody(shop: Stage, other: Stage) -> None:
    code = shop.link("alice")["code"]
    body = other.sign_up("bob", code=code).get_json()
    (seen,) = body["decision"]["considered"]
    assert (body["referral"], seen["verdict"], seen["advocate"]) == (None, "unknown_code", None)


def test_a_mistyped_code_is_never_mended_to_another_business_code(
    shop: Stage, other: Stage
) -> None:
    code = shop.link("alice")["code"]
    wrong = ("3" if code[0] == "2" else "2") + code[1:]
    assert "did_you_mean" not in other.get(f"/links/{wrong}").get_json()


@pytest.mark.parametrize("told", ["header", "query"])
def test_the_key_decides_which_business_it_is(shop: Stage, other: Stage, told: str) -> None:
    foreign = shop.shop.business.public_id
    if told == "header":
        other.headers["X-Business"] = foreign
        assert other.get("/people").get_json()["items"] == []
    else:
        assert other.get("/people", business=foreign).status_code == 422


def test_a_cursor_goes_on_only_in_its_own_list_and_business(shop: Stage, other: Stage) -> None:
    for stage in (shop, other):
        for name in ("alice", "bob", "olive"):
            stage.link(name)
    cursor = shop.get("/people", limit=1).get_json()["next"]
    edited = ("A" if cursor[3] != "A" else "B").join((cursor[:3], cursor[4:]))
    answers = [
        other.get("/people", after=cursor),
        shop.get("/rewards", after=cursor),
        shop.get("/people", after=edited),
        shop.get("/people", after=cursor[:-3]),
        shop.get("/people", after=""),
        shop.get("/people", after="é"),
    ]
    assert [answer.status_code for answer in answers] == [400] * 6
    assert answers[0].get_json()["code"] == "bad_request"


def test_pages_follow_each_other_without_a_gap(shop: Stage) -> None:
    names = [f"person{number}" for number in range(5)]
    for name in names:
        shop.post("/people", {"external_id": name})
    seen, after = [], None
    while True:
        asked = {"limit": 2, **({"after": after} if after else {})}
        body = shop.get("/people", **asked).get_json()
        seen += [one["external_id"] for one in body["items"]]
        after = body["next"]
        if after is None:
            break
    assert seen == names[::-1]


def everything(stage: Stage) -> list[Any]:
    """Return every list of a business."""
    return [stage.get(path, limit=100).get_json() for path in LISTS]
