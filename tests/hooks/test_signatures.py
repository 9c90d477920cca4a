"""Only what Stripe signed for this business, and not long ago, comes in (S-121 to S-132)."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from referral.domain.businesses import connect_stripe, within
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from referral.gateways.stripe import StripeEvent
from tests.cast import open_shop
from tests.hooks.conftest import statements
from tests.stories.trade import SECRET, Trade, connect
from tools.practice_stripe.courier import sign

BODY = json.dumps(
    {"id": "evt_1", "type": "customer.created", "created": 1, "livemode": False, "data": {}}
).encode()

CHANGED = [
    BODY + b" ",
    BODY.replace(b'"evt_1"', b'"evt_2"'),
    json.dumps(json.loads(BODY), sort_keys=True).encode(),
    json.dumps(json.loads(BODY), indent=1).encode(),
]
STRANGE = [
    "t=abc,v1=00",
    "t=1,t=2,v1=00",
    "t=99999999999999999999,v1=00",
    "t=999999999999999,v1=00",
    "t=-1,v1=00",
    "t=١٢٣,v1=00".encode().decode("latin-1"),
    "t=1,v1=ÿþ",
    ",".join(["v1=00"] * 1000),
    "=,=,=",
    "t" * 5000,
]


def kept(trade: Trade) -> int:
    with within(trade.shop.business.id):
        found = session.scalar(select(func.count()).select_from(StripeEvent))
    session.remove()
    return int(found or 0)


def signed(body: bytes = BODY, *, secret: str = SECRET, ago_s: int = 0) -> str:
    return sign(body, secret, at=int(time.time()) - ago_s)


def digest(body: bytes, at: int, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def test_s121_a_signed_event_is_kept_and_answered(trade: Trade) -> None:
    assert trade.post(BODY) == 200
    assert kept(trade) == 1


UNSIGNED: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "a stamp alone": lambda: "t=1",
    "a signature alone": lambda: "v1=abc",
    "another secret": lambda: signed(secret="whsec_mallory"),
    "an empty secret": lambda: signed(secret=""),
    "the old scheme": lambda: signed().replace("v1=", "v0="),
    "an unknown scheme": lambda: signed().replace("v1=", "v2="),
}


@pytest.mark.parametrize("how", UNSIGNED)
def test_s121_what_is_not_signed_by_stripe_is_refused(trade: Trade, how: str) -> None:
    assert trade.post(BODY, header=UNSIGNED[how]()) == 400
    assert kept(trade) == 0


def test_s121_an_empty_secret_is_refused_when_it_is_set(trade: Trade) -> None:
    with within(trade.shop.business.id), transaction(), pytest.raises(Invalid):
        connect_stripe(
            trade.shop.business.id, secret_key="sk_test_1", webhook_secret=" ", at=trade.shop.now
        )


def test_s122_the_raw_bytes_are_what_is_signed(trade: Trade) -> None:
    for changed in CHANGED:
        assert trade.post(changed, header=signed(BODY)) == 400, changed
    assert kept(trade) == 0


@pytest.mark.parametrize(("ago_s", "status"), [(290, 200), (310, 400), (-290, 200), (-600, 400)])
def test_s123_old_and_future_stamps_are_refused(trade: Trade, ago_s: int, status: int) -> None:
    """F-42."""
    assert trade.post(BODY, header=signed(ago_s=ago_s)) == status


def test_s123_a_replay_in_time_has_no_second_effect(trade: Trade) -> None:
    header = signed()
    assert [trade.post(BODY, header=header) for _ in range(3)] == [200] * 3
    assert kept(trade) == 1


def test_s124_a_strange_header_is_a_refusal_and_not_a_failure(trade: Trade) -> None:
    for header in STRANGE:
        assert trade.post(BODY, header=header) == 400, header


def test_s124_one_of_several_signatures_is_enough_while_a_secret_is_rolled(trade: Trade) -> None:
    at = int(time.time())
    header = f"t={at},v1={digest(BODY, at, 'whsec_old')},v1={digest(BODY, at)}"
    assert trade.post(BODY, header=header) == 200
    twice = f"t={at},t={at},v1={digest(BODY, at)}"
    assert trade.post(BODY, header=twice) == 400


def test_each_of_two_endpoints_signs_with_its_own_secret(trade: Trade) -> None:
    connect(trade.shop, secret=f"{SECRET},whsec_payees")
    assert trade.post(BODY) == 200
    assert trade.post(BODY, header=signed(secret="whsec_payees")) == 200
    for wrong in ("whsec_mallory", "", f"{SECRET},whsec_payees"):
        assert trade.post(BODY, header=signed(secret=wrong)) == 400


def test_a_rotated_secret_counts_within_a_second(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert trade.post(BODY) == 200
    connect(trade.shop, secret="whsec_new")
    beginning = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: beginning + 1)
    assert trade.post(BODY, header=signed(secret="whsec_new")) == 200
    assert trade.post(BODY) == 400


def test_s131_a_thousand_forgeries_hardly_reach_the_database(trade: Trade) -> None:
    assert trade.post(BODY) == 200
    with statements() as asked:
        for _ in range(1000):
            assert trade.post(BODY, header="t=1,v1=00") == 400
        assert trade.post(BODY) == 200
    assert len(asked) < 100


def test_s126_an_event_signed_for_one_business_is_refused_by_another(trade: Trade) -> None:
    other = open_shop("Tea House", at=trade.shop.now)
    connect(other, secret="whsec_tea")
    assert trade.post(BODY, header=signed(secret="whsec_tea")) == 400


@pytest.mark.parametrize(
    "path",
    [
        "/hooks/stripe/biz_01m80adcfrfn980ysk40bk9wxq",
        "/hooks/stripe/biz_nothing",
        "/hooks/stripe/per_00000000000000000000000000",
        "/hooks/stripe/%00",
    ],
)
def test_an_unknown_business_is_not_found(trade: Trade, path: str) -> None:
    answer = trade.client.post(path, data=BODY, headers={"Stripe-Signature": signed()})
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_a_business_without_stripe_is_not_found(trade: Trade) -> None:
    other = open_shop("Tea House", at=trade.shop.now)
    path = f"/hooks/stripe/{other.business.public_id}"
    answer = trade.client.post(path, data=BODY, headers={"Stripe-Signature": signed()})
    assert answer.status_code == 404


def test_a_refusal_says_what_to_look_at_and_no_secret(trade: Trade) -> None:
    answer = trade.client.post(trade.hook_path, data=BODY)
    assert answer.get_json()["code"] == "bad_signature"
    assert SECRET not in answer.text


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_only_post_is_answered(trade: Trade, method: str) -> None:
    answer = getattr(trade.client, method)(trade.hook_path)
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_s132_neither_cookie_nor_form_token_is_asked_for_or_given(trade: Trade) -> None:
    answer = trade.client.post(
        trade.hook_path, data=BODY, headers={"Stripe-Signature": signed(), "Cookie": "session=x"}
    )
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
