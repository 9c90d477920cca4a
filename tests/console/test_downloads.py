"""Every download is for those who handle money, is on record, and writes amounts alike."""

from __future__ import annotations

import csv
import inspect
import io
import re
from pathlib import Path

import pytest
from sqlalchemy import select

from config import ROOT
from referral.domain.businesses import AuditEntry, Role, across_businesses
from referral.foundation.db import session
from referral.surfaces.console.routes import PAY, ROUTES
from tests.cast import Shop
from tests.console.conftest import Desk
from tests.console.test_charities import RIVERS
from tests.console.test_ledger import account, alice_of, live
from tests.console.test_payouts import owing
from tests.console.test_reconciliation import compared, connect, unknown
from tests.console.visiting import check_page, post

CONSOLE = ROOT / "referral/surfaces/console"
ADDRESSES = {
    "payout_totals_export": "/payouts/totals",
    "donations_export": "/charities/donations",
    "ledger_account_export": "/ledger/accounts/{account}",
    "ledger_person_export": "/ledger/people/{person}",
    "ledger_person_sums": "/ledger/people/{person}/sums",
    "ledger_program_export": "/ledger/programs/{program}",
    "ledger_program_sums": "/ledger/programs/{program}/sums",
    "reconciliation_export": "/reconciliation/export",
}


def address(shop: Shop, name: str) -> str:
    """Return where a download is, of a shop that has lived."""
    path = ADDRESSES[name].format(
        account=account(shop, "budget").id,
        person=alice_of(shop),
        program=shop.program.public_id,
    )
    return f"/console{path}"


def last_entry() -> AuditEntry:
    query = select(AuditEntry).order_by(AuditEntry.number.desc()).limit(1)
    return session.scalars(query.execution_options(**across_businesses())).one()


def test_these_are_all_downloads_there_are() -> None:
    writers = {
        path.relative_to(ROOT / "referral")
        for path in (ROOT / "referral").rglob("*.py")
        if re.search(r"text/csv|csv\.(?:Dict)?[wW]riter", path.read_text("utf-8"))
    }
    assert writers == {Path("surfaces/console/exporting.py")}
    sources = {one.name: inspect.getsource(inspect.unwrap(one.view)) for one in ROUTES}
    downloads = {
        name for name, text in sources.items() if re.search(r"\b(?:download|_export\w*)\(", text)
    }
    assert downloads == set(ADDRESSES)
    callers = {
        name
        for path in CONSOLE.glob("*.py")
        for name in re.findall(
            r"^def (\w+)\((?:(?!^def ).)*?\bdownload\(", path.read_text("utf-8"), re.M | re.S
        )
    }
    assert {one for one in callers if not one.startswith(("export", "_export"))} <= {"download"}


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_download_is_right_on_record_and_in_minor_units(desk: Desk, name: str) -> None:
    live(desk.shop)
    connect(desk.shop)
    compared(desk.shop, unknown())
    path = address(desk.shop, name)
    answer = post(desk.client, path, **{"from": "2020-01-01", "to": ""})
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.headers["Cache-Control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    amounts = [cell for row in rows for key, cell in row.items() if key.endswith("_minor")]
    assert all(re.fullmatch(r"-?[0-9]*", one) for one in amounts)
    assert {row["currency"] for row in rows} <= {"eur"}
    assert not any(re.fullmatch(r"-?[0-9]+\.[0-9]+", cell) for row in rows for cell in row.values())
    entry = last_entry()
    assert (entry.action, entry.actor_name) == ("books.exported", "Olive")
    assert entry.details["file"] in answer.headers["Content-Disposition"]


def test_only_those_who_handle_money_may_download(desk: Desk) -> None:
    needs = {one.name: (one.method, one.need) for one in ROUTES if one.name in ADDRESSES}
    assert set(needs.values()) == {("POST", PAY)}
    assert PAY.roles == {Role.FINANCE, Role.MANAGER, Role.OWNER}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_who_may_only_look_is_offered_no_download(desk: Desk, role: Role) -> None:
    owing(desk.shop)
    post(desk.client, "/console/charities", **RIVERS)
    for page in ("/console/payouts/totals", "/console/charities"):
        assert "as CSV" in check_page(desk.client.get(page))
    desk.become(role)
    for page in ("/console/payouts/totals", "/console/charities"):
        assert "as CSV" not in check_page(desk.client.get(page))
