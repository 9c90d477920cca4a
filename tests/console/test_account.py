"""What operators change about themselves."""

import pytest
from sqlalchemy import select

from referral.domain.businesses import AuditEntry, Role, within
from referral.foundation import clock
from referral.foundation.db import session
from tests.cast import Shop, open_shop
from tests.console.conftest import Desk, hire
from tests.console.visiting import check_page, post

ACCOUNT = "/console/account"
NAME = f"{ACCOUNT}/name"


def renamings(shop: Shop) -> list[tuple[str, object]]:
    with within(shop.business.id):
        query = select(AuditEntry).where(AuditEntry.action == "operator.renamed")
        return [(one.actor_name, one.details["name"]) for one in session.scalars(query)]


def test_olive_changes_her_own_name_and_every_business_of_hers_knows(desk: Desk) -> None:
    other = open_shop("Other Shop", at=clock.now())
    hire(other, role=Role.VIEWER)
    assert 'value="Olive"' in check_page(desk.client.get(ACCOUNT))
    assert post(desk.client, NAME, ACCOUNT, name=" Olive  Park ").location == ACCOUNT
    page = check_page(desk.client.get(ACCOUNT))
    assert "You are Olive Park here now." in page
    assert 'value="Olive Park"' in page
    for shop in (desk.shop, other):
        assert renamings(shop) == [("Olive", ["Olive", "Olive Park"])]
    record = check_page(desk.client.get("/console/audit"))
    assert "Changed their name" in record
    assert "Name: Olive → Olive Park" in record


def test_the_same_name_again_is_nothing_to_write_down(desk: Desk) -> None:
    assert post(desk.client, NAME, ACCOUNT, name="Olive").status_code == 303
    assert renamings(desk.shop) == []


@pytest.mark.parametrize("name", ["", " ", "x" * 201])
def test_a_name_has_to_be_one(desk: Desk, name: str) -> None:
    page = check_page(post(desk.client, NAME, ACCOUNT, name=name), 422)
    assert 'id="e-name"' in page
    assert "Write a name of at most 200 characters." in page
    assert renamings(desk.shop) == []
