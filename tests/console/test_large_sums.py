"""Sums beyond what one amount can be stand on every page and in every download as they are."""

import pytest
from flask import Flask
from sqlalchemy import update

from referral.domain.businesses import within
from referral.domain.programs import Program
from referral.domain.reports.portal import sums_of
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.money import LIMIT_MINOR, SUM_LIMIT_MINOR
from tests.cast import open_shop, store_credit
from tests.console.conftest import Desk, hire
from tests.console.test_ledger import rows_of
from tests.console.visiting import check_page, post, sign_in
from tests.provider import Provider, ripen_due, send_due

THREE = "€30,000,000,000.00"


@pytest.fixture
def rich(app: Flask) -> Desk:
    """Olive at a shop whose bob has earned alice three times the largest amount."""
    shop = open_shop(at=clock.now(), advocate=store_credit(LIMIT_MINOR), hold_days=0)
    shop.signup("bob", token=shop.click(shop.link_of(shop.customer("alice"))))
    for _ in range(3):
        shop.later(seconds=1).purchase("bob", LIMIT_MINOR)
    with within(shop.business.id):
        ripen_due(at=shop.now)
        send_due(Provider(), at=shop.now)
    operator, client = hire(shop), app.test_client()
    sign_in(client, operator)
    return Desk(shop, operator, client)


def test_pages_and_downloads_show_the_sum(rich: Desk, audited: None) -> None:
    shop = rich.shop
    alice, program = shop.customer("alice"), shop.program.public_id
    for path in (
        "",
        f"/programs/{program}",
        f"/people/{alice.public_id}",
        "/ledger",
        f"/ledger/people/{alice.public_id}",
        f"/ledger/programs/{program}",
    ):
        assert THREE in check_page(rich.client.get(f"/console{path}")), path
    path = f"/console/ledger/programs/{program}/sums"
    typed = {"from": "2020-01-01", "to": ""}
    closing = {row["account"]: row["closing_minor"] for row in rows_of(rich.client, path, **typed)}
    assert closing["granted"] == str(3 * LIMIT_MINOR)
    with within(shop.business.id):
        assert sums_of(alice.id)[0].given.amount_minor == 3 * LIMIT_MINOR


def test_a_program_that_can_promise_no_more_says_so(rich: Desk) -> None:
    program = rich.shop.program
    page, said = f"/console/programs/{program.public_id}", "cannot be added up in one program."
    for committed, is_said in ((SUM_LIMIT_MINOR - LIMIT_MINOR, False), (SUM_LIMIT_MINOR, True)):
        with within(rich.shop.business.id), transaction():
            session.execute(update(Program).values(committed_minor=committed))
        assert (said in check_page(rich.client.get("/console"))) is is_said
        assert (said in check_page(rich.client.get(page))) is is_said


def test_a_budget_is_as_large_as_a_sum_can_be(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}"
    assert post(desk.client, f"{path}/budget", f"{path}/budget", budget="1" + "0" * 13).location
    assert desk.shop.program.budget_minor == SUM_LIMIT_MINOR
    text = check_page(post(desk.client, f"{path}/budget", budget="10000000000000.01"), 422)
    assert "At most €10,000,000,000,000.00." in text
