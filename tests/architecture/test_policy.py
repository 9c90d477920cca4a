"""Every route is in the policy table, and nothing changes state on a GET."""

import pytest
from flask import Flask

from referral.domain.businesses import Role
from referral.surfaces.web.policy import Door, Need, Undeclared, declared

SAFE = {"GET", "HEAD", "OPTIONS"}


def rules(app: Flask) -> list[tuple[str, set[str], str]]:
    return [(r.endpoint, set(r.methods or ()), r.rule) for r in app.url_map.iter_rules()]


def test_every_route_is_declared(app: Flask) -> None:
    undeclared = sorted({endpoint for endpoint, _, _ in rules(app)} - set(declared()))
    assert undeclared == []


def test_every_declared_line_has_a_route(app: Flask) -> None:
    assert sorted(set(declared()) - {endpoint for endpoint, _, _ in rules(app)}) == []


def test_an_undeclared_route_is_refused(app: Flask) -> None:
    app.add_url_rule("/nowhere", "nowhere.page", lambda: "shown")
    with pytest.raises(Undeclared):
        app.test_client().get("/nowhere")


def test_no_console_page_but_signing_in_is_public(app: Flask) -> None:
    public = {
        endpoint
        for endpoint, need in declared().items()
        if endpoint.startswith("console.") and need.door is not Door.OPERATOR
    }
    paths = {rule for endpoint, _, rule in rules(app) if endpoint in public}
    assert all("sign" in path or "set-up" in path or path.startswith("/console/") for path in paths)
    assert not any(word in path for path in paths for word in ("reward", "people", "program"))


def test_a_viewer_may_change_nothing_in_the_console(app: Flask) -> None:
    needs = declared()
    open_to_viewers = [
        (endpoint, rule)
        for endpoint, methods, rule in rules(app)
        if methods - SAFE
        and needs[endpoint].door is Door.OPERATOR
        and Role.VIEWER in needs[endpoint].roles
        and not methods & {"GET"}
    ]
    own = {"sign-out", "switch", "business", "account", "password", "recovery", "sessions"}
    assert [one for one in open_to_viewers if not any(word in one[1] for word in own)] == []


def test_every_api_route_needs_the_secret_key_but_its_description(app: Flask) -> None:
    needs: dict[str, Need] = declared()
    others = {
        rule
        for endpoint, _, rule in rules(app)
        if rule.startswith("/api/v1") and needs[endpoint].door is not Door.SECRET_KEY
    }
    assert others <= {"/api/v1/openapi.json"}
