"""Signing in without a password: S-27 to S-38, each by the way an attacker would go."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from referral import create_app
from referral.domain.businesses import across_businesses, within
from referral.domain.people import Person
from referral.foundation import clock
from referral.foundation.db import db, session, transaction
from referral.surfaces.web.challenges import SignInChallenge, forget_old
from referral.surfaces.web.sessions import UserSession
from tests.cast import open_shop
from tests.fixtures import settings_for
from tests.portal.visiting import World, csrf_of, heading_of

ALICE = "alice@mail.example"


def sessions(world: World) -> list[UserSession]:
    with world.at_work():
        return list(session.scalars(select(UserSession)))


def challenges(world: World) -> list[SignInChallenge]:
    with world.at_work():
        query = select(SignInChallenge).order_by(SignInChallenge.id)
        return list(session.scalars(query.execution_options(**across_businesses())))


def later(monkeypatch: pytest.MonkeyPatch, **delta: float) -> None:
    moved = clock.now() + timedelta(**delta)
    monkeypatch.setattr(clock, "now", lambda: moved)


def test_a_code_signs_in_and_leads_home(world: World):
    alice = world.visitor()

    asked = alice.ask(ALICE)
    answer = alice.type_code(world.mail(ALICE)["code"])

    assert asked.location == f"/portal/{alice.slug}/sign-in/code"
    assert answer.location == f"/portal/{alice.slug}"
    assert heading_of(alice.get().text) == "Hello, Alice"


def test_the_page_for_a_code_leads_somebody_signed_in_home(world: World):
    alice = world.signed_in(ALICE)
    home = f"/portal/{alice.slug}"

    typed = alice.post("/sign-in/code", "/account", code="123456")

    assert alice.get("/sign-in/code").location == typed.location == home


def test_a_code_may_be_typed_with_a_space(world: World):
    alice = world.visitor()
    alice.ask(ALICE)
    code = world.mail(ALICE)["code"]

    assert alice.type_code(f" {code[:3]} {code[3:]} ").status_code == 303


def test_an_address_in_other_letters_is_the_same(world: World):
    alice = world.visitor()
    alice.ask("  Alice@MAIL.example ")

    assert alice.type_code(world.mail(ALICE)["code"]).status_code == 303


def test_opening_the_link_changes_nothing_and_the_button_signs_in(world: World):
    alice = world.visitor()
    alice.ask(ALICE)
    link = world.mail(ALICE)["link"]

    for _ in range(3):
        alice.client.head(link.removeprefix("http://localhost"))
        page = alice.open_link(link)
    assert not alice.is_signed_in()
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert 'name="referrer" content="no-referrer"' in page.text
    assert "Firefox on Linux" in page.text
    token = link.rpartition("/")[2]
    answer = alice.client.post(
        f"/portal/{alice.slug}/sign-in/link", data={"csrf_token": csrf_of(page.text), "link": token}
    )

    assert answer.location == f"/portal/{alice.slug}"
    assert alice.is_signed_in()


def test_the_link_opens_nothing_in_another_browser(world: World):
    alice, mallory = world.visitor(), world.visitor()
    alice.ask(ALICE)
    link = world.mail(ALICE)["link"]

    page = mallory.open_link(link)
    forced = mallory.post("/sign-in/link", "/sign-in", link=link.rpartition("/")[2])

    assert heading_of(page.text) == "Type the code where you asked"
    assert "Sign me in" not in page.text
    assert f'href="/portal/{mallory.slug}/sign-in">Ask for a code in this browser</a>' in page.text
    assert ALICE not in page.text
    assert forced.status_code == 410
    assert not mallory.is_signed_in()
    assert sessions(world) == []


def test_a_victims_click_does_not_sign_the_attacker_in(world: World):
    alice, mallory = world.visitor(), world.visitor()
    mallory.ask(ALICE)

    alice.open_link(world.mail(ALICE)["link"])

    assert not mallory.is_signed_in()
    assert not alice.is_signed_in()


@pytest.mark.parametrize("by", ["code", "link"])
def test_sixteen_at_once_make_one_session(world: World, by: str):
    alice = world.visitor()
    alice.ask(ALICE)
    said = world.mail(ALICE)
    token = csrf_of(alice.get("/sign-in/code").text)
    cookies = "; ".join(
        f"{name}={alice.client.get_cookie(name).value}" for name in ("asking", "portal")
    )
    fields = {"code": said["code"], "link": said["link"].rpartition("/")[2], "csrf_token": token}

    def send(_: int) -> int:
        return (
            world.app.test_client(use_cookies=False)
            .post(f"/portal/{alice.slug}/sign-in/{by}", data=fields, headers={"Cookie": cookies})
            .status_code
        )

    with ThreadPoolExecutor(16) as pool:
        answers = sorted(pool.map(send, range(16)))

    assert answers == [303] + [410] * 15
    assert len(sessions(world)) == 1


def test_a_code_works_once(world: World):
    alice = world.visitor()
    alice.ask(ALICE)
    code = world.mail(ALICE)["code"]
    asking = alice.client.get_cookie("asking").value
    alice.type_code(code)
    thief = world.visitor()
    thief.client.set_cookie("asking", asking)

    assert heading_of(thief.get("/sign-in/code").text) == "This sign-in has ended"
    assert thief.post("/sign-in/code", "/sign-in", code=code).status_code == 410


def test_five_wrong_codes_end_it_even_for_the_right_one(world: World):
    alice = world.visitor()
    alice.ask(ALICE)
    code = world.mail(ALICE)["code"]
    wrong = f"{(int(code) + 1) % 10**6:06}"

    answers = [alice.type_code(wrong) for _ in range(4)]
    fifth = alice.type_code(wrong)
    right = alice.post("/sign-in/code", "/sign-in", code=code)

    assert [answer.status_code for answer in answers] == [422] * 4
    assert "4 tries left" in " ".join(answers[0].text.split())
    assert fifth.status_code == right.status_code == 410
    assert not alice.is_signed_in()


def test_parallel_guesses_cannot_exceed_five(world: World):
    alice = world.visitor()
    alice.ask(ALICE)
    wrong = f"{(int(world.mail(ALICE)['code']) + 1) % 10**6:06}"
    token = csrf_of(alice.get("/sign-in/code").text)
    cookies = "; ".join(
        f"{name}={alice.client.get_cookie(name).value}" for name in ("asking", "portal")
    )

    def guess(_: int) -> int:
        return (
            world.app.test_client(use_cookies=False)
            .post(
                f"/portal/{alice.slug}/sign-in/code",
                data={"code": wrong, "csrf_token": token},
                headers={"Cookie": cookies},
            )
            .status_code
        )

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(guess, range(12)))

    assert [one.tries for one in challenges(world)] == [5]


def test_a_link_and_a_code_live_ten_minutes(world: World, monkeypatch: pytest.MonkeyPatch):
    alice = world.visitor()
    alice.ask(ALICE)
    said = world.mail(ALICE)

    later(monkeypatch, minutes=10)

    assert alice.open_link(said["link"]).status_code == 410
    assert alice.post("/sign-in/code", "/sign-in", code=said["code"]).status_code == 410


def test_a_newer_mail_ends_the_older_one(world: World):
    first, second = world.visitor(), world.visitor()
    first.ask(ALICE)
    old = world.mail(ALICE)
    second.ask(ALICE)

    assert first.open_link(old["link"]).status_code == 410
    assert first.post("/sign-in/code", "/sign-in", code=old["code"]).status_code == 410
    assert second.type_code(world.mail(ALICE)["code"]).status_code == 303


def test_an_address_that_changed_meanwhile_is_refused(world: World):
    alice = world.visitor()
    alice.ask(ALICE)
    with world.at_work(), within(world.shop.business.id), transaction():
        session.scalars(select(Person)).one().email = "alice@elsewhere.example"

    assert alice.type_code(world.mail(ALICE)["code"]).status_code == 410
    assert sessions(world) == []


def lasting_headers(answer: TestResponse) -> list[tuple[str, str]]:
    """Return the headers without what differs every time: secrets, request ids, counts left."""
    hidden = re.compile(r"(?<=asking=)[^;]+|(?<=portal=)[^;]+|\d\d:\d\d:\d\d")
    varying = ("X-Request-Id", "X-RateLimit", "Retry-After")
    return [
        (name, hidden.sub("", value))
        for name, value in answer.headers
        if not name.startswith(varying)
    ]


def test_known_and_unknown_get_the_same_answer(world: World):
    known, unknown = world.visitor(), world.visitor()
    answers = [known.ask(ALICE), unknown.ask("nobodys@mail.example")]
    pages = [known.get("/sign-in/code"), unknown.get("/sign-in/code")]

    assert answers[0].status_code == answers[1].status_code
    assert lasting_headers(answers[0]) == lasting_headers(answers[1])
    assert answers[0].data == answers[1].data
    plain = [page.text.replace("nobodys@mail.example", ALICE) for page in pages]
    assert plain[0].replace(csrf_of(plain[0]), "") == plain[1].replace(csrf_of(plain[1]), "")
    assert [bool(one["is_known"]) for one in world.mails("nobodys@mail.example")] == [False]


def test_no_code_lets_an_unknown_address_in(world: World):
    nobody = world.visitor()
    nobody.ask("nobodys@mail.example")

    answer = nobody.type_code(world.mail("nobodys@mail.example")["code"])

    assert answer.status_code == 422
    assert sessions(world) == []


def test_one_address_gets_five_mails_an_hour_over_all_businesses(world: World):
    with world.at_work():
        other = open_shop("Other Shop", at=clock.now()).business.slug
    for number in range(5):
        world.visitor(other if number % 2 else None).ask(ALICE)

    answers = [world.visitor(slug).ask(ALICE) for slug in (None, other)]

    assert [answer.status_code for answer in answers] == [429, 429]
    assert 3000 < int(answers[0].headers["Retry-After"]) <= 3600
    assert len(challenges(world)) == 5


def test_sixteen_at_once_cannot_pass_the_limit_of_an_address(world: World):
    visitors = [world.visitor() for _ in range(12)]

    with ThreadPoolExecutor(12) as pool:
        answers = sorted(pool.map(lambda one: one.ask(ALICE).status_code, visitors))

    assert answers == [303] * 5 + [429] * 7
    assert len(challenges(world)) == 5


def test_twenty_a_day_is_the_most(world: World, monkeypatch: pytest.MonkeyPatch):
    for _ in range(4):
        for _ in range(5):
            assert world.visitor().ask(ALICE).status_code == 303
        later(monkeypatch, hours=1)

    assert world.visitor().ask(ALICE).status_code == 429


def test_nothing_in_the_database_signs_anybody_in(world: World):
    alice = world.visitor()
    alice.ask(ALICE)
    said = world.mail(ALICE)
    (kept,) = challenges(world)

    stored = " ".join(str(getattr(kept, column.key)) for column in kept.__table__.columns)

    assert said["code"] not in (kept.code_digest, kept.sealed)
    assert said["link"].rpartition("/")[2] not in stored
    assert alice.client.get_cookie("asking").value not in stored
    assert ALICE not in stored


def test_old_challenges_are_forgotten_after_a_day(world: World):
    world.visitor().ask(ALICE)
    with world.at_work():
        with transaction():
            kept = forget_old(at=clock.now() + timedelta(hours=23))
        with transaction():
            gone = forget_old(at=clock.now() + timedelta(hours=25))

    assert (kept, gone) == (0, 1)
    assert challenges(world) == []


def test_a_cookie_copied_before_signing_out_is_worth_nothing(world: World):
    alice = world.signed_in(ALICE)
    copied = alice.client.get_cookie("portal").value

    alice.post("/sign-out", "/account")
    alice.client.set_cookie("portal", copied)

    assert not alice.is_signed_in()


def test_a_cookie_planted_before_signing_in_is_worth_nothing(world: World):
    alice, mallory = world.visitor(), world.visitor()
    alice.ask(ALICE)
    planted = alice.client.get_cookie("portal").value
    alice.type_code(world.mail(ALICE)["code"])

    mallory.client.set_cookie("portal", planted)

    assert alice.is_signed_in()
    assert not mallory.is_signed_in()


def test_signing_in_as_somebody_else_ends_the_session_before(world: World):
    alice = world.signed_in(ALICE)
    with world.at_work():
        world.shop.customer("dora")
    alice.post("/sign-in", "/account", email="dora@mail.example")

    alice.type_code(world.mail("dora@mail.example")["code"])

    ended = {one.created_at: one.ended_at is not None for one in sessions(world)}
    assert [ended[at] for at in sorted(ended)] == [True, False]
    assert heading_of(alice.get().text) == "Hello, Dora"


@pytest.mark.parametrize("value", ["x", "a.b.c", "é" * 10, "." * 3000])
def test_a_broken_cookie_is_nobody(world: World, value: str):
    visitor = world.visitor()
    visitor.client.set_cookie("portal", value)
    visitor.client.set_cookie("asking", value)

    assert visitor.get().status_code == 303
    assert visitor.get("/sign-in/code").status_code == 303


@pytest.mark.parametrize("email", ["", "no address", "a@b", "a@b.example\r\nBcc: c@d.example"])
def test_a_bad_address_is_said_beside_the_field(world: World, email: str):
    answer = world.visitor().ask(email)

    assert answer.status_code == 422
    assert 'id="e-email"' in answer.text
    assert challenges(world) == []


def test_a_form_without_its_token_does_nothing(world: World):
    answer = world.app.test_client().post(
        f"/portal/{world.shop.business.slug}/sign-in", data={"email": ALICE}
    )

    assert answer.status_code == 400
    assert challenges(world) == []


def test_behind_https_cookies_stay_on_this_host_and_no_referer_is_needed(database_url: str):
    app = create_app(settings_for(database_url, base_url="https://r.example"))
    with app.app_context():
        slug = open_shop(at=clock.now()).business.slug
    client, secure = app.test_client(), "https://r.example"
    token = csrf_of(client.get(f"/portal/{slug}/sign-in", base_url=secure).text)

    fields = {"email": ALICE, "csrf_token": token}
    answer = client.post(f"/portal/{slug}/sign-in", data=fields, base_url=secure)

    (asking,) = [one for one in answer.headers.getlist("Set-Cookie") if "asking" in one]
    assert asking.startswith("__Host-asking=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(asking.split("; "))
    assert "Domain" not in asking
    with app.app_context():
        db.engine.dispose()
