"""The document is valid, complete and current, and a page shows it to people."""

import re

from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate

from referral.surfaces.api.routes import ROUTES
from referral.surfaces.web.policy import Door, declared
from tests.api.conformance import document
from tools.write_api_docs import DOCS, written

PUBLIC = {"api.document", "api.docs"}


def test_the_document_is_valid() -> None:
    validate(document())


def test_the_document_and_its_pages_in_the_repository_are_current() -> None:
    for name, text in written().items():
        assert (DOCS / name).read_text() == text, "run python -m tools.write_api_docs"


def test_the_document_names_every_route_and_no_other(app: Flask) -> None:
    served = {
        (method, re.sub(r"<(\w+)>", r"{\1}", rule.rule).removeprefix("/api/v1"))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint not in PUBLIC
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
    told = {
        (method.upper(), path)
        for path, operations in document()["paths"].items()
        for method in operations
    }
    assert served == told == {(route.method, route.path) for route in ROUTES}


def test_every_route_but_the_document_needs_a_secret_key(app: Flask) -> None:
    doors = {name: need.door for name, need in declared().items() if name.startswith("api.")}
    assert {name for name, door in doors.items() if door is Door.PUBLIC} == PUBLIC
    assert set(doors.values()) == {Door.PUBLIC, Door.SECRET_KEY}


def test_every_post_may_carry_an_idempotency_key() -> None:
    for operations in document()["paths"].values():
        if "post" in operations:
            names = [one["name"] for one in operations["post"]["parameters"]]
            assert "Idempotency-Key" in names


def test_anybody_may_read_the_document_and_its_page(client: FlaskClient) -> None:
    served = client.get("/api/v1/openapi.json")
    page = client.get("/api/docs")
    assert (served.status_code, served.get_json()) == (200, document())
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert 'data-document="/api/v1/openapi.json"' in page.get_data(as_text=True)
