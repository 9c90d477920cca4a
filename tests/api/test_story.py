"""The main job as a business's server tells it, call by call."""

from tests.api.conftest import Stage


def test_a_referral_told_through_the_api_earns_a_reward_that_explains_itself(shop: Stage) -> None:
    link = shop.link("alice")
    signup = shop.sign_up("bob", code=link["code"].lower().replace("-", " "))
    bought = shop.buy("bob", "in_1")
    rewards = shop.get("/rewards", person=link["person"]).get_json()["items"]
    (reward,) = rewards
    shown = shop.get(f"/rewards/{reward['id']}").get_json()

    assert (signup.status_code, bought.status_code) == (201, 201)
    referral = signup.get_json()["referral"]
    assert referral["advocate"] == link["person"]
    assert referral["friend"] == signup.get_json()["person"]["id"]
    assert (reward["state"], reward["amount"]) == (
        "pending",
        {"amount_minor": 1000, "currency": "eur"},
    )
    assert [gate["name"] for gate in shown["explanation"]["gates"]] == [
        "touch", "match", "qualify", "rule", "hold", "budget", "grant",
    ]  # fmt: skip
    assert shown["explanation"]["stands_at"] == "hold"
