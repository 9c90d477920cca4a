"""Finding people by whatever is at hand, and reading everything that happened to one."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, AuditEntry, Role, within
from referral.domain.links import Link
from referral.domain.people import Person
from referral.domain.programs import ProgramState
from referral.domain.reports.story import PAGE
from referral.domain.rewards import Reward
from referral.domain.rewards.holds import HoldKind, place_hold
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.cast import open_shop
from tests.console.conftest import Desk
from tests.console.test_ledger import statements
from tests.console.visiting import check_page, post

OLIVE = Actor("operator", "Olive")


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


@pytest.mark.parametrize("text", ["özgür", "ÖZGÜR", "şahin", "ŞAHİN".replace("İ", "I")])
def test_capitals_do_not_matter_in_any_script(desk: Desk, text: str) -> None:
    desk.shop.customer("ozgur", full_name="ÖZGÜR Şahin")
    desk.shop.customer("bob")
    page = find(desk, text)
    assert "ÖZGÜR Şahin" in page
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


def told_on(page: str) -> list[str]:
    found = re.findall(r'class="story-title">\s*(?:<a [^>]*>)?([^<]+)', page)
    return [words.strip() for words in found]


def story_pages(desk: Desk, person: Person) -> list[list[str]]:
    """Read somebody's story to its end; no page is longer than it may be."""
    url, pages = f"/console/people/{person.public_id}", []
    while url:
        page = check_page(desk.client.get(unescape(url)))
        pages.append(told_on(page))
        more = re.search(r'rel="next" href="([^"#]+)#story"', page)
        url = more[1] if more else ""
    assert [len(one) for one in pages if len(one) > PAGE] == []
    return pages


def test_a_long_story_is_read_page_by_page_without_losing_anything(desk: Desk) -> None:
    shop = desk.shop
    alice = shop.customer("alice")
    link = shop.link_of(alice)
    for number in range(40):
        shop.later(minutes=1).signup(f"friend{number:02}", token=shop.click(link))
        shop.purchase(f"friend{number:02}")
    with within(shop.business.id), transaction():
        for reward in session.scalars(select(Reward).where(Reward.person_id == alice.id)):
            place_hold(reward, HoldKind.STAFF, reason="Look.", actor=OLIVE, at=shop.now)
    pages = story_pages(desk, alice)
    told = [words for one in pages for words in one]
    assert told[-1] == "Came to our notice"
    for number in range(40):
        for words in (
            f"Brought Friend{number:02}",
            f"Earned €10.00 for bringing Friend{number:02}",
        ):
            assert told.count(words) == 1, words
    assert told.count("Put on hold") == 40
    later = desk.client.get(f"/console/people/{alice.public_id}?at=2026-01-01T00:00:00%2B00:00")
    assert "Back to the start" in check_page(later)


@pytest.mark.parametrize("asked", ["at=soon", "at=2026-01-01&told=x", "at=2026-01-01&told=-"])
def test_a_story_begins_nowhere_else(desk: Desk, asked: str) -> None:
    alice = desk.shop.customer("alice")
    assert desk.client.get(f"/console/people/{alice.public_id}?{asked}").status_code == 404


def test_what_happened_in_one_moment_is_read_page_by_page_too(desk: Desk) -> None:
    shop = desk.shop
    alice = shop.customer("alice")
    link, names = shop.link_of(alice), [f"friend{number:03}" for number in range(2 * PAGE + 10)]
    for name in names:
        shop.signup(name, token=shop.click(link))
    shop.later(minutes=1).purchase(names[0])
    told = [words for one in story_pages(desk, alice) for words in one]
    assert sorted(words for words in told if words.startswith("Brought")) == [
        f"Brought {name.title()}" for name in names
    ]
    assert told.count("Earned €10.00 for bringing Friend000") == 1
    assert told[-1] == "Came to our notice"


def test_a_page_of_many_friends_asks_no_more_than_one_of_few(desk: Desk) -> None:
    shop, asked = desk.shop, []
    alice = shop.customer("alice")
    link = shop.link_of(alice)
    for names in (["bob"], [f"friend{number}" for number in range(8)]):
        for name in names:
            shop.later(minutes=1).signup(name, token=shop.click(link))
            shop.purchase(name)
        with statements() as sent:
            check_page(desk.client.get(f"/console/people/{alice.public_id}"))
        asked.append(len(sent))
    assert asked[0] == asked[1]


def test_a_story_speaks_of_rewards_in_words_for_people(desk: Desk) -> None:
    shop = desk.shop
    alice = shop.customer("alice")
    shop.signup("bob", token=shop.click(shop.link_of(alice)))
    shop.purchase("bob")
    with within(shop.business.id):
        reward = session.scalars(select(Reward).where(Reward.side == "advocate")).one()
        bob = session.scalars(select(Person).where(Person.name == "Bob")).one()
        with transaction():
            olive = Actor("operator", "Olive")
            journey.approve_reward(reward, actor=olive, reason="Well known.", at=clock.now())
    of_alice = check_page(desk.client.get(f"/console/people/{alice.public_id}"))
    assert "Reward of €10.00 approved" in of_alice
    assert "Well known." in of_alice
    of_bob = check_page(desk.client.get(f"/console/people/{bob.public_id}"))
    assert "Earned 20% off as a new friend" in of_bob
    assert "€0.00" not in of_bob


def test_a_person_is_given_a_link_once(desk: Desk) -> None:
    alice = desk.shop.customer("alice")
    page, program = f"/console/people/{alice.public_id}", desk.shop.program
    assert "Give a link in Friends" in check_page(desk.client.get(page))
    for _ in range(2):
        sent = post(desk.client, f"{page}/links", page, program=program.public_id)
        assert sent.location == page
    with within(desk.shop.business.id):
        (link,) = session.scalars(select(Link))
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "link.given")).all()
    assert (link.person_id, link.program_id) == (alice.id, program.id)
    assert [entry.subject for entry in entries] == [alice.public_id]
    text = check_page(desk.client.get(page))
    assert link.spoken_code in text
    assert "Give a link in" not in text
    assert "Gave somebody a link" in check_page(desk.client.get("/console/audit"))


def test_nobody_gets_a_link_in_a_program_that_is_not_open(desk: Desk) -> None:
    alice = desk.shop.customer("alice")
    page, program = f"/console/people/{alice.public_id}", desk.shop.program
    with within(desk.shop.business.id), transaction():
        program.state = ProgramState.PAUSED
    assert "No program is open" in check_page(desk.client.get(page))
    assert post(desk.client, f"{page}/links", page, program=program.public_id).location == page
    assert "Friends is not open" in check_page(desk.client.get(page))
    with within(desk.shop.business.id):
        assert session.scalars(select(Link)).all() == []


def test_neither_a_viewer_nor_charlie_gives_links(desk: Desk, staff) -> None:
    alice = desk.shop.customer("alice")
    sent = {"program": desk.shop.program.public_id}
    charlie = staff(open_shop("Other Shop", at=clock.now()), "charlie", Role.OWNER)
    assert post(charlie, f"/console/people/{alice.public_id}/links", **sent).status_code == 404
    desk.become(Role.VIEWER)
    page = f"/console/people/{alice.public_id}"
    assert "Give a link in" not in check_page(desk.client.get(page))
    assert post(desk.client, f"{page}/links", **sent).status_code == 403
    with within(desk.shop.business.id):
        assert session.scalars(select(Link)).all() == []
