"""Signing up from somebody else's page: the decision is kept, and the answer betrays nobody."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from referral.domain.attribution import Referral, Signup
from referral.domain.businesses import within
from referral.domain.links import Link
from referral.domain.notices import Notice
from referral.domain.people import Person
from referral.domain.programs import OfferTerms, ProgramState, Side, Trigger, publish_offer
from referral.foundation.db import session, transaction
from referral.surfaces.web.limits import add_limits
from tests.cast import discount, store_credit
from tests.fixtures import settings_for
from tests.widget.conftest import Page
from tests.widget.test_config import move, token_of_alice


def test_a_friend_with_a_link_is_referred_and_gets_a_link_of_their_own(page: Page):
    token = token_of_alice(page)

    answer = page.sign_up(email="Bob@Mail.example ", name=" Bob  Baker", token=token)

    assert answer.status_code == 201
    bob = person(page, "bob@mail.example")
    assert bob.name == "Bob Baker"
    assert only(page, Referral).friend_id == bob.id
    shown = answer.json["link"]
    assert link_of(page, shown["url"]).person_id == bob.id
    assert shown["code"].replace("-", "") in shown["url"]
    assert answer.json["message"].startswith("If you are new to Corner Coffee, you get 20% off")


def test_a_friend_with_a_code_is_referred(page: Page):
    code = page.shop.link_of(page.shop.customer("alice")).code

    answer = page.sign_up(email="bob@mail.example", code=code.lower())

    assert answer.json["invitation"]["invited_by"] == "Alice"
    assert only(page, Referral).advocate_id == person(page, "alice@mail.example").id


def test_a_signup_is_never_refused_because_its_evidence_is(page: Page):
    answer = page.sign_up(email="bob@mail.example", token="damaged", code="NOTACODE")

    assert answer.status_code == 201
    assert answer.json["invitation"]["outcome"] == "refused"
    assert answer.json["link"] is not None
    assert only(page, Signup).reason == "unknown_code"


def test_signing_up_again_changes_nothing_and_answers_the_same(page: Page):
    sent = {"email": "bob@mail.example", "name": "Bob", "token": token_of_alice(page)}

    first, second = page.sign_up(**sent), page.sign_up(**sent)

    assert first.json == second.json
    assert only(page, Referral).friend_id == only(page, Signup).person_id
    assert len(notices(page, "your_link")) == 1


def test_a_link_shown_before_leads_to_the_person_who_signed_up(page: Page):
    bobs = page.sign_up(email="bob@mail.example", name="Bob").json["link"]["code"]

    page.sign_up(email="carol@mail.example", code=bobs)

    referral = only(page, Referral)
    assert referral.advocate_id == person(page, "bob@mail.example").id


def test_nobody_learns_from_the_answer_whether_an_address_is_known(page: Page):
    """S-37, S-12: a stranger, a customer, a friend already referred, and the advocate herself."""
    shop = page.shop
    alice = shop.customer("alice")
    token = shop.click(shop.link_of(alice))
    shop.customer("carol")
    page.sign_up(email="dave@mail.example", name="Dave", token=token)

    answers = [
        page.sign_up(email=f"{name}@mail.example", name="Somebody", token=token)
        for name in ("stranger", "carol", "dave", "alice")
    ]

    assert len({answer.status_code for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers.keys())) for answer in answers}) == 1
    stranger, *known = [comparable(answer.json) for answer in answers]
    assert known == [stranger] * 3
    assert len(notices(page, "your_link")) == 4


def test_the_link_shown_for_a_known_address_is_not_the_one_they_share(page: Page):
    alices = page.shop.link_of(page.shop.customer("alice"))

    shown = page.sign_up(email="alice@mail.example").json["link"]

    assert alices.code not in shown["url"]
    assert link_of(page, shown["url"]).person_id == alices.person_id
    assert page.config(code=shown["code"]).json["invitation"]["invited_by"] is None


def test_a_stranger_cannot_rename_or_name_a_known_person(page: Page):
    page.shop.customer("alice", full_name="Alice Archer")
    page.shop.customer("carol", full_name="")

    page.sign_up(email="alice@mail.example", name="Mallory")
    page.sign_up(email="carol@mail.example", name="Mallory")

    assert person(page, "alice@mail.example").name == "Alice Archer"
    assert person(page, "carol@mail.example").name is None


def test_no_id_that_carries_a_time_is_answered(page: Page):
    page.shop.customer("alice")

    answer = page.sign_up(email="alice@mail.example")

    for prefix in ("per_", "sgn_", "ref_", "lnk_", "tch_"):
        assert prefix not in answer.text


def test_the_link_that_carries_a_name_is_mailed(page: Page):
    page.sign_up(email="bob@mail.example", name="Bob")

    (mail,) = notices(page, "your_link")
    assert mail.content["to"] == "bob@mail.example"
    mailed = mail.content["code"]
    assert page.config(code=mailed).json["invitation"]["invited_by"] == "Bob"


@pytest.mark.parametrize(
    ("offer", "said"),
    [
        (discount(), "20% off your first order. No code is needed."),
        (
            replace(store_credit(500), side=Side.FRIEND, trigger=Trigger.FIRST_PURCHASE),
            "€5.00 to spend with us after your first purchase. It comes by itself.",
        ),
    ],
)
def test_what_comes_after_a_purchase_is_not_said_to_be_ready(
    page: Page, offer: OfferTerms, said: str
):
    with within(page.shop.business.id), transaction():
        publish_offer(page.shop.program, offer, at=page.shop.now)
    token = page.shop.click(page.shop.link_of(page.shop.customer("alice")))

    answer = page.sign_up(email="bob@mail.example", token=token)

    assert answer.json["message"] == f"If you are new to Corner Coffee, you get {said}"


def test_a_closed_program_keeps_the_person_and_gives_no_link(page: Page):
    token = token_of_alice(page)
    move(page, ProgramState.CLOSED)

    answer = page.sign_up(email="bob@mail.example", token=token)

    assert answer.status_code == 201
    assert answer.json["link"] is None
    assert only(page, Signup).reason == "program_closed"
    assert notices(page, "your_link") == []


BOB = {"email": "bob@mail.example"}
BAD = [
    ({}, "email"),
    ({"email": ""}, "email"),
    ({"email": "bob"}, "email"),
    ({"email": "bob@mail.example\r\nBcc: all@mail.example"}, "email"),
    ({"email": "bob@mail.example, carol@mail.example"}, "email"),
    ({"email": ["bob@mail.example"]}, "email"),
    ({"email": 7}, "email"),
    ({"email": "b" * 400 + "@mail.example"}, "email"),
    ({**BOB, "name": "B" * 101}, "name"),
    ({**BOB, "name": "Bob\x00"}, "name"),
    ({**BOB, "code": {"$ne": 1}}, "code"),
    ({**BOB, "code": "a\x00b"}, "code"),
    ({**BOB, "token": "x" * 201}, "token"),
]
NOT_OBJECTS = [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 9000]


def test_bad_input_is_answered_beside_its_field(page: Page):
    for body, field in BAD:
        answer = page.sign_up(**body)

        assert answer.status_code == 422, body
        assert answer.content_type == "application/problem+json"
        assert [one["field"] for one in answer.json["errors"]] == [field]
        assert answer.headers["Access-Control-Allow-Origin"] == page.origin
    assert rows(page, Person) == rows(page, Signup) == []


def test_what_is_not_a_json_object_is_refused(page: Page):
    for body in NOT_OBJECTS:
        assert send(page, body, "application/json").status_code == 400, body
    assert send(page, b'{"email":"\\ud800"}', "application/json").status_code in (400, 422)
    assert rows(page, Person) == []


def test_a_form_of_another_site_cannot_pass_as_json(page: Page):
    """S-51."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        assert send(page, b'{"email":"bob@mail.example"}', kind).status_code == 415, kind
    assert rows(page, Person) == []


def test_a_body_that_is_too_long_is_refused(page: Page):
    assert page.sign_up(email="bob@mail.example", name="B" * 20_000).status_code == 413


def test_one_network_cannot_sign_up_the_whole_town(app: Flask, page: Page):
    page.client = with_real_limits(app)

    answers = [page.sign_up(email=f"bob{number}@mail.example") for number in range(11)]

    assert [answer.status_code for answer in answers] == [201] * 10 + [429]
    last = answers[-1]
    assert last.headers["Access-Control-Allow-Origin"] == page.origin
    assert int(last.headers["Retry-After"]) > 0
    assert len(rows(page, Person)) == 10


def with_real_limits(app: Flask) -> FlaskClient:
    """Set the limits as they are in production, for what the fixture set far away."""
    app.extensions["settings"] = settings_for("", rate_limit_scale=1)
    add_limits(app)
    return app.test_client()


def send(page: Page, body: bytes, kind: str) -> TestResponse:
    """Send raw bytes as a type."""
    return page.client.post(
        "/widget/v1/signups", data=body, content_type=kind, headers=page.headers
    )


def comparable(said: dict[str, Any]) -> dict[str, Any]:
    """Return an answer without what is random in it: the code, in its three forms."""
    link = said["link"]
    assert len(link["code"]) == 11
    assert link["url"].endswith(link["code"].replace("-", ""))
    return {**said, "link": {**link, "code": "", "url": "", "qr": link["qr"]["size"]}}


def rows(page: Page, model: Any) -> list[Any]:
    """Return all rows of the shop."""
    with within(page.shop.business.id):
        return list(session.scalars(select(model)))


def only(page: Page, model: Any) -> Any:
    """Return the only row of the shop."""
    (row,) = rows(page, model)
    return row


def person(page: Page, email: str) -> Person:
    """Return the person with this address, as stored."""
    session.expire_all()
    return next(one for one in rows(page, Person) if one.email == email)


def link_of(page: Page, url: str) -> Link:
    """Return the link of an address."""
    code = url.rpartition("/")[2]
    return next(link for link in rows(page, Link) if link.code == code)


def notices(page: Page, kind: str) -> list[Notice]:
    """Return the mails of a kind."""
    return [notice for notice in rows(page, Notice) if notice.kind == kind]
