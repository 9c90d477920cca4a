"""Events that did not reach us are found in Stripe's list, each once, whatever happens."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from referral.domain.businesses import across_businesses, within
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.gateways.stripe import (
    EventPage,
    EventPoll,
    StripeAccount,
    StripeEvent,
    account,
    poll_now,
)
from referral.gateways.stripe.errors import LacksRight
from referral.worker import work_all
from referral.worker.tidying import tidy
from tests.stories.books import books_of
from tests.stories.trade import Trade, assert_clean, later

HOUR_S, DAY_S = 3600, 86_400


@pytest.fixture
def watched(trade: Trade) -> Trade:
    """A trade whose missed events are looked for."""
    tidy(at=clock.now())
    return trade


def buy(trade: Trade, *names: str) -> list[Any]:
    """Let people pay without a word to us; return the events of it."""
    return [
        event
        for name in names
        for event in trade.practice.buy(
            1000, currency="eur", email=f"{name}@mail.example", deliver=False
        )["events"]
    ]


def look(trade: Trade, *, after_s: int) -> None:
    """Let the worker come by so much later."""
    with later(after_s):
        trade.work()


def the_poll() -> EventPoll:
    session.remove()
    return session.scalars(select(EventPoll).execution_options(**across_businesses())).one()


def count_events() -> int:
    session.remove()
    query = select(func.count()).select_from(StripeEvent)
    return session.scalar(query.execution_options(**across_businesses())) or 0


def test_f20_three_days_of_missed_events_are_found(watched: Trade) -> None:
    """F-20, F-56."""
    bought = buy(watched, "bob", "carol")
    watched.work()
    assert books_of(watched)["purchases"] == []
    look(watched, after_s=3 * DAY_S)
    assert [paid[1] for paid in books_of(watched)["purchases"]] == [1000, 1000]
    found = count_events()
    watched.tell(bought, times=2)
    look(watched, after_s=3 * DAY_S + 2 * HOUR_S)
    assert [paid[1] for paid in books_of(watched)["purchases"]] == [1000, 1000]
    assert found <= count_events() <= len(bought)
    assert_clean()


def test_a_reward_is_given_for_a_purchase_only_the_list_told_of(watched: Trade) -> None:
    alice = watched.advocate()
    token = watched.follow(watched.link_of(alice))
    watched.practice.buy(
        1000,
        currency="eur",
        email="bob@mail.example",
        client_reference_id=f"wom_{token}",
        deliver=False,
    )
    watched.settle(from_s=2 * HOUR_S)
    watched.settle(from_s=4 * HOUR_S)
    assert [entry["amount"] for entry in watched.credits_of(alice)] == [-1000]
    assert_clean()


def test_many_pages_are_read_one_after_another_and_each_is_kept_at_once(
    watched: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "EVENTS_A_PAGE", 2)
    buy(watched, "bob", "carol", "dora")
    began_at = the_poll().seen_until
    with later(HOUR_S + 60):
        session.remove()
        work_all(rounds=1)
        poll = the_poll()
        assert (poll.page_after is not None, poll.seen_until) == (True, began_at)
        kept = count_events()
        assert kept >= 2
        watched.work()
    poll = the_poll()
    assert (poll.page_after, poll.began_at) == (None, None)
    assert began_at < poll.seen_until <= poll.looked_at < poll.due_at
    assert [paid[1] for paid in books_of(watched)["purchases"]] == [1000, 1000, 1000]
    assert count_events() > kept


def test_a_place_in_the_list_that_stripe_forgot_is_looked_for_anew(watched: Trade) -> None:
    buy(watched, "bob")
    with transaction():
        the_poll_now = session.scalars(
            select(EventPoll).execution_options(**across_businesses())
        ).one()
        the_poll_now.turn_page("evt_forgotten", at=clock.now())
    look(watched, after_s=HOUR_S + 60)
    looks = watched.practice.calls("GET", "/v1/events")
    behind = [one for one in looks if one["params"].get("starting_after") == "evt_forgotten"]
    assert [one["status"] for one in behind] == [400]
    look(watched, after_s=2 * HOUR_S)
    assert [paid[1] for paid in books_of(watched)["purchases"]] == [1000]
    assert the_poll().last_error is None


def test_a_key_without_the_right_is_named_and_tried_again_for_good(
    watched: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise LacksRight("The key may not read events.")

    buy(watched, "bob")
    with monkeypatch.context() as patched:
        patched.setattr(StripeAccount, "events", refuse)
        for hours in range(1, 12):
            look(watched, after_s=hours * HOUR_S)
    poll = the_poll()
    assert (poll.dead_at, poll.last_error) == (None, "The key may not read events.")
    look(watched, after_s=13 * HOUR_S)
    assert [paid[1] for paid in books_of(watched)["purchases"]] == [1000]


def test_connecting_anew_looks_at_once_and_never_goes_back(watched: Trade) -> None:
    before = the_poll()
    buy(watched, "bob")
    watched.work()
    assert books_of(watched)["purchases"] == []
    with within(watched.shop.business.id), transaction():
        poll_now(watched.shop.business.id, at=clock.now())
    watched.work()
    assert [paid[1] for paid in books_of(watched)["purchases"]] == [1000]
    assert the_poll().seen_until >= before.seen_until


def test_a_clock_that_was_ahead_hides_no_event(watched: Trade) -> None:
    """F-42."""
    look(watched, after_s=20 * DAY_S)
    assert the_poll().seen_until > clock.now()
    buy(watched, "bob")
    with within(watched.shop.business.id), transaction():
        poll_now(watched.shop.business.id, at=clock.now())
    watched.work()
    assert [paid[1] for paid in books_of(watched)["purchases"]] == [1000]
    assert the_poll().seen_until <= clock.now()


def test_only_what_is_connected_is_looked_at_and_only_from_then_on(trade: Trade) -> None:
    buy(trade, "bob")
    for _ in range(2):
        tidy(at=clock.now())
    poll = the_poll()
    assert (poll.business_id, poll.seen_until) == (trade.shop.business.id, trade.shop.now)
    month = trade.shop.now.replace(year=trade.shop.now.year + 1)
    assert (month - poll.since(month)).days == 30


def test_a_list_without_end_or_sense_is_left_again(
    watched: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Listed(dict[str, Any]):
        """One thing of a list, as the library gives it."""

        def to_dict(self) -> dict[str, Any]:
            return self

    class Page:
        data = (Listed(id=7), Listed(id="evt_odd", type="plan.created", livemode=False))
        has_more = True

    pages: list[str | None] = []

    def list_events(self: StripeAccount, since: Any, *, after: str | None = None) -> EventPage:
        pages.append(after)
        return account._event_page(Page(), after)

    monkeypatch.setattr(StripeAccount, "events", list_events)
    look(watched, after_s=2 * HOUR_S)
    assert pages == [None, "evt_odd"]
    assert (count_events(), the_poll().page_after) == (1, None)
