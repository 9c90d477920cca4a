"""How operators come in, and how nobody else does."""

import re
from datetime import timedelta

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from referral import create_app
from referral.domain.businesses import Membership, Role, credentials, invite, within
from referral.domain.businesses.audit import AuditEntry
from referral.foundation import clock
from referral.foundation.db import db, session, transaction
from referral.surfaces.web.sessions import UserSession
from tests.cast import Shop
from tests.console.conftest import Desk, hire
from tests.console.visiting import PASSWORD, check_page, code_now, post, sign_in, token
from tests.fixtures import settings_for

FORM = "/console/sign-in"
CODE = "/console/sign-in/code"


def test_a_password_and_a_code_open_the_console(desk: Desk) -> None:
    assert "Overview" in check_page(desk.client.get("/console"))
    with within(desk.shop.business.id):
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.actor_name) == ("operator.signed_in", "Olive")


def test_a_password_alone_opens_nothing(app: Flask, shop: Shop) -> None:
    client = app.test_client()
    post(client, FORM, FORM, email=hire(shop).email, password=PASSWORD)
    assert client.get("/console").location == "/console/sign-in"
    assert session.scalars(select(UserSession)).all() == []


def test_unknown_accounts_and_wrong_passwords_are_answered_alike(app: Flask, shop: Shop) -> None:
    hire(shop)
    answers = []
    for email in ("olive@shop.example", "nobody1@shop.example"):
        client = app.test_client()
        answer = post(client, FORM, FORM, email=email, password="not the password")
        answers.append(check_page(answer, 422).replace(email, "").replace(token(answer), ""))
    same = [text.split("If you ask")[0] for text in answers]
    assert same[0] == same[1]


def test_what_was_left_empty_is_asked_for_beside_its_field(client: FlaskClient) -> None:
    for typed, asked, unasked in (
        ({"email": " ", "password": "a guess"}, ["email"], ["password"]),
        ({"email": "olive@shop.example", "password": ""}, ["password"], ["email"]),
        ({}, ["email", "password"], []),
    ):
        text = check_page(post(client, FORM, FORM, **typed), 422)
        for name in asked:
            assert f'<a href="#f-{name}">Type your {name}.</a>' in text
            assert f'id="e-{name}"' in text
        assert [name for name in unasked if f'id="e-{name}"' in text] == []
        assert "do not belong together" not in text


def test_a_code_is_refused_the_second_time(app: Flask, shop: Shop) -> None:
    operator = hire(shop)
    sign_in(app.test_client(), operator)
    client = app.test_client()
    post(client, FORM, FORM, email=operator.email, password=PASSWORD)
    answer = post(client, CODE, CODE, code=code_now())
    assert "used before" in check_page(answer, 422)
    assert client.get("/console").status_code == 303


def test_a_recovery_code_lets_in_once(app: Flask, shop: Shop) -> None:
    operator = hire(shop)
    with transaction():
        code = credentials.renew_recovery_codes(operator)[0]
    statuses = []
    for _ in range(2):
        client = app.test_client()
        post(client, FORM, FORM, email=operator.email, password=PASSWORD)
        check_page(client.get(CODE, query_string={"recovery": "yes"}))
        statuses.append(post(client, CODE, CODE, code=code, recovery="yes").status_code)
    assert statuses == [303, 422]


def test_the_second_step_is_not_open_without_the_first(client) -> None:
    assert client.get(CODE).location == FORM
    form = token(client.get(FORM))
    assert client.post(CODE, data={"csrf_token": form, "code": "123456"}).location == FORM


def test_signing_in_leads_to_the_page_that_was_asked_for_and_nowhere_else(
    app: Flask, shop: Shop
) -> None:
    operator = hire(shop)
    for wanted, reached in (
        ("/console/rewards?show=held", "/console/rewards?show=held"),
        ("https://evil.example/", "/console"),
        ("//evil.example/console", "/console"),
        ("/console/../portal", "/console"),
    ):
        client = app.test_client()
        with transaction():
            operator.totp_last_step = 0
        typed = {"email": operator.email, "password": PASSWORD, "next": wanted}
        post(client, FORM, FORM, **typed)
        assert post(client, CODE, CODE, code=code_now()).location == reached


def test_the_session_id_is_new_and_signing_out_ends_it(desk: Desk) -> None:
    before = desk.client.get_cookie("console").value
    assert post(desk.client, "/console/sign-out").location == FORM
    desk.client.set_cookie("console", before)
    assert desk.client.get("/console").location == FORM


def test_signing_out_twice_ends_at_the_sign_in_page_both_times(desk: Desk) -> None:
    form = token(desk.client.get("/console"))
    for _ in range(2):
        answer = desk.client.post("/console/sign-out", data={"csrf_token": form})
        assert (answer.status_code, answer.location) == (303, FORM)
    text = check_page(desk.client.get(FORM))
    assert "You are signed out." in text


def test_a_form_without_its_token_is_refused(desk: Desk) -> None:
    answer = desk.client.post("/console/sign-out", data={})
    assert answer.status_code == 400
    assert desk.client.get("/console").status_code == 200


def test_a_first_sign_in_sets_everything_up(app: Flask, shop: Shop) -> None:
    at = clock.now()
    with within(shop.business.id), transaction():
        max_ = invite(shop.business.id, "max@shop.example", role=Role.VIEWER, name="Max", at=at)
        way = f"/console/set-up/{credentials.issue_setup_token(max_, at=at)}"
    client = app.test_client()
    assert "max@shop.example" in check_page(client.get(way))
    assert "At least 12" in check_page(post(client, way, way, password="short"), 422)
    answer = post(client, way, way, password=PASSWORD)
    assert answer.location == f"{way}/authenticator"
    page = check_page(client.get(answer.location))
    assert "data:image/svg+xml;base64," in page
    secret = pyotp.parse_uri(credentials.totp_address(max_)).secret
    assert "".join(page.split('class="code-word">')[1].split("<")[0].split()) == secret
    wrong = post(client, answer.location, answer.location, code="12345")
    check_page(wrong, 422)
    right = pyotp.TOTP(secret).at(clock.wall_now())
    done = check_page(post(client, answer.location, answer.location, code=right))
    assert len(re.findall(r">[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}</code>", done)) == 10
    assert "Overview" in check_page(client.get("/console"))
    assert "You have set up your sign-in already" in check_page(client.get(way), 410)


def test_a_broken_or_unknown_set_up_link_is_a_designed_page(client) -> None:
    for path in ("/console/set-up/unknown", "/console/set-up/unknown/authenticator"):
        assert "This link is not one of ours." in check_page(client.get(path), 410)


def test_an_idle_session_ends(app: Flask, desk: Desk) -> None:
    row = session.scalars(select(UserSession)).one()
    with transaction():
        row.seen_at = clock.now() - timedelta(minutes=30)
    assert desk.client.get("/console").location == FORM


def test_a_lowered_role_counts_from_the_next_request(desk: Desk) -> None:
    assert desk.client.get("/console/programs/new").status_code == 200
    desk.become(Role.SUPPORT)
    text = check_page(desk.client.get("/console/programs/new"), 403)
    assert "You are support at Corner Coffee" in text


def test_somebody_without_a_team_is_told_so(desk: Desk) -> None:
    with within(desk.shop.business.id), transaction():
        session.delete(session.query(Membership).one())
    assert "not on the team" in check_page(desk.client.get("/console"), 403)


def test_a_new_password_signs_every_other_browser_out(app: Flask, desk: Desk) -> None:
    other = app.test_client()
    sign_in(other, desk.operator)
    fresh = "eight brown teapots"
    path = "/console/account/password"
    assert post(desk.client, path, present="wrong", password=fresh).status_code == 422
    assert post(desk.client, path, present=PASSWORD, password="short").status_code == 422
    assert post(desk.client, path, present=PASSWORD, password=fresh).status_code == 303
    assert desk.client.get("/console").status_code == 200
    assert other.get("/console").status_code == 303


def test_the_same_password_again_changes_nothing_and_says_so(app: Flask, desk: Desk) -> None:
    other = app.test_client()
    sign_in(other, desk.operator)
    typed = {"present": PASSWORD, "password": PASSWORD}
    answer = post(desk.client, "/console/account/password", **typed)
    assert "This is your password already. Nothing was changed." in check_page(answer, 422)
    assert other.get("/console").status_code == 200


def test_guessing_is_slowed_down(database_url: str) -> None:
    app = create_app(settings_for(database_url, rate_limit_scale=1))
    client = app.test_client()
    typed = {"email": "olive@shop.example", "password": "a guess"}
    statuses = [post_alone(client, FORM, **typed) for _ in range(11)]
    with app.app_context():
        db.engine.dispose()
    assert statuses == [422] * 10 + [429]


def post_alone(client: FlaskClient, path: str, **typed: str) -> int:
    """Send a page's form and return the status."""
    return client.post(path, data={"csrf_token": token(client.get(path)), **typed}).status_code
