"""Connecting Stripe in the console: keys are tried first, and whose they are is remembered."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import stripe
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from config import ROOT
from referral.domain.businesses import StripeConnection, connect_stripe, within
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.gateways.stripe import (
    API_VERSION,
    EVENTS,
    EventPoll,
    StripeAccount,
    StripeEvent,
    keep,
    poll_now,
)
from referral.gateways.stripe.errors import LacksRight, Misconfigured
from referral.gateways.stripe.reading import EVENTS_READ
from tests.console.conftest import Desk
from tests.console.test_payouts import paying
from tests.console.visiting import check_page, post
from tests.stories.settings import practice
from tools.practice_stripe import PracticeStripe

PATH = "/console/settings/stripe"
SECRET = "whsec_abc"
__all__ = ["practice"]


@pytest.fixture(autouse=True)
def at_practice_stripe(app: Flask, practice: PracticeStripe) -> None:
    """What the shop's keys ask goes to practice Stripe."""
    app.extensions["settings"] = app.extensions["settings"].but(stripe_api_base=practice.url)


def connected(desk: Desk) -> StripeConnection:
    """Return how the shop is connected now."""
    session.rollback()
    with within(desk.shop.business.id):
        return session.scalars(select(StripeConnection)).one()


def connect(desk: Desk, key: str, **more: str) -> TestResponse:
    """Send the form with a key."""
    return post(
        desk.client, PATH, PATH, stripe_secret_key=key, stripe_webhook_secret=SECRET, **more
    )


def test_stripe_is_connected_and_its_secrets_are_never_shown(desk: Desk) -> None:
    assert "Not connected" in check_page(desk.client.get(PATH))
    typed = {"stripe_secret_key": "rk_test_very_secret_9876", "stripe_webhook_secret": "whsec_abc"}
    assert post(desk.client, PATH, PATH, **typed).location == PATH
    connection = connected(desk)
    assert connection.secret_key == "rk_test_very_secret_9876"
    text = check_page(desk.client.get(PATH)) + desk.client.get("/console/audit").text
    assert "ends in 9876" in text
    assert "very_secret" not in text
    assert "whsec_abc" not in text
    wrong = check_page(post(desk.client, PATH, stripe_secret_key="pk_1"), 422)
    assert 'id="e-stripe_secret_key"' in wrong
    assert 'id="e-stripe_webhook_secret"' in wrong


def test_the_webhook_hint_is_what_the_document_says(desk: Desk) -> None:
    document = (ROOT / "docs/stripe.md").read_text("utf-8")
    text = check_page(desk.client.get(PATH))
    asked = re.findall(r"enabled_events\[\]=([\w.]+)", document)
    assert re.findall(r"<li><code>([^<]+)</code></li>", text) == asked
    assert set(EVENTS) < set(EVENTS_READ)
    assert set(re.findall(r"api_version=(\S+)", document)) == {API_VERSION, stripe.api_version}
    assert f"with the API version {API_VERSION}" in text


@pytest.mark.parametrize("is_practice", [True, False])
def test_a_missing_event_is_no_trouble_while_practising(desk: Desk, is_practice: bool) -> None:
    with within(desk.shop.business.id), transaction():
        connect_stripe(
            desk.shop.business.id, secret_key="sk_test_1234", webhook_secret="whsec_1",
            at=clock.now(), is_practice=is_practice,
        )  # fmt: skip
    text = check_page(desk.client.get(PATH))
    assert ("No event has arrived yet." in text) is not is_practice
    assert ("None yet" in text) is not is_practice


BANNER = "Practice Stripe: no real money moves."


@pytest.mark.parametrize(
    ("key", "base", "is_practice"),
    [
        ("sk_test_1234", "http://127.0.0.1:8001", True),
        ("sk_live_1234", "http://127.0.0.1:8001", False),
        ("sk_test_1234", "https://api.stripe.com/", False),
        ("sk_test_1234", "", False),
        (None, "http://127.0.0.1:8001", False),
    ],
)
def test_who_practises_is_told_so_on_every_page(
    app: Flask, desk: Desk, key: str | None, base: str, is_practice: bool
) -> None:
    app.extensions["settings"] = app.extensions["settings"].but(stripe_api_base=base)
    business_id = desk.shop.business.id
    if key:
        with within(business_id), transaction():
            connect_stripe(business_id, secret_key=key, webhook_secret="whsec_1", at=clock.now())
    assert (BANNER in check_page(desk.client.get("/console"))) is is_practice
    assert (f"<code>{base}</code> answers" in desk.client.get(PATH).text) is is_practice


def test_the_account_of_a_key_is_remembered_and_a_rolled_key_is_taken(desk: Desk) -> None:
    for key in ("sk_test_shop", "rk_test_shop"):
        assert connect(desk, key).status_code == 303
        assert connected(desk).secret_key == key
    account = connected(desk).account_id
    assert account is not None
    assert account in check_page(desk.client.get(PATH))


def test_a_key_of_another_account_is_taken_only_on_purpose(desk: Desk) -> None:
    connect(desk, "sk_test_shop")
    before = connected(desk).account_id
    refused = check_page(connect(desk, "sk_test_other"), 422)
    assert "another Stripe account" in refused
    assert 'name="moves_account"' in refused
    assert connected(desk).secret_key == "sk_test_shop"
    assert connect(desk, "sk_test_other", moves_account="yes").status_code == 303
    assert connected(desk).secret_key == "sk_test_other"
    assert connected(desk).account_id != before


@pytest.mark.parametrize("kind", ["refuse", "500", "429"])
def test_a_silent_stripe_is_no_obstacle(desk: Desk, practice: PracticeStripe, kind: str) -> None:
    practice.fault(kind, "GET", "/v1/account")
    assert connect(desk, "sk_test_shop").status_code == 303
    assert connected(desk).account_id is None
    assert "could not say" in check_page(desk.client.get(PATH))


def test_a_key_that_may_not_say_whose_it_is_is_taken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StripeAccount, "whose", raising(LacksRight("It lacks the right.")))
    assert connect(desk, "rk_test_shop").status_code == 303
    assert connected(desk).account_id is None


def test_a_key_stripe_refuses_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StripeAccount, "whose", raising(Misconfigured("Invalid API Key.")))
    text = check_page(connect(desk, "sk_test_shop"), 422)
    assert "Stripe does not take this key. Invalid API Key." in text
    assert "Not connected" in check_page(desk.client.get(PATH))


def raising(trouble: Exception) -> Callable[[StripeAccount], str]:
    """Return a call to Stripe that fails."""

    def fail(_: StripeAccount) -> str:
        raise trouble

    return fail


def test_a_place_that_may_be_another_is_taken_only_on_purpose(
    desk: Desk, practice: PracticeStripe
) -> None:
    connect(desk, "sk_test_shop")
    practice.fault("refuse", "GET", "/v1/account", times=2)
    refused = check_page(connect(desk, "rk_test_other"), 422)
    assert "could not be asked whether this is a key of acct_" in refused
    assert connected(desk).secret_key == "sk_test_shop"
    assert connect(desk, "rk_test_other", moves_account="yes").status_code == 303
    with within(desk.shop.business.id), transaction():
        session.scalars(select(StripeConnection)).one().is_live = True
    assert "connected in live mode" in check_page(connect(desk, "sk_test_shop"), 422)
    assert connect(desk, "sk_test_shop", moves_account="yes").status_code == 303
    assert connected(desk).is_live is False


def test_a_signing_secret_looks_like_one(desk: Desk) -> None:
    typed = {"stripe_secret_key": "sk_test_shop", "stripe_webhook_secret": "nope"}
    text = check_page(post(desk.client, PATH, PATH, **typed), 422)
    assert "starts with whsec_" in text
    assert "Not connected" in check_page(desk.client.get(PATH))


def test_news_that_waits_is_shown_with_its_reason(desk: Desk) -> None:
    at = clock.now()
    business = desk.shop.business.id
    with within(business), transaction():
        keep(business, event_id="evt_1", type="charge.refunded", is_live=False, payload="{}", at=at)
        session.scalars(select(StripeEvent)).one().last_error = "The purchase has not arrived."
    text = check_page(desk.client.get(PATH))
    assert "News that waits" in text
    assert "The purchase has not arrived." in text


def test_when_missed_events_were_looked_for_is_shown_or_why_not(desk: Desk) -> None:
    at, business = clock.now(), desk.shop.business.id
    with within(business), transaction():
        connect_stripe(business, secret_key="sk_test_1", webhook_secret="whsec_1", at=at)
        poll_now(business, at=at)
    assert "Missed events" not in check_page(desk.client.get(PATH))
    with within(business), transaction():
        poll = session.scalars(select(EventPoll)).one()
        poll.looked_at, poll.last_error = at, "The key may not read events."
    text = check_page(desk.client.get(PATH))
    assert "Missed events looked for" in text
    assert "could not be looked for: The key may not read events." in text


def test_the_health_page_says_what_the_key_is_and_what_waits(
    desk: Desk, practice: PracticeStripe
) -> None:
    connect_by_hand(desk)
    text = check_page(desk.client.get(f"{PATH}/health"))
    assert "may read everything we need" in text
    assert "Nothing waits" in text


def test_the_health_page_says_what_rewards_wait_for(desk: Desk, practice: PracticeStripe) -> None:
    paying(desk.shop)
    connect_by_hand(desk)
    text = check_page(desk.client.get(f"{PATH}/health"))
    assert re.search(r"Stripe is not connected\..*data-label=\"Rewards\">2<", text, re.S)


def test_the_health_page_names_the_rights_a_key_lacks(desk: Desk, practice: PracticeStripe) -> None:
    connect_by_hand(desk)
    practice.refuse_rights("transfers:read", "transfers:write")
    text = check_page(desk.client.get(f"{PATH}/health"))
    assert re.search(r"<code>transfers</code>.*Cash", text, re.S)


def test_the_health_page_says_when_stripe_cannot_be_asked(
    desk: Desk, practice: PracticeStripe
) -> None:
    connect_by_hand(desk)
    practice.fault("429", "GET", "/v1/", times=50)
    assert "could not be asked" in check_page(desk.client.get(f"{PATH}/health"))


def test_without_a_connection_there_is_no_health_to_show(desk: Desk) -> None:
    answer = desk.client.get(f"{PATH}/health")
    assert (answer.status_code, answer.location) == (303, PATH)


def connect_by_hand(desk: Desk) -> None:
    with within(desk.shop.business.id), transaction():
        connect_stripe(
            desk.shop.business.id,
            secret_key="rk_test_health",
            webhook_secret=SECRET,
            at=clock.now(),
        )
