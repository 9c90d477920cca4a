"""Store credit at the counter: taken once for a reference, given back once, by those who may."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from referral.domain.businesses import Actor, AuditEntry, Role, within
from referral.domain.people import Person
from referral.domain.rewards import Redemption
from referral.foundation.db import session
from tests.cast import open_shop
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post
from tests.credit import balance_of, give_credit, spend

TYPED = {"currency": "eur", "amount": "3,50", "reference": "R-7", "note": "Two cakes"}


@pytest.fixture
def alice(desk: Desk) -> Person:
    """Alice, with 10.00 to spend."""
    return give_credit(desk.shop, credit_life_days=365)


def path_of(person: Person) -> str:
    return f"/console/people/{person.public_id}"


def redeem_at(client: FlaskClient, person: Person, **typed: str):  # type: ignore[no-untyped-def]
    return post(client, f"{path_of(person)}/credit", **{**TYPED, **typed})


def redemption_of(person: Person) -> Redemption:
    with within(person.business_id):
        return session.scalars(select(Redemption).where(Redemption.person_id == person.id)).one()


def test_the_counter_takes_credit_and_shows_what_became_of_it(desk: Desk, alice: Person) -> None:
    before = check_page(desk.client.get(path_of(alice)))
    assert "Store credit" in before
    assert "€10.00" in before
    answer = redeem_at(desk.client, alice)
    assert (answer.status_code, answer.location) == (303, path_of(alice))
    after = check_page(desk.client.get(path_of(alice)))
    assert "Redeemed: €3.50" in after
    assert "R-7 · Two cakes" in after
    assert balance_of(alice) == 650
    with within(alice.business_id):
        query = select(AuditEntry).where(AuditEntry.action == "credit.redeemed")
        assert session.scalars(query).one().actor_name == "Olive"


def test_a_form_sent_twice_takes_once(desk: Desk, alice: Person) -> None:
    redeem_at(desk.client, alice)
    again = redeem_at(desk.client, alice)
    assert again.status_code == 303
    assert "Nothing was taken twice" in desk.client.get(path_of(alice)).text
    assert balance_of(alice) == 650


def test_a_reference_for_another_amount_is_asked_for_again(desk: Desk, alice: Person) -> None:
    redeem_at(desk.client, alice)
    assert "This reference was used" in check_page(redeem_at(desk.client, alice, amount="4"), 409)
    assert balance_of(alice) == 650


def test_too_little_takes_nothing_and_keeps_what_was_typed(desk: Desk, alice: Person) -> None:
    page = check_page(redeem_at(desk.client, alice, amount="10.01"), 409)
    assert "Only €10.00 can be spent. Nothing was taken." in page
    assert 'value="R-7"' in page
    assert balance_of(alice) == 1000


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": ""}, "Write an amount"),
        ({"amount": "0"}, "above zero"),
        ({"amount": "-5"}, "Write an amount"),
        ({"amount": "3.505"}, "2 decimals"),
        ({"amount": "99999999999999"}, "At most"),
        ({"reference": " "}, "Give the number"),
        ({"reference": "x" * 201}, "At most 200"),
        ({"currency": "zzq", "amount": "abc"}, "Write an amount"),
    ],
)
def test_what_cannot_be_meant_is_asked_for_again(
    desk: Desk, alice: Person, typed: dict[str, str], said: str
) -> None:
    assert said in check_page(redeem_at(desk.client, alice, **typed), 422)
    assert balance_of(alice) == 1000


def test_what_was_spent_comes_back_once(desk: Desk, alice: Person) -> None:
    redeem_at(desk.client, alice)
    undo = f"/console/redemptions/{redemption_of(alice).public_id}/reverse"
    assert undo in desk.client.get(path_of(alice)).text
    for said in ("can be spent again", "given back already"):
        assert post(desk.client, undo).status_code == 303
        assert said in desk.client.get(path_of(alice)).text
    assert undo not in desk.client.get(path_of(alice)).text
    assert balance_of(alice) == 1000


def test_who_may_take_at_the_counter_may_give_back_there(desk: Desk, alice: Person) -> None:
    desk.become(Role.VIEWER)
    assert "Redeem" not in desk.client.get(path_of(alice)).text
    assert redeem_at(desk.client, alice).status_code == 403
    desk.become(Role.SUPPORT)
    assert redeem_at(desk.client, alice).status_code == 303
    undo = f"/console/redemptions/{redemption_of(alice).public_id}"
    assert post(desk.client, f"{undo}/reverse").status_code == 403
    assert f'action="{undo}/counter-reverse"' in check_page(desk.client.get(path_of(alice)))
    assert post(desk.client, f"{undo}/counter-reverse").status_code == 303
    assert balance_of(alice) == 1000
    assert f"{undo}/" not in check_page(desk.client.get(path_of(alice)))


def test_only_finance_gives_back_what_a_server_took(desk: Desk, alice: Person) -> None:
    spent = spend(desk.shop, alice, 350, actor=Actor("api_key", "API key …1234"))
    desk.become(Role.SUPPORT)
    undo = f"/console/redemptions/{spent.public_id}"
    assert f"{undo}/" not in check_page(desk.client.get(path_of(alice)))
    assert post(desk.client, f"{undo}/reverse").status_code == 403
    assert post(desk.client, f"{undo}/counter-reverse").status_code == 404
    assert balance_of(alice) == 650
    desk.become(Role.FINANCE)
    assert f'action="{undo}/reverse"' in check_page(desk.client.get(path_of(alice)))
    assert post(desk.client, f"{undo}/reverse").status_code == 303
    assert balance_of(alice) == 1000


def test_nobody_takes_or_gives_back_at_another_shop(desk: Desk) -> None:
    other = open_shop("Other Shop")
    ann = give_credit(other, name="ann")
    spent = spend(other, ann, 100)
    assert redeem_at(desk.client, ann).status_code == 404
    path = f"/console/redemptions/{spent.public_id}/reverse"
    assert post(desk.client, path).status_code == 404
    assert balance_of(ann) == 900


def test_an_offer_of_store_credit_is_published_with_its_life(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}/offers/advocate"
    typed = {
        "advocate_kind": "store_credit",
        "advocate_worth": "7.50",
        "advocate_trigger": "purchase",
        "advocate_credit_life_days": "365",
    }
    wrong = check_page(
        post(desk.client, path, **{**typed, "advocate_credit_life_days": "3651"}), 422
    )
    assert "1 to 3650 days" in wrong
    assert post(desk.client, path, **typed).status_code == 303
    page = check_page(desk.client.get(path))
    said = "€7.50 to spend with us after every purchase by each friend, to be spent within 365 days"
    assert said in page
    assert 'value="365"' in page
