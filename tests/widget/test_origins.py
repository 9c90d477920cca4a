"""Who may ask: a key of the business, from exactly one of its origins (S-53 to S-58)."""

import pytest

from referral.domain.businesses import ApiKey, across_businesses, revoke_key
from referral.domain.businesses.keys import KeyKind, issue_key
from referral.domain.businesses.ownership import within
from referral.foundation.db import session, transaction
from tests.cast import open_shop
from tests.widget.conftest import ORIGIN, Page, publishable_key, speak_from

TRICKY = [
    "",
    "null",
    "https://shop.example.evil.example",
    "https://evilshop.example",
    "https://shop.example:444",
    "http://shop.example",
    "https://SHOP.example",
    "HTTPS://shop.example",
    "https://shop.example.",
    "https://shop.example/",
    "https://shop.example%60.evil.example",
    "https://www.shop.example",
    "https://shop.example, https://evil.example",
    "https://evil.example, https://shop.example",
    "*",
]
ALLOWING = "Access-Control-Allow-Origin"


def test_a_listed_origin_may_read_the_answer_but_never_with_credentials(page: Page):
    answer = page.config()

    assert answer.status_code == 200
    assert answer.headers[ALLOWING] == ORIGIN
    assert "Origin" in answer.vary
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Set-Cookie" not in answer.headers


def test_no_other_origin_may_read_anything(page: Page):
    for origin in TRICKY:
        page.origin = origin

        answer = page.config()

        assert (answer.status_code, answer.json["code"]) == (403, "foreign_origin"), origin
        assert ALLOWING not in answer.headers
        assert "Origin" in answer.vary
        assert page.shop.business.name not in answer.text


def test_no_other_origin_passes_the_preflight(page: Page):
    for origin in TRICKY:
        answer = preflight(page, origin)

        assert answer.status_code == 403, origin
        assert ALLOWING not in answer.headers


def test_two_origin_headers_are_no_origin(page: Page):
    headers = [("Origin", ORIGIN), ("Origin", ORIGIN), ("Authorization", f"Bearer {page.key}")]

    answer = page.client.get("/widget/v1/config", headers=headers)

    assert answer.status_code == 403
    assert ALLOWING not in answer.headers


def test_a_preflight_from_a_site_is_answered_for_ten_minutes(page: Page):
    answer = preflight(page, ORIGIN)

    assert answer.status_code == 204
    assert answer.headers[ALLOWING] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    assert int(answer.headers["Access-Control-Max-Age"]) <= 600
    assert "Origin" in answer.vary


@pytest.mark.parametrize(
    "asked",
    [
        {"Access-Control-Request-Method": "DELETE"},
        {"Access-Control-Request-Method": "GET"},
        {"Access-Control-Request-Headers": "authorization, x-evil"},
    ],
)
def test_a_preflight_for_anything_else_is_refused(page: Page, asked: dict[str, str]):
    answer = preflight(page, ORIGIN, **asked)

    assert answer.status_code == 403
    assert ALLOWING not in answer.headers


def test_the_key_may_come_in_a_header_of_its_own(page: Page):
    headers = {"Origin": ORIGIN, "X-Referral-Key": page.key}

    assert page.client.get("/widget/v1/config", headers=headers).status_code == 200


@pytest.mark.parametrize("key", ["", "pk_", "pk_unknown", "sk_secret", "Bearer"])
def test_without_a_key_nothing_is_answered(page: Page, key: str):
    page.key = key

    answer = page.config()

    assert (answer.status_code, answer.json["code"]) == (401, "unknown_key")
    assert ALLOWING not in answer.headers


def test_a_secret_key_does_not_belong_on_a_page(page: Page):
    business_id = page.shop.business.id
    with within(business_id), transaction():
        page.key = issue_key(business_id, KeyKind.SECRET, name="Server", at=page.shop.now)

    assert page.config().status_code == 401


def test_a_revoked_key_is_dead_at_once(page: Page):
    with transaction():
        key = session.query(ApiKey).execution_options(**across_businesses()).one()
        revoke_key(key, at=page.shop.now)

    assert page.config().status_code == 401


def test_the_key_of_one_business_does_not_work_on_the_site_of_another(page: Page):
    other = open_shop("Tea House")
    speak_from(other, "https://tea.example")

    page.origin = "https://tea.example"

    assert page.config().status_code == 403


def test_the_program_of_another_business_is_not_there(page: Page):
    other = open_shop("Tea House")
    theirs = other.program.public_id

    asked = page.config(program=theirs)
    sent = page.sign_up(email="bob@mail.example", program=theirs)

    assert (asked.status_code, sent.status_code) == (404, 404)
    assert asked.json["code"] == "not_found"


def test_the_code_of_another_business_is_unknown_here(page: Page):
    other = open_shop("Tea House")
    link = other.link_of(other.customer("alice"))
    page_of_other = Page(page.client, other, publishable_key(other))

    assert page_of_other.config(code=link.code).json["invitation"]["invited_by"] == "Alice"
    assert page.config(code=link.code).json["invitation"]["reason"] == "unknown_code"


def preflight(page: Page, origin: str, **asked: str):
    """Ask as a browser does before it sends the form."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
        **asked,
    }
    return page.client.options("/widget/v1/signups", headers=headers)
