"""Every route of the console against every role, by the declared table (S-15)."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from referral.domain.businesses import Role
from referral.surfaces.console.routes import ROUTES
from referral.surfaces.web.policy import Door, declared
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post, token

NOWHERE = {
    "program": "prg_00000000000000000000000000",
    "reward": "rwd_00000000000000000000000000",
    "charity": "cha_00000000000000000000000000",
    "stock": "gst_00000000000000000000000000",
    "redemption": "rdm_00000000000000000000000000",
    "person": "per_00000000000000000000000000",
    "operator": "opr_00000000000000000000000000",
    "subject": "ref_00000000000000000000000000",
    "side": "advocate",
    "kind": "grant",
    "token": "unknown",
    "<uuid:key>": "00000000-0000-7000-8000-000000000000",
    "<uuid:site>": "00000000-0000-7000-8000-000000000000",
}
BEHIND_THE_DOOR = [route for route in ROUTES if route.need.door is Door.OPERATOR]


def address(path: str) -> str:
    """Return the address of a route with ids that belong to nobody."""
    for name, value in NOWHERE.items():
        path = path.replace(name if name.startswith("<") else f"<{name}>", value)
    return f"/console{path}"


def test_every_route_of_the_console_is_in_the_table(app: Flask) -> None:
    served = {
        rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/console")
    }
    assert served == {f"console.{route.name}" for route in ROUTES}
    assert served <= set(declared())


def test_nothing_but_the_way_in_and_out_is_open_to_anybody() -> None:
    public = {route.name for route in ROUTES if route.need.door is Door.PUBLIC}
    assert public == {
        "sign_in", "sign_in_try", "second_step", "second_step_try", "sign_out",
        "setup", "setup_password", "setup_authenticator", "setup_confirm",
    }  # fmt: skip


@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_what_the_table_says_and_no_more(desk: Desk, role: Role) -> None:
    desk.become(role)
    form = token(desk.client.get("/console/account"))
    wrong = []
    for route in BEHIND_THE_DOOR:
        answer = desk.client.open(
            address(route.path), method=route.method, data={"csrf_token": form}, buffered=True
        )
        refused = answer.status_code == 403
        if refused == (role in route.need.roles) or answer.status_code >= 500:
            wrong.append((route.name, answer.status_code))
        if route.name == "account_password":
            assert answer.status_code == 422
    assert wrong == []


def test_the_roles_form_a_ladder() -> None:
    allowed = {route.name: route.need.roles for route in BEHIND_THE_DOOR}
    assert allowed["hold"] == set(Role) - {Role.VIEWER}
    assert allowed["approve"] == {Role.FINANCE, Role.MANAGER, Role.OWNER}
    assert allowed["program_create"] == allowed["key_issue"] == {Role.MANAGER, Role.OWNER}
    assert allowed["team_invite"] == allowed["stripe_connect"] == {Role.OWNER}
    assert {allowed[route.name] for route in BEHIND_THE_DOOR if route.method == "GET"} == {
        frozenset(Role),
        frozenset({Role.FINANCE, Role.MANAGER, Role.OWNER}),
        frozenset({Role.MANAGER, Role.OWNER}),
    }


def test_a_stranger_is_led_to_the_sign_in_and_changes_nothing(app: Flask) -> None:
    client = app.test_client()
    form = token(client.get("/console/sign-in"))
    answers = {
        (route.name, route.method): client.open(
            address(route.path), method=route.method, data={"csrf_token": form}
        )
        for route in BEHIND_THE_DOOR
    }
    for (name, method), answer in answers.items():
        assert answer.status_code == 303, name
        assert answer.location.startswith("/console/sign-in"), name
        assert method == "GET" or answer.location == "/console/sign-in", name
    assert "You were signed out, nothing was changed." in client.get("/console/sign-in").text


def test_a_form_left_open_after_signing_out_leads_to_the_sign_in(desk: Desk) -> None:
    left_open = {"csrf_token": token(desk.client.get("/console/account")), "state": "paused"}
    path = f"/console/programs/{desk.shop.program.public_id}"
    post(desk.client, "/console/sign-out")
    answer = desk.client.post(f"{path}/state", data=left_open)
    assert (answer.status_code, answer.location) == (303, "/console/sign-in")
    text = check_page(desk.client.get(answer.location))
    assert "You were signed out, nothing was changed." in text
    assert desk.shop.program.state == "active"


def test_a_form_without_its_token_is_refused_to_somebody_signed_in(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}"
    answer = desk.client.post(f"{path}/state", data={"state": "paused"})
    assert 'href="/console"' in check_page(answer, 400)
    assert desk.shop.program.state == "active"


def test_bad_news_below_the_console_leads_back_to_the_console(desk: Desk) -> None:
    assert 'href="/console"' in check_page(desk.client.get("/console/nowhere"), 404)


def test_the_address_of_a_refused_form_leads_back_to_its_page_when_reloaded(desk: Desk) -> None:
    pages = {route.path for route in ROUTES if route.method == "GET"}
    reached = {
        route.name: desk.client.get(address(route.path))
        for route in ROUTES
        if route.method == "POST" and route.path not in pages
    }
    assert {name for name, answer in reached.items() if answer.status_code != 303} == set()
    leads = {name: answer.location for name, answer in reached.items()}
    assert leads["program_move"] == address("/programs/<program>")
    assert leads["team_role"] == "/console/settings/team"
    assert leads["hold"] == "/console/rewards"
    assert leads["sign_out"] == "/console"


def test_whatever_stands_in_a_forms_address_is_written_as_one_again(client: FlaskClient) -> None:
    answer = client.get("/console/programs/x%0D%0AX-Evil: 1%3Fy/state")
    assert (answer.status_code, "X-Evil" in answer.headers) == (303, False)
    assert answer.location == "/console/programs/x%0D%0AX-Evil%3A%201%3Fy"


def test_no_form_works_without_its_token(desk: Desk) -> None:
    posts = [route for route in ROUTES if route.method == "POST"]
    statuses = {desk.client.post(address(route.path)).status_code for route in posts}
    assert statuses == {400}


def test_other_methods_are_not_known(desk: Desk) -> None:
    for route in BEHIND_THE_DOOR:
        for method in ("PUT", "PATCH", "DELETE"):
            assert desk.client.open(address(route.path), method=method).status_code in (400, 405)
