"""The same call with the same key works once and is answered the same (I-7)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from referral.domain.attribution import Referral, Signup
from referral.domain.people import Person
from referral.domain.purchases import Purchase
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.surfaces.api import idempotency
from referral.surfaces.api.idempotency import KEPT, ApiCall
from tests.api.conftest import Stage

ALICE = {"email": "alice@mail.example", "name": "Alice"}


def count(stage: Stage, kind: type) -> int:
    with stage.inside():
        return session.scalar(select(func.count()).select_from(kind)) or 0


def test_the_first_answer_comes_again_to_the_letter(shop: Stage) -> None:
    first = shop.post("/people", ALICE, key="k-1")
    shop.post("/people", {**ALICE, "name": "Alice Archer"})
    again = shop.post("/people", ALICE, key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"


def test_the_same_body_in_another_order_is_the_same_call(shop: Stage) -> None:
    first = shop.post("/people", ALICE, key="k-1")
    raw = b'{"name": "Alice",   "email":"alice@mail.example"}'
    shop.headers["Idempotency-Key"] = "k-1"
    assert shop.post_raw("/people", raw).data == first.data


def test_a_key_used_for_another_body_is_refused_and_changes_nothing(shop: Stage) -> None:
    shop.post("/people", ALICE, key="k-1")
    answer = shop.post("/people", {"email": "bob@mail.example"}, key="k-1")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_mismatch")
    assert count(shop, Person) == 1


def test_a_key_used_for_another_reward_is_refused(shop: Stage) -> None:
    first, second = (one["id"] for one in shop_with_two_rewards(shop))
    shop.post(f"/rewards/{first}/hold", {"reason": "Look."}, key="k-1")
    answer = shop.post(f"/rewards/{second}/hold", {"reason": "Look."}, key="k-1")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_mismatch")
    assert shop.get(f"/rewards/{second}").get_json()["is_held"] is False


def shop_with_two_rewards(shop: Stage) -> list[dict[str, str]]:
    shop.reward()
    shop.sign_up("olive", code=shop.link()["code"])
    shop.buy("olive", "order-2")
    items = shop.get("/rewards").get_json()["items"]
    return [one for one in items if one["side"] == "advocate"]


def test_each_address_and_each_business_has_keys_of_its_own(shop: Stage, other: Stage) -> None:
    shop.post("/people", ALICE, key="k-1")
    sent = {"program": shop.program, "person": ALICE}
    assert shop.post("/signups", sent, key="k-1").status_code == 201
    assert other.post("/people", ALICE, key="k-1").status_code == 201


def test_a_refused_call_may_be_sent_again_with_its_key(shop: Stage) -> None:
    sent = {"purchase": "order-1", "external_id": "re-1", "amount_minor": 10}
    assert shop.post("/refunds", sent, key="k-1").status_code == 404
    shop.buy("bob", "order-1")
    assert shop.post("/refunds", sent, key="k-1").status_code == 201


def test_a_key_must_be_readable(shop: Stage) -> None:
    for key in ("x" * 256, "a b", "é"):
        answer = shop.post("/people", ALICE, key=key)
        assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (
            422,
            "Idempotency-Key",
        )


def test_calls_older_than_a_week_are_forgotten(
    shop: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "_SWEPT_EVERY", 1)
    shop.post("/people", ALICE, key="k-1")
    with shop.inside(), transaction():
        kept = session.scalars(select(ApiCall)).one()
        kept.at = clock.now() - KEPT - timedelta(seconds=1)
    shop.post("/people", {"email": "bob@mail.example"}, key="k-2")
    with shop.inside():
        assert session.scalars(select(ApiCall.key)).all() == ["k-2"]


def test_sixteen_identical_calls_at_once_have_one_effect(shop: Stage) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: shop.post("/people", ALICE, key="k-1"), range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    replayed = [answer for answer in answers if "Idempotent-Replayed" in answer.headers]
    assert (len(replayed), count(shop, Person), count(shop, ApiCall)) == (15, 1, 1)


def test_fifty_identical_signups_at_once_make_one_person_and_one_referral(shop: Stage) -> None:
    code = shop.link("alice")["code"]
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: shop.sign_up("bob", code=code), range(50)))
    bodies = [answer.get_json() for answer in answers]
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({body["referral"]["id"] for body in bodies}) == 1
    assert (count(shop, Person), count(shop, Signup), count(shop, Referral)) == (2, 1, 1)


def test_fifty_identical_purchases_at_once_count_once(shop: Stage) -> None:
    shop.sign_up("bob", code=shop.link("alice")["code"])
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: shop.buy("bob", "order-1"), range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert count(shop, Purchase) == 1
    rewards = shop.get("/rewards").get_json()["items"]
    assert len([one for one in rewards if one["side"] == "advocate"]) == 1
