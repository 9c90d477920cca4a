"""How a call must look: the key, the body, the address, and what each mistake is answered with."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from referral.domain.businesses import issue_key, revoke_key
from referral.domain.businesses.keys import ApiKey, KeyKind
from referral.foundation.db import session, transaction
from tests.api.conftest import Stage, running, set_up

PURCHASE = {
    "person": {"email": "bob@mail.example"},
    "external_id": "order-1",
    "gross_minor": 100,
    "tax_minor": 0,
    "currency": "eur",
}


def fields(answer):  # type: ignore[no-untyped-def]
    return [one["field"] for one in answer.get_json()["errors"]]


def test_a_call_without_a_key_is_told_how_to_send_one(closed_shop: Stage) -> None:
    answer = closed_shop.app.test_client().get("/api/v1/people")
    assert (answer.status_code, answer.get_json()["code"]) == (401, "missing_key")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "said"),
    [
        ("GET", "/api/v1/giraffes", 404, "not_found", "There is nothing at this address."),
        ("DELETE", "/api/v1/people", 405, "method_not_allowed", "does not take this method"),
        ("POST", "/hooks/stripe/a/b", 404, "not_found", "There is nothing at this address."),
    ],
)
def test_an_address_that_does_not_exist_is_refused_in_our_words(
    closed_shop: Stage, method: str, path: str, status: int, code: str, said: str
) -> None:
    answer = closed_shop.app.test_client().open(path, method=method)
    assert answer.content_type == "application/problem+json"
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert said in answer.get_json()["title"]


@pytest.mark.parametrize("key", ["sk_", "sk_wrong", "Basic", "sk_" + "x" * 500, "sk_ünknown"])
def test_an_unknown_key_opens_nothing(closed_shop: Stage, key: str) -> None:
    answer = replace(closed_shop, key=key).get("/people")
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unknown_key")


def test_the_widgets_key_does_not_open_the_servers_door(shop: Stage) -> None:
    with shop.inside() as inside, transaction():
        key = issue_key(inside.business.id, KeyKind.PUBLISHABLE, name="Widget", at=inside.now)
    answer = replace(shop, key=key).post("/people", {"email": "bob@mail.example"})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "publishable_key")


def test_a_revoked_key_opens_nothing_at_once(shop: Stage) -> None:
    with shop.inside() as inside, transaction():
        revoke_key(session.scalars(select(ApiKey)).one(), at=inside.now)
    assert shop.get("/people").status_code == 401


def test_a_key_in_the_address_is_refused_with_a_hint(closed_shop: Stage) -> None:
    for asked in ({"key": closed_shop.key}, {"access_token": "x"}, {"after": closed_shop.key}):
        answer = closed_shop.get("/people", **asked)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "key_in_address")
        assert closed_shop.key not in answer.get_data(as_text=True)


@pytest.mark.parametrize("mimetype", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_that_is_not_json_is_refused(closed_shop: Stage, mimetype: str) -> None:
    answer = closed_shop.post_raw("/people", b'{"email": "bob@mail.example"}', mimetype=mimetype)
    assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        '{"email": "bob@mail.example"}'.encode("utf-16"),
        b'{"name": "\\ud800", "email": "bob@mail.example"}',
        b'{"email": "a@mail.example", "email": "b@mail.example"}',
        b'{"gross_minor": NaN}',
        b"[" * 100_000,
        b'{"gross_minor": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_cannot_be_read_is_a_400(closed_shop: Stage, body: bytes) -> None:
    answer = closed_shop.post_raw("/people", body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_request")


def test_a_body_beyond_a_megabyte_is_refused_before_it_is_read(closed_shop: Stage) -> None:
    answer = closed_shop.post_raw("/people", b'{"name": "' + b"x" * 1024 * 1024 + b'"}')
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too_large")


def test_unknown_fields_are_refused_each_by_name(closed_shop: Stage) -> None:
    sent = {"email": "bob@mail.example", "state": "approved", "known_since": None}
    answer = closed_shop.post("/people", sent)
    assert answer.status_code == 422
    assert sorted(fields(answer)) == ["known_since", "state"]
    assert closed_shop.get("/people").get_json()["items"] == []


@pytest.mark.parametrize("path", ["/people", "/referrals", "/purchases", "/rewards", "/programs"])
def test_unknown_and_repeated_questions_are_refused(closed_shop: Stage, path: str) -> None:
    assert fields(closed_shop.get(path, staet="pending")) == ["staet"]
    assert fields(closed_shop.get(path, limit=["1", "2"])) == ["limit"]
    for limit in ("0", "101", "x", "", "1_0", "+5", "5.0", "٣"):
        assert fields(closed_shop.get(path, limit=limit)) == ["limit"]


def test_a_single_thing_takes_no_questions(shop: Stage) -> None:
    person = shop.link()["person"]
    assert fields(shop.get(f"/people/{person}", limit="5")) == ["limit"]


@pytest.mark.parametrize(
    "amount", [-1, 10**12 + 1, 10**18, 2**63, 1.5, 1e400, "100", True, False, None, [1]]
)
def test_an_amount_is_a_whole_number_of_minor_units(closed_shop: Stage, amount: object) -> None:
    raw = json.dumps({**PURCHASE, "gross_minor": "AMOUNT"}).replace('"AMOUNT"', written(amount))
    answer = closed_shop.post_raw("/purchases", raw.encode())
    assert (answer.status_code, fields(answer)) == (422, ["gross_minor"])


def written(amount: object) -> str:
    return "1e400" if amount == float("inf") else json.dumps(amount)


def test_a_whole_number_may_be_written_with_a_point(shop: Stage) -> None:
    answer = shop.post_raw("/purchases", json.dumps({**PURCHASE, "gross_minor": 100.0}).encode())
    assert answer.get_json()["gross"] == {"amount_minor": 100, "currency": "eur"}


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-01T12:00:00",
        "2026-11-01",
        "1793534400",
        1793534400,
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-13-01T12:00:00Z",
        "yesterday",
        "2199-01-01T00:00:00Z",
        False,
    ],
)
def test_a_moment_needs_its_offset(closed_shop: Stage, moment: object) -> None:
    answer = closed_shop.post("/purchases", {**PURCHASE, "occurred_at": moment})
    assert (answer.status_code, fields(answer)) == (422, ["occurred_at"])


def test_moments_come_back_in_utc(shop: Stage) -> None:
    sent = {**PURCHASE, "occurred_at": "2026-11-01T13:30:00+01:30"}
    assert shop.post("/purchases", sent).get_json()["occurred_at"] == "2026-11-01T12:00:00Z"


@pytest.mark.parametrize("currency", ["EUR", "zzz", "eu", "€", "eur ", 978])
def test_a_currency_is_a_lower_case_iso_code(closed_shop: Stage, currency: object) -> None:
    answer = closed_shop.post("/purchases", {**PURCHASE, "currency": currency})
    assert (answer.status_code, fields(answer)) == (422, ["currency"])


@pytest.mark.parametrize("own_id", ["", " ", " x", "x\u00a0", "a\u0000b", "\u200bx", "x" * 201])
def test_an_own_id_is_visible_text(closed_shop: Stage, own_id: str) -> None:
    answer = closed_shop.post("/people", {"external_id": own_id})
    assert (answer.status_code, fields(answer)) == (422, ["external_id"])


def test_somebody_must_be_named(closed_shop: Stage) -> None:
    assert fields(closed_shop.post("/people", {"name": "Bob"})) == ["body"]
    assert fields(closed_shop.post("/purchases", {**PURCHASE, "person": {}})) == ["person"]
    sent = {"program": closed_shop.program, "person": {"stripe_customer_id": "cus_1"}}
    assert fields(closed_shop.post("/signups", sent)) == ["person"]


def test_what_was_sent_is_never_told_back(closed_shop: Stage) -> None:
    answer = closed_shop.post(
        "/people", {"email": "s3cret-password", "s3cret-field": "s3cret-value"}
    )
    assert "s3cret-password" not in answer.get_data(as_text=True)
    assert "s3cret-value" not in answer.get_data(as_text=True)


def test_an_address_that_leads_nowhere_is_a_problem_too(closed_shop: Stage) -> None:
    lost, wrong = closed_shop.get("/nothing"), closed_shop.post("/rewards", {})
    assert (lost.status_code, lost.content_type) == (404, "application/problem+json")
    assert (wrong.status_code, wrong.content_type) == (405, "application/problem+json")
    assert set(wrong.headers["Allow"].split(", ")) == {"GET", "HEAD"}


def test_answers_are_never_kept_by_a_cache(closed_shop: Stage) -> None:
    assert closed_shop.get("/people").headers["Cache-Control"] == "no-store"


def test_a_business_that_calls_too_often_is_told_when_to_come_back(database_url: str) -> None:
    with running(database_url, rate_limit_scale=3 / 600) as app:
        shop, other = set_up(app), set_up(app, "Other Oven")
        codes = [shop.get("/people").status_code for _ in range(3)]
        refused = shop.post("/people", {"email": "bob@mail.example"})
        assert codes == [200, 200, 200]
        assert (refused.status_code, refused.get_json()["code"]) == (429, "too_many")
        assert int(refused.headers["Retry-After"]) > 0
        assert other.get("/people").status_code == 200
