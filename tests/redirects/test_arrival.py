"""A friend follows a link: they land with a token, and only people count."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event as events
from sqlalchemy import update
from sqlalchemy.engine import Engine

from referral.domain.businesses import within
from referral.domain.links import Visit, arrive, read_token
from referral.domain.programs import Program
from referral.foundation.db import db, one_write, session, transaction
from referral.foundation.ids import key_at
from tests.cast import open_shop
from tests.redirects.street import Street, is_landing, token_of

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) {} Safari/537.36"
ROBOTS = [
    "Googlebot/2.1 (+http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "WhatsApp/2.23.20.0 A",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Slack-ImgProxy (+https://api.slack.com/robots)",
    "Twitterbot/1.0",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) (Applebot/0.1)",
    "Mattermost-Bot/1.1",
    "Iframely/1.3.1 (+https://iframely.com/docs/about)",
    "curl/8.5.0",
    "python-requests/2.32.3",
    "Wget/1.21",
    "Go-http-client/2.0",
    "",
    " ",
]
PEOPLE = [
    CHROME.format("Chrome/130.0.0.0"),
    CHROME.format("HeadlessChrome/130.0.0.0"),
    "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Mobile/22B83 Instagram 350.0.0.28.90",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Mobile/22B83 [FBAN/FBIOS;FBAV/480.0]",
]

BY_ITSELF = [
    ("Sec_Purpose", "prefetch"),
    ("Sec_Purpose", "prefetch;prerender"),
    ("Purpose", "prefetch"),
    ("X_Moz", "prefetch"),
    ("X_Purpose", "preview"),
    ("Sec_Fetch_Dest", "image"),
    ("Sec_Fetch_Dest", "iframe"),
    ("Sec_Fetch_Dest", "empty"),
]
SPELLINGS: list[Callable[[str], str]] = [
    str.lower,
    lambda code: f"{code[:5]}-{code[5:]}",
    lambda code: f"{code[:5]} {code[5:]}",
    lambda code: " ".join(code.lower()),
    lambda code: f"{code[:3]}\u2011{code[3:7]}\u2013{code[7:]}",
    lambda code: f" {code[:5]}\u00a0{code[5:]} ",
    lambda code: f"{code[:5]}_{code[5:]}.",
]


def assert_uncounted(street: Street, answer: Any) -> None:
    assert "ref=" not in answer.headers.get("Location", "")
    assert "Set-Cookie" not in answer.headers
    assert (street.clicks(), street.cookie) == ([], None)


def test_a_friend_lands_with_a_token_and_is_counted(street: Street) -> None:
    link = street.shop.link_of(street.shop.customer("alice"))
    answer = street.follow(link.code, Referer="https://chat.example/room?x=1")
    token = read_token(token_of(answer))
    (click,) = street.clicks()
    assert is_landing(answer)
    assert token is not None
    assert (token.link_id, token.click_id) == (link.id, click.id)
    assert (click.device, click.referrer_host) == ("phone", "chat.example")
    assert street.cookie == token_of(answer)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_browser_counts_also_one_inside_an_app_or_driven_by_a_program(street: Street) -> None:
    code = street.code_of()
    for agent in PEOPLE:
        assert token_of(street.follow(code, User_Agent=agent)), agent
    assert len(street.clicks()) == len(PEOPLE)


def test_robots_and_previews_are_sent_on_and_never_counted(street: Street) -> None:
    code = street.code_of()
    for agent in ROBOTS:
        answer = street.follow(code, User_Agent=agent)
        assert is_landing(answer), agent
        assert_uncounted(street, answer)


def test_what_a_browser_fetches_by_itself_is_never_counted(street: Street) -> None:
    code = street.code_of()
    for name, value in BY_ITSELF:
        answer = street.follow(code, **{name: value})
        assert is_landing(answer), (name, value)
        assert_uncounted(street, answer)


def test_asking_for_the_head_only_is_never_counted(street: Street) -> None:
    answer = street.client.head(f"/r/{street.code_of()}", headers={"User-Agent": PEOPLE[0]})
    assert is_landing(answer)
    assert_uncounted(street, answer)


def test_a_code_is_read_however_it_is_written(street: Street) -> None:
    code = street.code_of()
    for spell in SPELLINGS:
        assert token_of(street.follow(spell(code))), spell(code)
    assert len(street.clicks()) == len(SPELLINGS)


def test_one_wrong_character_is_pointed_out_and_never_credited(street: Street) -> None:
    code = street.code_of()
    for place, letter in enumerate(code):
        answer = street.follow(code[:place] + ("2" if letter != "2" else "3") + code[place + 1 :])
        assert answer.status_code == 404
        assert f'href="/r/{code}"' in answer.text
        assert f"{code[:5]}-{code[5:]}" in answer.text
        assert_uncounted(street, answer)


def test_an_unknown_code_has_a_page_of_its_own(street: Street) -> None:
    street.code_of()
    for wrong in ("ABC", "ZZZZZZZZZZ", "0000000000", "\u0430" * 10, "%00", "x" * 5000):
        answer = street.follow(wrong)
        assert answer.status_code == 404
        assert "We don't know this link" in answer.text.replace("&#39;", "'")
        assert_uncounted(street, answer)


@pytest.mark.parametrize(("state", "status"), [("closed", 410), ("paused", 200)])
def test_a_program_that_is_not_open_still_leads_to_the_business(
    street: Street, state: str, status: int
) -> None:
    code = street.code_of()
    with within(street.shop.business.id), transaction():
        session.execute(update(Program).values(state=state))
    session.remove()
    answer = street.follow(code)
    assert answer.status_code == status
    assert 'href="https://shop.example/"' in answer.text
    assert f"· {street.shop.business.name}</title>" in answer.text
    assert_uncounted(street, answer)


@pytest.mark.parametrize(
    ("landing", "expected"),
    [
        ("https://shop.example/hello", "https://shop.example/hello?ref={}"),
        ("https://shop.example/hello?a=1&b=2", "https://shop.example/hello?a=1&b=2&ref={}"),
        ("https://shop.example/hello#top", "https://shop.example/hello?ref={}#top"),
        (
            "https://shop.example/hello?q=caf%C3%A9%20au%26lait&a=1&a=2#s-1",
            "https://shop.example/hello?q=caf%C3%A9+au%26lait&a=1&a=2&ref={}#s-1",
        ),
        ("https://shop.example/hello?ref=old&x=", "https://shop.example/hello?x=&ref={}"),
    ],
)
def test_the_landing_page_keeps_its_query_and_its_place(
    street: Street, landing: str, expected: str
) -> None:
    code = street.code_of()
    with within(street.shop.business.id), transaction():
        session.execute(update(Program).values(landing_url=landing))
    session.remove()
    answer = street.follow(code)
    assert answer.headers["Location"] == expected.format(token_of(answer))


def test_a_click_is_two_statements_and_only_one_on_postgresql(street: Street) -> None:
    code = street.code_of()
    street.follow(code)
    with statements() as asked:
        street.follow(code)
    expected = ["WITH"] if db.engine.dialect.name == "postgresql" else ["SELECT", "INSERT"]
    assert [one.split()[0] for one in asked] == expected


def test_visits_of_one_moment_are_stored_once_and_only_where_a_link_is_open(
    street: Street,
) -> None:
    shop, closed = street.shop, open_shop()
    links = [one.link_of(one.customer("alice")) for one in (shop, closed)]
    with within(closed.business.id), transaction():
        closed.program.state = "closed"
        session.add(closed.program)
    codes = [links[0].code, links[0].code, links[1].code, "ZZZZZZZZZZ"]
    visits = [Visit(key_at(shop.now), code, shop.now, "phone", None, "h") for code in codes]
    for _ in range(2):
        with one_write(patience_ms=1000) as connection:
            places = arrive(visits, over=connection)
    assert {code: (place.link_id, place.is_open) for code, place in places.items()} == {
        links[0].code: (links[0].id, True),
        links[1].code: (links[1].id, False),
    }
    stored = [(click.id, click.link_id, click.business_id) for click in street.clicks()]
    expected = [(one.id, links[0].id, shop.business.id) for one in visits[:2]]
    assert sorted(stored) == sorted(expected)


def test_clicks_at_once_are_all_counted(street: Street) -> None:
    code, start = street.code_of(), threading.Barrier(16)

    def click_often(_: int) -> None:
        start.wait()
        for _ in range(5):
            visitor = Street(street.app, street.shop, street.app.test_client())
            assert is_landing(visitor.follow(code))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(click_often, range(16)))
    assert len(street.clicks()) == 80


@contextmanager
def statements() -> Iterator[list[str]]:
    """Gather what is asked of the database, beginnings and ends left out."""
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SET ")):
            asked.append(statement)

    events.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        events.remove(Engine, "before_cursor_execute", note)
