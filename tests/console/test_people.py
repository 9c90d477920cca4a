"""Finding people by whatever is at hand, and reading everything that happened to one."""

import pytest
from sqlalchemy import select

from referral.domain.businesses import within
from referral.domain.people import Person
from referral.foundation.db import session
from tests.console.conftest import Desk
from tests.console.visiting import check_page


def find(desk: Desk, text: str) -> str:
    return check_page(desk.client.get("/console/people", query_string={"q": text}))


@pytest.mark.parametrize(
    "text",
    ["alice", "ALICE@mail", "Ferreira", "u-77", "cus_alice", "in_alice", "re_alice", " alice "],
)
def test_somebody_is_found_by_whatever_is_at_hand(desk: Desk, text: str) -> None:
    shop = desk.shop
    shop.customer("alice", full_name="Alice Ferreira", external_id="u-77")
    shop.customer("bob")
    shop.refund(shop.purchase("alice", keys=("ch_1", "in_alice")), 100, name="re_alice")
    page = find(desk, text)
    assert "Alice Ferreira" in page
    assert "Bob" not in page


@pytest.mark.parametrize("write", [str, str.lower, lambda code: f"{code[:4]}-{code[4:]}"])
def test_somebody_is_found_by_their_code_however_it_is_written(desk: Desk, write) -> None:
    link = desk.shop.link_of(desk.shop.customer("alice"))
    desk.shop.link_of(desk.shop.customer("bob"))
    page = find(desk, write(link.code))
    assert "Alice" in page
    assert "Bob" not in page


@pytest.mark.parametrize("text", ["%", "_", "a%e", "\\", "' OR 1=1 --"])
def test_wildcards_and_quotes_are_only_letters(desk: Desk, text: str) -> None:
    desk.shop.customer("alice")
    assert "Nobody fits" in find(desk, text)


def test_a_person_page_tells_everything_that_happened(desk: Desk) -> None:
    shop = desk.shop
    alice = shop.customer("alice")
    token = shop.click(shop.link_of(alice))
    shop.signup("bob", token=token)
    shop.refund(shop.purchase("bob", keys=("in_bob",)), 6000)
    with within(shop.business.id):
        bob = session.scalars(select(Person).where(Person.name == "Bob")).one()
    of_alice = check_page(desk.client.get(f"/console/people/{alice.public_id}"))
    of_bob = check_page(desk.client.get(f"/console/people/{bob.public_id}"))
    told = ["Became a customer", "Got a link for Friends", "followed their link on a phone"]
    told += ["Brought Bob", "Earned €10.00 for bringing Bob"]
    assert [words for words in told if words not in of_alice] == []
    told = ["Signed up, sent by Alice", "Paid €120.00", "Refunded: €60.00", "in_bob"]
    assert [words for words in told if words not in of_bob] == []
