"""An event we answered with success is kept and read once, whoever dies (F-14 to F-18)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from referral.domain.businesses import across_businesses
from referral.domain.purchases import Purchase
from referral.foundation.db import session
from referral.gateways.stripe import StripeEvent
from tests.crash.processes import KILLED_BY_ITSELF, Crew, until
from tests.crash.scenes import PAST_LEASE_S, assert_granted_once
from tests.live import served
from tests.servers import free_port
from tests.stories.trade import SECRET, Thing, Trade, answers_at


def count(model: type[object]) -> int:
    query = select(func.count()).select_from(model).execution_options(**across_businesses())
    found = session.scalar(query)
    session.remove()
    return int(found or 0)


def purchase_of_bob(trade: Trade) -> tuple[object, Thing]:
    """Let Bob pay through Alice's link, without telling us; return Alice and the paid session."""
    alice = trade.advocate("alice")
    bought = trade.practice.buy(
        12000,
        currency="eur",
        email="bob@mail.example",
        client_reference_id=f"wom_{trade.token_of(alice)}",
        deliver=False,
    )
    (paid,) = (one for one in bought["events"] if one["type"] == "checkout.session.completed")
    return alice, paid


def test_f14_sixteen_copies_at_once_are_answered_and_have_one_effect(trade: Trade) -> None:
    alice, paid = purchase_of_bob(trade)
    with served(trade.app) as address:
        trade.practice.register_webhook(address + trade.hook_path, SECRET)
        assert trade.practice.deliver(paid["id"], times=3) == [200] * 3
        assert trade.practice.deliver(paid["id"], times=16, parallel=True) == [200] * 16
        assert count(StripeEvent) == 1
    trade.settle()
    assert count(Purchase) == 1
    assert_granted_once(trade, alice)


@pytest.mark.parametrize("is_reversed", [False, True])
def test_f15_two_events_for_one_fact_are_one_purchase(trade: Trade, is_reversed: bool) -> None:
    alice = trade.advocate("alice")
    bought = trade.practice.buy(
        12000,
        currency="eur",
        mode="subscription",
        email="bob@mail.example",
        client_reference_id=f"wom_{trade.token_of(alice)}",
        deliver=False,
    )
    events = bought["events"]
    assert {"invoice.paid", "invoice.payment_succeeded"} <= {one["type"] for one in events}
    trade.tell(reversed(events) if is_reversed else events)
    trade.settle()
    assert count(Purchase) == 1
    assert_granted_once(trade, alice)


def test_f16_a_refund_before_its_payment_waits_for_it(trade: Trade) -> None:
    alice = trade.advocate("alice")
    bought = trade.practice.buy(
        12000,
        currency="eur",
        email="bob@mail.example",
        client_reference_id=f"wom_{trade.token_of(alice)}",
        deliver=False,
    )
    back = trade.practice.refund(bought["charge"]["id"], deliver=False)
    trade.tell(back["events"])
    trade.work()
    assert count(Purchase) == 0
    trade.tell(bought["events"])
    trade.settle()
    assert sum(one["amount"] for one in trade.credits_of(alice)) == 0


def test_f17_killed_after_keeping_an_event_and_before_working_it(trade: Trade, crew: Crew) -> None:
    alice, paid = purchase_of_bob(trade)
    port = free_port()
    web = crew.web(port)
    until(lambda: answers_at(port), "the web answers", alive=web)
    trade.practice.register_webhook(f"http://127.0.0.1:{port}{trade.hook_path}", SECRET)
    assert trade.practice.deliver(paid["id"]) == [200]
    web.kill()
    trade.settle()
    assert_granted_once(trade, alice)


def test_f17_killed_in_the_middle_of_working_an_event(
    trade: Trade, crew: Crew, tmp_path: Path
) -> None:
    alice, paid = purchase_of_bob(trade)
    trade.tell([paid])
    worker = crew.worker(FAILPOINT=f"event.worked:once={tmp_path / 'mark'}")
    assert worker.wait() == KILLED_BY_ITSELF, worker.said
    assert count(Purchase) == 0
    trade.settle(from_s=PAST_LEASE_S)
    assert count(Purchase) == 1
    assert_granted_once(trade, alice)


def test_f18_killed_after_keeping_an_event_and_before_answering(
    trade: Trade, crew: Crew, tmp_path: Path
) -> None:
    alice, paid = purchase_of_bob(trade)
    port = free_port()
    web = crew.web(port, FAILPOINT=f"event.kept:once={tmp_path / 'mark'}", WEB_PROCESSES=1)
    until(lambda: answers_at(port), "the web answers", alive=web)
    trade.practice.register_webhook(f"http://127.0.0.1:{port}{trade.hook_path}", SECRET)
    assert trade.practice.deliver(paid["id"]) == [0]
    assert count(StripeEvent) == 1
    until(lambda: answers_at(port), "the web is back", alive=web)
    assert trade.practice.deliver(paid["id"], times=2) == [200, 200], web.said
    assert count(StripeEvent) == 1
    trade.settle()
    assert_granted_once(trade, alice)
