"""Every gate and every code can be said in words."""

from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import select

from referral.domain.attribution import Reason
from referral.domain.businesses import within
from referral.domain.programs import Kind
from referral.domain.reports.explanation import explain_referral, explain_reward, explain_signup
from referral.domain.reports.gates import Explanation, Gate, GateCode, GateName, GateState
from referral.domain.rewards import Reward
from referral.foundation.db import session
from referral.foundation.money import Money
from referral.surfaces.web import why
from tests.cast import DAY, credit, open_shop
from tests.reports.test_explanation import arrived, of_alice


def test_every_gate_and_code_has_words() -> None:
    assert set(why.NAMES) == set(GateName)
    assert set(why.QUESTIONS) == set(GateName)
    assert set(why.CODES) == set(GateCode) - {GateCode.NOT_REACHED}


def test_a_reward_is_explained_in_words(app: Flask) -> None:
    shop = open_shop(advocate=credit(None, rate_bp=1000, cap_minor=5000))
    arrived(shop)
    bought = shop.later(days=1).purchase("bob")
    shop.later(days=1).refund(bought, 6000)
    with app.test_request_context(), within(shop.business.id):
        explanation = explain_reward(of_alice(shop), at=shop.now)
        items = why.gate_items(explanation)
        short = why.in_short(explanation)
    assert short == "The reward waits until returns are no longer possible."
    assert [item["name"] for item in items] == list(why.NAMES.values())
    rule = dict(items[3]["evidence"])
    assert rule["Worked out"] == "10% of €100.00 = €10.00, at most €50.00"
    assert rule["Taken back in all"] == "€5.00"
    assert "2 Dec 2026" in items[4]["next"]


def test_a_customer_from_before_is_where_it_ends_and_not_at_the_hold(app: Flask) -> None:
    shop = open_shop()
    arrived(shop)
    shop.later(days=1).purchase("bob")
    shop.later(days=1).purchase("bob", at=shop.now - 30 * DAY)
    with app.test_request_context(), within(shop.business.id):
        items = why.gate_items(explain_reward(of_alice(shop), at=shop.now))
    match, qualify = items[1], items[2]
    assert dict(match["evidence"])["Customer since"] == "Not known as a customer then"
    assert qualify["state"] == "failed"
    assert "Oct 2026" in dict(qualify["evidence"])["Customer since"]
    assert all(item["state"] == "later" for item in items[3:])
    assert "existing_customer" not in str(items)


def test_a_discount_in_percent_is_worth_nothing_that_is_known_yet(app: Flask) -> None:
    shop = open_shop()
    arrived(shop)
    with app.test_request_context(), within(shop.business.id):
        reward = session.scalars(select(Reward).where(Reward.kind == Kind.DISCOUNT)).one()
        rule = dict(why.gate_items(explain_reward(reward, at=shop.now))[3]["evidence"])
    assert rule["Worth"] == "20% of what it is used for: known when that is paid"
    assert "€0.00" not in str(rule)


def test_what_a_grant_waits_for_is_said_once_and_never_as_a_code(app: Flask) -> None:
    facts = {
        "operation": "credit",
        "attempt": 1,
        "amount": Money(1000, "eur"),
        "state": "waiting",
        "waits_for": "no_customer",
        "last_error": "no_customer",
        **dict.fromkeys(
            ("object_id", "idempotency_key", "proof", "first_sent_at", "settled_at", "given_up_at")
        ),
    }
    gate = Gate(GateName.GRANT, GateState.WAITING, "no_customer", evidence=(("grant", facts),))
    with app.test_request_context():
        (item,) = why.gate_items(Explanation("rwd_1", (gate,)))
    assert "code" not in item
    assert [name for name, _ in item["evidence"]] == ["Credit on the customer's balance, attempt 1"]
    assert "no_customer" not in str(item)


def test_a_reward_that_was_not_taken_in_time_is_not_told_like_a_late_signup() -> None:
    reward = Gate(GateName.GRANT, GateState.FAILED, GateCode.EXPIRED)
    signup = Gate(GateName.MATCH, GateState.FAILED, Reason.EXPIRED)
    assert reward.code == signup.code
    assert why.gate_words(reward) == why.CODES[GateCode.EXPIRED]
    assert "click window" in why.gate_words(signup)


def test_what_the_business_itself_refused_is_not_put_on_stripe() -> None:
    gate = Gate(GateName.GRANT, GateState.FAILED, GateCode.FAILED)
    assert why.gate_words(gate) == "It was refused for good, so nothing was given."


def test_what_people_wrote_is_escaped_in_the_evidence(app: Flask) -> None:
    shop = open_shop()
    joined = shop.signup("bob", code="<b>ALICE</b>")
    with app.test_request_context(), within(shop.business.id):
        (touch, *_) = why.gate_items(explain_signup(joined.signup, at=shop.now))
    assert touch["reason"].startswith("No link has this code.")
    assert "&lt;b&gt;" in str(touch["evidence"][0][1])


def test_a_referral_without_a_purchase_says_until_when_one_counts(app: Flask) -> None:
    shop = open_shop(at=datetime(2026, 1, 1, 12, tzinfo=UTC))
    referral = arrived(shop).referral
    with app.test_request_context(), within(shop.business.id):
        items = why.gate_items(explain_referral(referral, at=shop.now))
    assert items[2]["next"].striptags() == "A purchase counts until 30 Jun 2026."
