"""Each gate says how it stands and why, for whatever became of a recommendation."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.programs import Approval
from referral.domain.reports.explanation import explain_referral, explain_reward, explain_signup
from referral.domain.reports.gates import Explanation, GateName, GateState
from referral.domain.rewards import Reward, ripen
from referral.domain.rewards.attempts import prepare
from referral.domain.rewards.grants import Asked, Done, Grant
from referral.domain.rewards.settling import settle
from referral.foundation.db import session, transaction
from tests.cast import Shop, credit, open_shop
from tests.provider import Provider, ripen_due, send_due

OLIVE = Actor("operator", "Olive")


def arrived(shop: Shop, **brought: str) -> journey.Joined:
    """Let bob sign up through alice's link."""
    token = shop.click(shop.link_of(shop.customer("alice")))
    return shop.later(minutes=5).signup("bob", token=token, **brought)


def of_alice(shop: Shop) -> Reward:
    """Return alice's newest reward."""
    query = select(Reward).where(Reward.side == "advocate").order_by(Reward.id.desc())
    return session.scalars(query).first()


def states(explanation: Explanation) -> dict[str, str]:
    """Return how each gate stands, with its code."""
    return {gate.name.value: f"{gate.state} {gate.code}" for gate in explanation.gates}


def test_a_signup_without_evidence_stops_at_the_touch(app: Flask) -> None:
    shop = open_shop()
    joined = shop.signup("bob")
    with within(shop.business.id):
        seen = states(explain_signup(joined.signup, at=shop.now))
    assert seen["touch"] == "failed no_evidence"
    assert set(list(seen.values())[1:]) == {"skipped not_reached"}


def test_an_own_link_stops_at_the_match_and_shows_the_touch(app: Flask) -> None:
    shop = open_shop()
    token = shop.click(shop.link_of(shop.customer("mallory")))
    joined = shop.later(minutes=5).signup("mallory", token=token)
    with within(shop.business.id):
        explanation = explain_signup(joined.signup, at=shop.now)
    assert states(explanation)["match"] == "failed own_link"
    ((label, touch),) = explanation.gates[0].evidence
    assert (label, touch["kind"], touch["verdict"], touch["advocate_name"]) == (
        "touch",
        "click",
        "own_link",
        "Mallory",
    )


def test_a_friend_who_has_not_bought_is_waited_for_until_the_window_closes(app: Flask) -> None:
    shop = open_shop()
    referral = arrived(shop).referral
    with within(shop.business.id):
        waiting = explain_referral(referral, at=shop.now).stands_at
        over = explain_referral(referral, at=referral.qualify_by).stands_at
    assert (waiting.name, waiting.code, waiting.next_at) == (
        "qualify",
        "no_purchase",
        referral.qualify_by,
    )
    assert (over.state, over.code, over.next_at) == (GateState.FAILED, "after_the_window", None)


def test_a_purchase_below_the_minimum_is_shown_with_its_verdict(app: Flask) -> None:
    shop = open_shop(advocate=credit(minimum_minor=50000))
    referral = arrived(shop).referral
    shop.later(days=1).purchase("bob")
    with within(shop.business.id):
        explanation = explain_referral(referral, at=shop.now)
    assert explanation.stands_at.name is GateName.RULE
    assert explanation.stands_at.code == "below_minimum"
    qualify = explanation.gates[2]
    assert qualify.evidence[0][1]["verdict"] == "below_minimum"
    assert qualify.evidence[0][1]["base"].amount_minor == 10000


def test_a_pending_reward_waits_for_its_hold_with_a_date(app: Flask) -> None:
    shop = open_shop()
    arrived(shop)
    shop.later(days=1).purchase("bob")
    with within(shop.business.id):
        explanation = explain_reward(of_alice(shop), at=shop.now)
    gate = explanation.stands_at
    assert (gate.name, gate.code) == ("hold", "hold_period")
    assert gate.next_at == shop.now + timedelta(days=30)
    assert states(explanation)["budget"] == "passed reserved"
    assert states(explanation)["grant"] == "waiting not_reached"


def test_a_hold_says_by_whom_and_why(app: Flask) -> None:
    shop = open_shop()
    arrived(shop)
    shop.later(days=1).purchase("bob")
    with within(shop.business.id):
        with transaction():
            reward = of_alice(shop)
            journey.hold_reward(reward, actor=OLIVE, reason="Same address.", at=shop.now)
        gate = explain_reward(reward, at=shop.now).stands_at
    assert (gate.name, gate.code) == ("hold", "held")
    label, hold = gate.evidence[-1]
    assert (label, hold["by"], hold["reason"]) == ("hold", "Olive", "Same address.")


def test_a_reached_budget_stops_at_the_budget(app: Flask) -> None:
    shop = open_shop(budget_minor=500)
    arrived(shop)
    shop.later(days=1).purchase("bob")
    with within(shop.business.id):
        explanation = explain_reward(of_alice(shop), at=shop.now)
    assert states(explanation)["budget"] == "failed budget_reached"
    assert states(explanation)["grant"] == "skipped not_reached"
    assert explanation.gates[5].evidence[0][1]["budget"].amount_minor == 500


def test_a_whole_refund_stops_at_the_purchase(app: Flask) -> None:
    shop = open_shop()
    arrived(shop)
    bought = shop.later(days=1).purchase("bob")
    shop.later(days=1).refund(bought, 12000)
    with within(shop.business.id):
        explanation = explain_reward(of_alice(shop), at=shop.now)
    assert states(explanation)["qualify"] == "failed refunded"
    assert states(explanation)["hold"] == "skipped not_reached"


def test_a_granted_reward_passes_every_gate_and_names_the_object(app: Flask) -> None:
    shop = open_shop()
    arrived(shop)
    shop.later(days=1).purchase("bob")
    with within(shop.business.id), transaction():
        reward = of_alice(shop)
        ripen(reward, at=shop.later(days=31).now)
        grant = session.scalars(select(Grant).where(Grant.reward_id == reward.id)).one()
        prepare(grant, Asked("cus_alice"), at=shop.now)
        settle(grant, Done("cbtxn_1", 1000, "eur", "cus_alice", {}), at=shop.now)
    with within(shop.business.id):
        explanation = explain_reward(reward, at=shop.now)
    assert {gate.state for gate in explanation.gates} == {GateState.PASSED}
    assert explanation.stands_at.evidence[0][1]["object_id"] == "cbtxn_1"


@pytest.mark.parametrize(("people", "code"), [(1, "awaits_staff"), (2, "awaits_two")])
def test_a_reward_says_how_many_people_it_waits_for(app: Flask, people: int, code: str) -> None:
    shop = open_shop(approval=Approval.STAFF)
    arrived(shop)
    shop.later(days=1).purchase("bob")
    with within(shop.business.id), transaction():
        reward = of_alice(shop)
        reward.approvals_needed = people
        session.flush()
        ripen(reward, at=shop.later(days=31).now)
    with within(shop.business.id):
        session.refresh(reward)
        assert states(explain_reward(reward, at=shop.now))["hold"] == f"waiting {code}"


def test_a_denied_reward_says_by_whom(app: Flask) -> None:
    shop = open_shop()
    arrived(shop)
    shop.later(days=1).purchase("bob")
    with within(shop.business.id):
        with transaction():
            reward = of_alice(shop)
            journey.deny_reward(reward, actor=OLIVE, reason="A test order.", at=shop.now)
        gate = explain_reward(reward, at=shop.now).stands_at
    assert (gate.name, gate.state, gate.code) == ("hold", "failed", "denied")
    assert gate.evidence[0] == ("decision", {"by": "Olive", "reason": "A test order."})


def test_an_explanation_travels_as_json(app: Flask) -> None:
    shop = open_shop()
    joined = arrived(shop)
    shop.later(days=1).purchase("bob")
    with within(shop.business.id):
        sent = explain_signup(joined.signup, at=shop.now).as_json()
    assert json.loads(json.dumps(sent)) == sent
    assert [gate["name"] for gate in sent["gates"]] == [name.value for name in GateName]
    assert sent["stands_at"] == "hold"
    assert sent["gates"][2]["evidence"][0]["gross"] == {"amount_minor": 12000, "currency": "eur"}


def test_what_staff_took_back_says_why_and_not_that_it_was_refunded(app: Flask) -> None:
    shop = open_shop(hold_days=0)
    arrived(shop)
    shop.later(days=1).purchase("bob")
    with within(shop.business.id):
        ripen_due(at=shop.now)
        send_due(Provider(), at=shop.now)
        reward = of_alice(shop)
        with transaction():
            journey.take_back_reward(reward, actor=OLIVE, reason="Stolen card.", at=shop.now)
        send_due(Provider(), at=shop.now)
        gate = explain_reward(of_alice(shop), at=shop.now).stands_at
    assert (gate.name, gate.code) == ("grant", "taken_back")
    assert gate.evidence[0] == ("taking", {"reason": "Stolen card."})
