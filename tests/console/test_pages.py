"""Every page works, shows nothing of others, and says so when there is nothing."""

import re

import pytest
from flask import Flask
from sqlalchemy import event, select

from referral.domain import journey
from referral.domain.attribution import Signup
from referral.domain.businesses import Actor, Role, within
from referral.domain.rewards import Reward, RewardState
from referral.domain.rewards.states import MOVES
from referral.foundation import clock
from referral.foundation.db import db, session, transaction
from tests.cast import Shop, open_shop
from tests.console.conftest import Desk
from tests.console.visiting import check_page

PAGES = [
    "/console",
    "/console/work",
    "/console/rewards",
    "/console/rewards?show=awaiting",
    "/console/rewards?show=waiting",
    "/console/payouts",
    "/console/payouts?show=waiting",
    "/console/debts",
    "/console/payouts/totals",
    "/console/referrals",
    "/console/referrals?outcome=refused",
    "/console/people",
    "/console/people?q=alice",
    "/console/programs",
    "/console/programs/new",
    "/console/books",
    "/console/ledger",
    "/console/reconciliation",
    "/console/settings",
    "/console/settings/keys",
    "/console/settings/stripe",
    "/console/settings/gift-server",
    "/console/settings/team",
    "/console/audit",
    "/console/account",
]


def lived(shop: Shop) -> Shop:
    """Let alice bring bob, who buys; mallory use her own link; and nora come by herself."""
    alice = shop.customer("alice", full_name="Alice <b>Ferreira</b>")
    token = shop.click(shop.link_of(alice))
    shop.signup("bob", token=token)
    shop.purchase("bob", keys=("in_lived",))
    mallory = shop.customer("mallory")
    shop.signup("mallory", token=shop.click(shop.link_of(mallory)))
    shop.signup("nora")
    return shop


def ids_of(shop: Shop) -> list[str]:
    """Return the addresses of everything a shop has."""
    with within(shop.business.id):
        rewards = [one.public_id for one in session.scalars(select(Reward))]
        signups = list(session.scalars(select(Signup)))
        people = {one.person.public_id for one in signups}
        referrals = [one.referral.public_id for one in signups if one.referral]
        whys = [*rewards, *referrals, *(one.public_id for one in signups)]
    program = shop.program.public_id
    return [
        *(f"/console/rewards/{one}" for one in rewards),
        *(f"/console/why/{one}" for one in whys),
        *(f"/console/people/{one}" for one in people),
        *(f"/console/ledger/people/{one}" for one in people),
        f"/console/ledger/programs/{program}",
        f"/console/ledger/programs/{program}/accounts/granted",
        f"/console/programs/{program}",
        f"/console/programs/{program}/edit",
        f"/console/programs/{program}/budget",
        f"/console/programs/{program}/offers/friend",
        f"/console/rewards?program={program}",
        f"/console/referrals?program={program}",
    ]


@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER])
def test_every_page_works_with_a_month_of_life(desk: Desk, role: Role) -> None:
    paths = ids_of(lived(desk.shop))
    desk.become(role)
    for path in [*PAGES, *paths]:
        needs_more = role is Role.VIEWER and (
            path.endswith(("/new", "/edit", "/budget", "/offers/friend", "/reconciliation"))
            or path.startswith("/console/ledger")
        )
        text = check_page(desk.client.get(path), 403 if needs_more else 200)
        assert "<b>Ferreira" not in text


def test_every_page_works_with_nothing_in_it(desk: Desk) -> None:
    for path in PAGES:
        check_page(desk.client.get(path))
    assert "Nothing needs you" in desk.client.get("/console").text
    assert "Nobody fits" in desk.client.get("/console/people?q=alice").text


def test_charlie_of_another_shop_finds_nothing(app: Flask, staff, shop: Shop) -> None:
    paths = ids_of(lived(shop))
    charlie = staff(open_shop("Other Shop", at=clock.now()), "charlie", Role.OWNER)
    assert {charlie.get(path).status_code for path in paths} == {404}
    for path in PAGES:
        text = check_page(charlie.get(path))
        assert "bob" not in text.lower().replace("bob@", "bob")
        assert "Ferreira" not in text
    for found in ("alice@mail.example", "in_lived", "cus_alice"):
        assert "Nobody fits" in charlie.get("/console/people", query_string={"q": found}).text


@pytest.mark.parametrize(
    "path",
    [
        "/console/rewards/rwd_zz",
        "/console/rewards/per_00000000000000000000000000",
        "/console/why/biz_00000000000000000000000000",
        "/console/people/..%2f",
        "/console/people?after=nonsense",
        "/console/rewards?after=rwd_zz",
        "/console/programs/prg_00000000000000000000000000",
        "/console/nowhere",
    ],
)
def test_a_wrong_address_is_a_designed_page(desk: Desk, path: str) -> None:
    check_page(desk.client.get(path), 404)


def test_odd_filters_show_everything(desk: Desk) -> None:
    lived(desk.shop)
    for path in (
        "/console/rewards?show=%00",
        "/console/referrals?outcome=nonsense",
        "/console/people?q=%00",
        "/console/audit?after=-1",
    ):
        check_page(desk.client.get(path))


def test_every_state_a_reward_can_end_in_has_its_tab(desk: Desk) -> None:
    page = check_page(desk.client.get("/console/rewards"))
    ends = {state for state in RewardState if state not in MOVES} | {RewardState.GRANTED}
    assert ends <= set(re.findall(r'/console/rewards\?show=(\w+)"', page))
    shown = check_page(desk.client.get("/console/rewards?show=expired"))
    assert re.search(r'<a class="nav-link active"[^>]*>Expired</a>', shown)


def test_long_lists_go_on(desk: Desk) -> None:
    for number in range(30):
        desk.shop.customer(f"person{number:02}")
    first = check_page(desk.client.get("/console/people"))
    assert "Person29" in first
    assert "Person00" not in first
    after = first.split("after=")[1].split('"')[0]
    rest = check_page(desk.client.get("/console/people", query_string={"after": after}))
    assert "Person00" in rest
    assert "Person29" not in rest
    assert "Show more" not in rest


@pytest.mark.parametrize("path", ["/console", "/console/rewards", "/console/people"])
def test_a_list_costs_the_same_however_long_it_is(desk: Desk, path: str) -> None:
    lived(desk.shop)
    few = statements(desk, path)
    for number in range(12):
        desk.shop.customer(f"adv{number}")
        token = desk.shop.click(desk.shop.link_of(desk.shop.customer(f"adv{number}")))
        desk.shop.signup(f"friend{number}", token=token)
        desk.shop.purchase(f"friend{number}")
    assert statements(desk, path) <= few


def test_a_reward_page_tells_holds_and_history(desk: Desk) -> None:
    lived(desk.shop)
    with within(desk.shop.business.id):
        reward = session.scalars(select(Reward).where(Reward.side == "advocate")).one()
        with transaction():
            actor = Actor("operator", "Olive")
            journey.hold_reward(reward, actor=actor, reason="Same card.", at=clock.now())
    text = check_page(desk.client.get(f"/console/rewards/{reward.public_id}"))
    assert "Same card. (Olive)" in text
    assert "The reward is on hold." in text
    assert "bob" in text.lower()


def statements(desk: Desk, path: str) -> int:
    """Count the statements a page costs."""
    seen = []
    engine = db.engine

    def note(*args: object) -> None:
        seen.append(args[2])

    desk.client.get(path)
    event.listen(engine, "before_cursor_execute", note)
    desk.client.get(path)
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)
