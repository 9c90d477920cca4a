"""The record reads as sentences, and leads to what its entries are about."""

import ast
import html
import re
from pathlib import Path

from sqlalchemy import select

from config import ROOT
from referral.domain import journey
from referral.domain.businesses import Actor, record, within
from referral.domain.rewards import Reward
from referral.domain.rewards.charities import add_charity
from referral.domain.rewards.gift_stock import open_stock
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.surfaces.console.record_words import ACTIONS, NAMES, UNSAID
from tests.console.conftest import Desk
from tests.console.test_programs import TYPED
from tests.console.visiting import check_page, post
from tests.credit import give_credit, spend

RECORD = "/console/audit"


def actions_written() -> set[str]:
    """Return every action that the code writes down, by reading the calls."""
    found = set()
    for path in Path(ROOT / "referral").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in (
                "record", "_write", "_write_down",
            ):  # fmt: skip
                texts = [one.value for one in call.args if isinstance(one, ast.Constant)]
                found |= {text for text in texts if re.fullmatch(r"[a-z_]+\.[a-z_]+", str(text))}
    return found


def details_written() -> set[str]:
    """Return the name of every detail that the code writes down, by reading the calls."""
    found = set()
    for path in Path(ROOT / "referral").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = isinstance(call, ast.Call) and getattr(call.func, "id", "")
            for one in call.keywords if name in ("record", "_record", "_write") else []:
                if one.arg == "details":
                    parts = [part for part in ast.walk(one.value) if isinstance(part, ast.Dict)]
                    keys = [key for part in parts for key in part.keys]
                    found |= {key.value for key in keys if isinstance(key, ast.Constant)}
                elif name != "record":
                    found.add(one.arg)
    return found - {"at", "is_known", "is_joining"}


def told(desk: Desk) -> list[list[str]]:
    """Return the rows of the record as plain words, the newest first."""
    rows = check_page(desk.client.get(RECORD)).split("<tr>")[2:]
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows]
    return [[_plain(cell) for cell in row] for row in cells]


def _plain(cell: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", cell)).split())


def test_everything_that_is_written_down_has_words() -> None:
    assert len(actions_written()) > 15
    assert actions_written() - set(ACTIONS) == set()


def test_every_detail_has_a_name_of_its_own() -> None:
    assert {"amount_minor", "low_at", "reference", "year"} <= details_written()
    unnamed = details_written() - {name.rpartition(".")[2] for name in NAMES} - set(UNSAID)
    assert unnamed == set()


def test_amounts_kinds_and_what_it_is_about_are_told_in_words(desk: Desk) -> None:
    alice, at, business_id = give_credit(desk.shop), clock.now(), desk.shop.business.id
    spent = spend(desk.shop, alice, 350, "R-7")
    with within(business_id), transaction():
        charity = add_charity(business_id, "Rivers", "https://r.example", at=at)
        stock = open_stock(business_id, "Mugs", value_minor=1000, currency="eur", low_at=3, at=at)
        reward = session.scalars(select(Reward)).first()
        program = desk.shop.program.public_id
        person = alice.public_id
        said: list[tuple[str, str, dict[str, object]]] = [
            ("debt.forgiven", reward.public_id, {"amount_minor": 500, "currency": "eur"}),
            ("reward.chosen", reward.public_id, {"kind": "store_credit"}),
            ("credit.redeemed", person, {"redemption": spent.public_id, "amount_minor": 350}),
            ("gift_codes.imported", stock.public_id, {"name": "Mugs", "codes": 2}),
            ("charity.changed", charity.public_id, {"name": "Rivers", "state": "no_default"}),
            ("rate.told", "fxr_0", {"rate": "1 usd = 0.92 eur", "day": "2026-11-02"}),
            ("form.on_file", person, {"year": 2026}),
            ("program.edited", program, {"day_cap": ["", "20.00"]}),
        ]
        for action, subject, details in said:
            olive = Actor("operator", "Olive")
            record(business_id, action, subject=subject, details=details, actor=olive, at=at)
    rows = [(row[2], row[3]) for row in told(desk)[: len(said)][::-1]]
    worth = rows[0][0]
    assert worth.endswith("for Alice")
    assert rows == [
        (worth, "Amount: €5.00"),
        (worth, "Given as: Store credit"),
        ("Alice", "Amount: €3.50 · Reference: R-7"),
        ("Mugs", "Codes: 2"),
        ("Rivers", "Now: what nobody chooses for waits"),
        ("Exchange rates", "Day: 2 Nov 2026 · Rate: 1 USD = 0.92 EUR"),
        ("Alice", "Year: 2026"),
        ("Friends", "For one person a day: nothing → €20.00"),
    ]
    page = desk.client.get(RECORD).text
    assert f'href="/console/gifts/{stock.public_id}"' in page
    assert f'href="/console/charities#{charity.public_id}"' in page
    shown = " ".join(cell for row in told(desk) for cell in row)
    assert re.findall(r"\b[a-z]+_[a-z_0-9]+", shown) == []


def test_a_decision_names_its_reward_and_leads_there(desk: Desk) -> None:
    shop = desk.shop
    shop.signup("bob", token=shop.click(shop.link_of(shop.customer("alice"))))
    shop.purchase("bob")
    with within(shop.business.id):
        reward = session.scalars(select(Reward).where(Reward.side == "advocate")).one()
        with transaction():
            olive = Actor("operator", "Olive")
            journey.deny_reward(reward, actor=olive, reason="Same card.", at=clock.now())
    what, who, about, details, _ = told(desk)[0]
    assert what.startswith("Denied a reward no.")
    assert (who, about, details) == ("Olive", "€10.00 for Alice", "Reason: Same card.")
    assert f'href="/console/rewards/{reward.public_id}"' in desk.client.get(RECORD).text


def test_changes_of_a_program_are_told_in_words(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}"
    post(desk.client, f"{path}/edit", **TYPED)
    post(desk.client, f"{path}/budget", budget="250")
    post(desk.client, f"{path}/state", state="paused")
    moved, budget, edited = told(desk)[:3]
    assert moved[0].startswith("Paused a program")
    assert moved[2:4] == ["Winter", "State: open → paused"]
    assert budget[2:4] == ["Winter", "Budget: no limit → €250.00"]
    assert "Among equals: the first counts → the last counts" in edited[3]
    assert "Hold in days: 30 → 14" in edited[3]


def test_an_offer_and_a_connection_are_told_in_words(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}/offers/advocate"
    offer = {"advocate_kind": "account_credit", "advocate_worth": "7", "advocate_trigger": "signup"}
    post(desk.client, path, **offer)
    with within(desk.shop.business.id), transaction():
        record(
            desk.shop.business.id,
            "stripe.connected",
            subject=desk.shop.business.public_id,
            actor=Actor("operator", "Olive"),
            at=clock.now(),
            details={"last_four": "wxyz", "is_live": False, "account": None},
        )
    connected, published = told(desk)[:2]
    said = "Account at Stripe: not told by Stripe · Mode: test · Key ends in: wxyz"
    assert connected[3] == said
    assert published[3] == "For: the advocate · Version: 2"


def test_each_move_of_a_program_is_named_for_what_it_was(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}"
    for state in ("paused", "active", "closed"):
        post(desk.client, f"{path}/state", state=state)
    closed, resumed, paused = (row[0] for row in told(desk)[:3])
    assert closed.startswith("Closed a program for good")
    assert resumed.startswith("Resumed a program")
    assert paused.startswith("Paused a program")


def test_the_team_is_named_and_not_numbered(desk: Desk) -> None:
    typed = {"email": "max@shop.example", "name": "Max", "role": "viewer"}
    post(desk.client, "/console/settings/team", **typed)
    invited = told(desk)[0]
    assert invited[2:4] == ["Max", "Role: viewer"]
    assert not any("opr_" in cell or "biz_" in cell for row in told(desk) for cell in row)
