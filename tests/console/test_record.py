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
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.surfaces.console.audit import ACTIONS
from tests.console.conftest import Desk
from tests.console.test_programs import TYPED
from tests.console.visiting import check_page, post

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
