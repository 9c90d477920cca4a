"""People and their links, told and found again."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain.people import Person
from referral.domain.programs import ProgramState, change_state, find_program
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.ids import parse_public_id, public_id
from referral.surfaces.web.sessions import UserSession, VisitorKind
from tests.api.conftest import Stage, set_up
from tests.databases import wait_for_the_other


def test_a_customer_is_made_once_and_found_again(shop: Stage) -> None:
    sent = {"external_id": "c-1", "email": "Alice@Mail.Example", "name": "Alice Archer"}
    first, again = shop.post("/people", sent), shop.post("/people", sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == again.get_json()
    assert first.get_json()["email"] == "alice@mail.example"
    assert first.get_json()["links"] == []


@pytest.mark.parametrize("state", [ProgramState.PAUSED, ProgramState.CLOSED])
def test_a_program_that_is_not_open_gives_no_new_link_and_keeps_the_old(
    shop: Stage, state: ProgramState
) -> None:
    before = shop.link("alice")
    with shop.inside() as inside, transaction():
        change_state(find_program(inside.business.id, shop.program), state)
    refused = shop.post("/people", {"email": "bob@mail.example", "enroll": [shop.program]})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "program_not_open")
    assert shop.get("/people", email="bob@mail.example").get_json()["items"] == []
    assert shop.link("alice") == before


def test_a_call_refused_for_a_paused_program_may_be_sent_again_with_its_key(shop: Stage) -> None:
    sent = {"email": "bob@mail.example", "enroll": [shop.program]}
    statuses = []
    for state in (ProgramState.PAUSED, ProgramState.ACTIVE):
        with shop.inside() as inside, transaction():
            change_state(find_program(inside.business.id, shop.program), state)
        statuses.append(shop.post("/people", sent, key="k-1").status_code)
    assert statuses == [409, 201]


def test_what_is_new_about_somebody_is_kept(shop: Stage) -> None:
    shop.post("/people", {"external_id": "c-1"})
    sent = {"external_id": "c-1", "name": "Alice", "stripe_customer_id": "cus_1"}
    shop.post("/people", sent)
    (found,) = shop.get("/people", external_id="c-1").get_json()["items"]
    shown = shop.get(f"/people/{found['id']}").get_json()
    assert (shown["name"], shown["stripe_customer_id"]) == ("Alice", "cus_1")


def test_enrolling_gives_a_link_and_repeating_it_the_same_one(shop: Stage) -> None:
    first, again = shop.link("alice"), shop.link("alice")
    code = first["code"].replace("-", "")
    assert first == again
    assert first["url"] == f"http://localhost/r/{code}"
    assert first["qr_svg_url"] == f"http://localhost/q/{code}.svg"
    assert first["qr_png_url"] == f"http://localhost/q/{code}.png"
    assert first["program"] == shop.program


@pytest.mark.parametrize("email", ["alice@mail.example", "archer@mail.example"])
@pytest.mark.parametrize("way", ["people", "signups"])
def test_a_new_email_signs_somebody_out_of_the_portal(shop: Stage, way: str, email: str) -> None:
    """Whoever reads the old mailbox must not stay signed in (S-42)."""
    told = {"external_id": "c-1", "email": "alice@mail.example"}
    person = shop.post("/people", told).get_json()["id"]
    other = shop.post("/people", {"email": "bob@mail.example"}).get_json()["id"]
    with shop.inside(), transaction():
        for one in (person, other):
            session.add(signed_in(parse_public_id(Person.prefix, one)))
    told["email"] = email
    sent = told if way == "people" else {"program": shop.program, "person": told}
    assert shop.post(f"/{way}", sent).status_code in (200, 201)
    with shop.inside():
        rows = session.scalars(select(UserSession)).all()
        ended = {public_id("per", row.subject_id): row.ended_at is not None for row in rows}
    assert ended == {person: email != "alice@mail.example", other: False}


def signed_in(person_id: uuid.UUID) -> UserSession:
    """Return a browser in which somebody is signed in to the portal."""
    at = clock.now()
    return UserSession(
        digest=uuid.uuid4().hex, kind=VisitorKind.PERSON, subject_id=person_id, device="Firefox",
        created_at=at, seen_at=at, expires_at=at + timedelta(days=1),
    )  # fmt: skip


def test_two_ids_of_two_people_are_a_conflict_and_change_nothing(shop: Stage) -> None:
    shop.post("/people", {"external_id": "c-1", "email": "alice@mail.example"})
    shop.post("/people", {"email": "bob@mail.example"})
    answer = shop.post("/people", {"external_id": "c-1", "email": "bob@mail.example"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "identity_conflict")
    assert len(shop.get("/people").get_json()["items"]) == 2


def test_two_halves_of_one_person_become_one(shop: Stage) -> None:
    shop.post("/people", {"external_id": "c-1", "name": "Bob"})
    shop.post("/people", {"email": "bob@mail.example"})
    answer = shop.post("/people", {"external_id": "c-1", "email": "bob@mail.example"})
    assert answer.status_code == 200
    (bob,) = shop.get("/people").get_json()["items"]
    assert (bob["external_id"], bob["email"], bob["name"]) == ("c-1", "bob@mail.example", "Bob")


def test_an_unknown_program_makes_nobody(shop: Stage) -> None:
    unknown = "prg_" + "0" * 26
    answer = shop.post("/people", {"email": "alice@mail.example", "enroll": [unknown]})
    assert (answer.status_code, answer.get_json()["code"]) == (404, "unknown_program")
    assert shop.get("/people").get_json()["items"] == []


def test_a_code_is_found_however_it_is_typed(shop: Stage) -> None:
    link = shop.link("alice")
    typed = link["code"].replace("-", " ").lower()
    assert shop.get(f"/links/{typed}").get_json() == link


def test_one_wrong_character_is_caught_and_the_right_code_offered(shop: Stage) -> None:
    code = shop.link("alice")["code"]
    wrong = ("3" if code[0] == "2" else "2") + code[1:]
    answer = shop.get(f"/links/{wrong}")
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert (answer.get_json()["code"], answer.get_json()["did_you_mean"]) == ("unknown_code", code)


def test_a_friends_discount_can_be_asked_for(shop: Stage) -> None:
    friend = shop.sign_up("bob", code=shop.link("alice")["code"]).get_json()
    shown = shop.get(f"/people/{friend['person']['id']}").get_json()
    assert (shown["discount"]["rate_bp"], shown["discount"]["promotion_code"]) == (2000, None)
    assert friend["offer"]["rate_bp"] == 2000


def test_a_call_overtaken_in_the_same_moment_is_told_to_come_again(shop: Stage) -> None:
    shop.post("/people", {"external_id": "c-1"})
    sent = {"external_id": "c-1", "email": "alice@mail.example"}
    with ThreadPoolExecutor(1) as pool, shop.inside() as inside:
        with transaction():
            session.add(
                Person(
                    business_id=inside.business.id,
                    email="alice@mail.example",
                    first_seen_at=inside.now,
                )
            )
            session.flush()
            answer = pool.submit(shop.post, "/people", sent)
            wait_for_the_other(answer)
            dialect = session.get_bind().dialect.name
        refused = answer.result()
    (kept,) = shop.get("/people", external_id="c-1").get_json()["items"]
    if dialect == "sqlite":
        assert (refused.status_code, kept["email"]) == (200, "alice@mail.example")
    else:
        assert (refused.status_code, refused.get_json()["code"]) == (409, "overtaken")
        assert kept["email"] is None


def test_a_link_says_what_its_owner_has_reached_together_with_their_household(app: Flask) -> None:
    shop = set_up(app, household_cap_minor=1000, month_cap_minor=1000)
    for name in ("alice", "anna"):
        sent = {"email": f"{name}@mail.example", "household": "1 Mill Lane", "enroll": []}
        assert shop.post("/people", sent).status_code == 201
    assert shop.link("anna")["limits"] == []
    shop.reward()
    mine, hers = shop.link("alice")["limits"], shop.link("anna")["limits"]
    assert [one["reason"] for one in mine] == ["month_cap_reached", "household_cap_reached"]
    assert mine[0]["opens_at"].endswith("-01T00:00:00Z")
    assert [one["reason"] for one in hers] == ["household_cap_reached"]
    assert shop.get(f"/people/{shop.link('alice')['person']}").get_json().get("household") is None
