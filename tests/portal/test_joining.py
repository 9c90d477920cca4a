"""Joining through the portal: the evidence a visitor came with is weighed, then they share too."""

import pytest
from sqlalchemy import func, select

from referral.domain.attribution import Referral, Signup
from referral.domain.businesses import across_businesses, within
from referral.domain.people import Person
from referral.domain.programs import ProgramState, change_state
from referral.foundation.db import session, transaction
from tests.portal.visiting import Visitor, World, heading_of, words_of

BOB = {"name": "Bob Arrives", "email": "bob@mail.example"}


def joins(visitor: Visitor, world: World, **fields: str) -> str:
    """Join as bob and return the first page."""
    program = world.shop.program.public_id
    asked = visitor.post("/join", program=program, **{**BOB, **fields})
    assert asked.status_code == 303, asked.text
    visitor.type_code(world.mail(BOB["email"])["code"])
    return visitor.get().text


def alices_token(world: World) -> str:
    with world.at_work():
        return world.shop.click(world.shop.link_of(world.shop.customer("alice")))


def alices_code(world: World) -> str:
    with world.at_work():
        return world.shop.link_of(world.shop.customer("alice")).spoken_code


def advocates_of_bob(world: World) -> list[str]:
    with world.at_work(), within(world.shop.business.id):
        query = select(Referral).join(Referral.friend).where(Person.email == BOB["email"])
        return [one.advocate.email or "" for one in session.scalars(query)]


def count(world: World, kind: type) -> int:
    with world.at_work():
        query = select(func.count()).select_from(kind)
        return session.scalar(query.execution_options(**across_businesses())) or 0


def test_a_visitor_joins_and_sees_a_link_of_their_own(world: World):
    page = joins(world.visitor(), world)

    assert heading_of(page) == "Hello, Bob"
    assert "Here is your own link to share." in page
    assert "share-link" in page
    assert advocates_of_bob(world) == []


def test_the_token_in_the_address_greets_and_counts(world: World):
    token = alices_token(world)
    visitor = world.visitor()
    shown = visitor.get("/join", ref=token)

    page = joins(visitor, world, ref=token)

    assert heading_of(shown.text) == "Alice sent you"
    assert "20% off your first order" in shown.text
    assert "Alice sent you. You get 20% off your first order." in words_of(page)
    assert advocates_of_bob(world) == ["alice@mail.example"]


def test_the_cookie_of_a_followed_link_counts(world: World):
    visitor = world.visitor()
    with world.at_work():
        link = world.shop.link_of(world.shop.customer("alice"))
    visitor.client.get(f"/r/{link.code}", headers={"User-Agent": "Mozilla/5.0 Firefox/140.0"})

    shown = visitor.get("/join")
    joins(visitor, world)

    assert heading_of(shown.text) == "Alice sent you"
    assert advocates_of_bob(world) == ["alice@mail.example"]


def test_a_typed_code_counts(world: World):
    joins(world.visitor(), world, code=alices_code(world).lower())

    assert advocates_of_bob(world) == ["alice@mail.example"]


def test_a_wrong_letter_is_said_at_once(world: World):
    code = alices_code(world)
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")

    answer = world.visitor().post("/join", program=world.shop.program.public_id, code=wrong, **BOB)

    assert answer.status_code == 422
    assert 'id="e-code"' in answer.text
    assert 'value="Bob Arrives"' in answer.text


def test_nobody_becomes_a_person_before_the_address_is_proved(world: World):
    visitor = world.visitor()
    visitor.post("/join", program=world.shop.program.public_id, **BOB)

    assert count(world, Person) == 1
    assert count(world, Signup) == 0


def test_alice_cannot_join_by_her_own_link(world: World):
    token = alices_token(world)
    visitor = world.visitor()
    fields = {"name": "Alice", "email": "alice@mail.example", "ref": token}

    visitor.post("/join", program=world.shop.program.public_id, **fields)
    visitor.type_code(world.mail("alice@mail.example")["code"])

    assert "About the link you came by: This was your own link" in words_of(visitor.get().text)
    assert count(world, Referral) == 0


def test_known_and_unknown_addresses_are_asked_alike(world: World):
    program = world.shop.program.public_id
    pages = []
    for email in ("alice@mail.example", "bob@mail.example"):
        visitor = world.visitor()
        visitor.post("/join", program=program, name="Somebody", email=email)
        pages.append(words_of(visitor.get("/sign-in/code").text).replace(email, ""))

    assert pages[0] == pages[1]


@pytest.mark.parametrize("state", [ProgramState.PAUSED, ProgramState.CLOSED])
def test_a_closed_program_still_leads_to_the_business(world: World, state: ProgramState):
    with world.at_work(), within(world.shop.business.id), transaction():
        change_state(session.merge(world.shop.program), state)

    for query in ({}, {"program": world.shop.program.public_id}):
        page = world.visitor().get("/join", **query)
        assert heading_of(page.text) == "Not open right now"
        assert 'href="https://shop.example/"' in page.text


def test_somebody_signed_in_goes_home(world: World):
    alice = world.signed_in("alice@mail.example")

    assert alice.get("/join").location == f"/portal/{alice.slug}"


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("name", "x" * 201), ("email", "x"), ("code", "ABC")]
)
def test_bad_input_is_said_beside_its_field(world: World, field: str, value: str):
    fields = {**BOB, field: value}

    answer = world.visitor().post("/join", program=world.shop.program.public_id, **fields)

    assert answer.status_code == 422
    assert f'id="e-{field}"' in answer.text


def test_an_unknown_program_is_not_found(world: World):
    visitor = world.visitor()

    assert visitor.get("/join", program="prg_x").status_code == 404
    assert visitor.post("/join", program="prg_x", **BOB).status_code == 404
