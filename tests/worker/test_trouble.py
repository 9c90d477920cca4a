"""Trouble of one row is kept where staff see it, waits with patience, and stops no other."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from referral.domain import journey
from referral.domain.businesses import Actor, across_businesses, within
from referral.domain.reports.explanation import explain_reward
from referral.domain.rewards import Grant, Reward
from referral.foundation import clock, due
from referral.foundation.db import session, transaction
from referral.gateways.stripe import StripeAccount, StripeEvent
from referral.gateways.stripe.errors import Misconfigured, Permanent
from tests.crash.scenes import assert_granted_once, count_rewards, credit_calls, earn
from tests.stories.books import books_of, grants_of
from tests.stories.trade import A_WHILE_S, Trade, assert_clean, later


def poisoned(trade: Trade) -> None:
    """Deliver an event nobody can read: it has no time."""
    body = {"id": "evt_poison", "type": "invoice.paid", "data": {"object": {"id": "in_1"}}}
    assert trade.post(json.dumps(body).encode()) == 200


def the_event() -> StripeEvent:
    session.remove()
    query = select(StripeEvent).where(StripeEvent.event_id == "evt_poison")
    return session.scalars(query.execution_options(**across_businesses())).one()


def try_often(trade: Trade, times: int) -> None:
    for number in range(times):
        with later(number * A_WHILE_S):
            trade.work()


def test_f23_a_poison_event_is_given_up_after_eight_tries_and_others_go_on(trade: Trade) -> None:
    poisoned(trade)
    bought = trade.practice.buy(1000, currency="eur", email="bob@mail.example", deliver=False)
    trade.tell(bought["events"])
    trade.work()
    assert [paid[1] for paid in books_of(trade)["purchases"]] == [1000]
    try_often(trade, 12)
    event = the_event()
    assert (event.attempts, event.read_at) == (8, None)
    assert event.dead_at is not None
    assert event.last_error == "ValueError: an event without a time"


def test_an_event_whose_effect_fails_is_not_done_with(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought = trade.practice.buy(1000, currency="eur", email="bob@mail.example", deliver=False)
    trade.tell(bought["events"])
    with monkeypatch.context() as patch:
        patch.setattr("referral.domain.journey.buy", lambda *_, **__: 1 / 0)
        trade.work()
    assert books_of(trade)["purchases"] == []
    trade.settle()
    assert [paid[1] for paid in books_of(trade)["purchases"]] == [1000]
    assert_clean()


def test_a_refund_nobody_may_ask_about_says_why_and_is_not_let_go(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise Misconfigured("The key lacks the right.")

    monkeypatch.setattr(StripeAccount, "sale_of", refuse)
    bought = trade.practice.buy(1000, currency="eur", email="bob@mail.example", deliver=False)
    back = trade.practice.refund(bought["charge"]["id"], 500, deliver=False)
    trade.tell(back["events"])
    trade.work()
    assert {event.last_error for event in unread()} == {
        "The purchase this belongs to has not arrived yet. "
        "Stripe could not be asked for its invoice: The key lacks the right."
    }
    with later(5 * 86_400):
        trade.work()
        assert {event.dead_at is not None for event in unread()} == {True}
    trade.tell(bought["events"])
    refused = unread()
    with transaction():
        for event in refused:
            due.replay(event, at=clock.now())
    trade.settle()
    assert [paid[1:3] for paid in books_of(trade)["purchases"]] == [(1000, 1000)]
    assert books_of(trade)["purchases"][0][4] == 500
    assert_clean()


def unread() -> list[StripeEvent]:
    session.remove()
    query = select(StripeEvent).where(StripeEvent.read_at.is_(None))
    return list(session.scalars(query.execution_options(**across_businesses())))


def test_f23_what_was_given_up_can_be_replayed(trade: Trade) -> None:
    poisoned(trade)
    try_often(trade, 12)
    event = the_event()
    with transaction():
        event.payload = json.dumps({**json.loads(event.payload), "type": "giraffe.painted"})
        due.replay(event, at=clock.now())
    trade.work()
    assert (the_event().dead_at, the_event().outcome) == (None, "ignored")
    assert_clean()


def test_f10_an_answer_that_is_not_what_was_asked_for_stops_and_holds(trade: Trade) -> None:
    earn(trade)
    trade.practice.fault("wrong_amount", "POST", "/v1/customers/")
    trade.settle()
    session.remove()
    reward = session.scalars(select(Reward).execution_options(**across_businesses())).one()
    assert (reward.state, reward.open_holds) == ("granting", 1)
    assert grants_of(trade) == [("credit", "sending", "wrong_answer")]
    assert len(credit_calls(trade)) == 1


def test_f10_what_was_stopped_says_no_next_try_and_goes_on_once_it_is_released(
    trade: Trade,
) -> None:
    """The answer was spoilt on its way here: Stripe repeats the right one for the same key."""
    alice = earn(trade)
    trade.practice.fault("wrong_amount", "POST", "/v1/customers/")
    trade.settle()
    session.remove()
    with within(trade.shop.business.id), transaction():
        reward = session.scalars(select(Reward)).one()
        told = explain_reward(reward, at=clock.now()).stands_at
        assert (told.code, told.next_at) == ("wrong_answer", None)
        olive = Actor("operator", "Olive")
        journey.release_reward(reward, actor=olive, reason="It is right there.", at=clock.now())
    trade.work()
    assert_granted_once(trade, alice)


@pytest.mark.parametrize("kind", ["refuse", "500", "429"])
def test_f12_rewards_wait_for_as_long_as_stripe_is_away(trade: Trade, kind: str) -> None:
    alice = earn(trade, 3)
    trade.practice.fault(kind, times=1000)
    try_often(trade, 14)
    assert count_rewards(trade, "granted") == 0
    trade.practice.clear_faults()
    trade.settle(from_s=14 * A_WHILE_S)
    assert_granted_once(trade, alice, 3)


def test_a_wrong_key_waits_for_somebody_and_fails_nobody(trade: Trade) -> None:
    alice = earn(trade)
    trade.practice.refuse_rights("customers:write")
    try_often(trade, 3)
    assert grants_of(trade) == [("credit", "sending", "misconfigured")]
    trade.practice.refuse_rights()
    trade.settle(from_s=4 * A_WHILE_S)
    assert_granted_once(trade, alice)


def test_f16_a_refund_whose_invoice_cannot_be_asked_for_waits(trade: Trade) -> None:
    bought = trade.practice.buy(
        12000, currency="eur", mode="subscription", email="bob@mail.example", deliver=False
    )
    back = trade.practice.refund(bought["charge"]["id"], 6000, deliver=False)
    trade.tell(bought["events"])
    trade.work()
    trade.practice.fault("refuse", "GET", "/v1/invoice_payments", times=2)
    trade.tell(back["events"])
    trade.work()
    trade.settle()
    assert [paid[4] for paid in books_of(trade)["purchases"]] == [6000]
    assert_clean()


def test_a_refund_of_something_never_seen_is_let_go_in_the_end(trade: Trade) -> None:
    bought = trade.practice.buy(12000, currency="eur", email="bob@mail.example", deliver=False)
    back = trade.practice.refund(bought["charge"]["id"], deliver=False)
    trade.tell(back["events"])
    trade.settle(from_s=5 * 86400)
    session.remove()
    events = session.scalars(select(StripeEvent).execution_options(**across_businesses())).all()
    assert {one.read_at is not None for one in events} == {True}
    assert_clean()


def test_credit_in_a_currency_the_customer_is_not_billed_in_waits(trade: Trade) -> None:
    alice = earn(trade)
    (customer,) = trade.customers_of(alice)
    trade.practice.buy(900, currency="usd", mode="subscription", customer=customer, deliver=False)
    with capture_logs() as lines:
        trade.work()
    with within(trade.shop.business.id):
        grant = session.scalars(select(Grant)).one()
    assert (grant.state, grant.waits_for) == ("waiting", "other_currency")
    said = {repr(one["waits_for"]) for one in lines if one["event"] == "grant_waits"}
    assert said == {"'other_currency'"}
    assert trade.credits_of(alice) == []


def test_what_stripe_refuses_before_anything_is_sent_is_not_said_of_the_key(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a friend's email that Stripe takes for none, when a customer is made for them."""

    def refuse(*_: object, **__: object) -> None:
        raise Permanent("Stripe refused it: Invalid email address (email_invalid).")

    alice = earn(trade)
    with monkeypatch.context() as patch:
        patch.setattr(StripeAccount, "currency_of", refuse)
        trade.work()
    assert grants_of(trade) == [("credit", "waiting", "refused")]
    trade.settle(from_s=A_WHILE_S)
    assert_granted_once(trade, alice)
