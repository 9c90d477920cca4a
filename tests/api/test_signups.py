"""Signups: never refused for their evidence, and decided once."""

import pytest

from tests.api.conftest import Stage


def test_a_signup_without_evidence_keeps_the_person(shop: Stage) -> None:
    answer = shop.sign_up("bob")
    body = answer.get_json()
    assert (answer.status_code, body["referral"], body["offer"]) == (201, None, None)
    assert (body["decision"]["outcome"], body["decision"]["reason"]) == (
        "unreferred",
        "no_evidence",
    )


@pytest.mark.parametrize("code", ["nonsense", "\u0000", "x" * 10_000, "7KMPQ-2XVRJ", "'; --"])
def test_a_signup_is_never_refused_for_its_evidence(shop: Stage, code: str) -> None:
    answer = shop.sign_up("bob", code=code, token=code, cookie=code, told_by=code)
    assert answer.status_code == 201
    assert answer.get_json()["referral"] is None
    assert answer.get_json()["person"]["email"] == "bob@mail.example"


def test_the_own_link_is_refused_with_its_reason(shop: Stage) -> None:
    body = shop.sign_up("mallory", code=shop.link("mallory")["code"]).get_json()
    assert (body["referral"], body["decision"]["reason"]) == (None, "own_link")


def test_a_token_of_the_landing_address_names_the_advocate(shop: Stage) -> None:
    link = shop.link("alice")
    with shop.inside() as inside:
        from referral.domain.links import find_by_code, read_code

        token = inside.click(find_by_code(read_code(link["code"])))
    body = shop.sign_up("bob", token=f"wom_{token}").get_json()
    (seen,) = body["decision"]["considered"]
    assert (seen["kind"], seen["verdict"], seen["advocate"]) == (
        "click",
        "credited",
        link["person"],
    )
    assert body["referral"]["advocate"] == link["person"]


def test_the_same_signup_again_is_answered_the_same(shop: Stage) -> None:
    code = shop.link("alice")["code"]
    first, again = shop.sign_up("bob", code=code), shop.sign_up("bob", code=code)
    assert (first.status_code, again.status_code) == (201, 200)
    assert {**first.get_json(), "person": {}} == {**again.get_json(), "person": {}}


def test_a_second_advocate_is_refused(shop: Stage) -> None:
    shop.sign_up("bob", code=shop.link("alice")["code"])
    body = shop.sign_up("bob", code=shop.link("olive")["code"]).get_json()
    assert (body["decision"]["outcome"], body["decision"]["reason"]) == (
        "refused",
        "already_referred",
    )
    assert len(shop.get("/referrals").get_json()["items"]) == 1
