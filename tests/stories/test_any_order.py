"""Events come in any order, more than once, and while the worker is at it: the end is the same."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import islice, permutations

import pytest
from flask import Flask

from referral.foundation.db import db
from tests.stories.books import assert_one_object_each, books_of
from tests.stories.tales import TALES, Tale, record
from tests.stories.trade import Thing, assert_clean, open_trade
from tools.practice_stripe import PracticeStripe

MOST_ORDERS = {"sqlite": 8, "postgresql": 3}
WHILE_WORKING = {"sqlite": 3, "postgresql": 2}


@pytest.mark.parametrize("name", TALES)
def test_any_order_ends_the_same(
    app: Flask, practice: PracticeStripe, name: str, order_count: int | None
) -> None:
    """F-16."""
    tale = record(name, practice)
    expected = ending(app, practice, tale, range(len(tale.events)))
    assert_is_told(expected, tale)
    for order in orders(tale, order_count or MOST_ORDERS[db.engine.dialect.name]):
        assert ending(app, practice, tale, order) == expected, kinds(tale.events, order)
    assert_clean()


@pytest.mark.parametrize("name", TALES)
def test_any_order_ends_the_same_while_work_goes_on(
    app: Flask, practice: PracticeStripe, name: str, order_count: int | None
) -> None:
    tale = record(name, practice)
    expected = ending(app, practice, tale, range(len(tale.events)))
    for order in orders(tale, order_count or WHILE_WORKING[db.engine.dialect.name]):
        reached = ending(app, practice, tale, order, working=True)
        assert reached == expected, kinds(tale.events, order)
    assert_clean()


def ending(
    app: Flask, practice: PracticeStripe, tale: Tale, order: Sequence[int], *, working: bool = False
) -> dict[str, object]:
    """Tell a tale to a new shop in this order, each event twice; return what it came to."""
    trade = open_trade(app, practice, at=tale.at)
    events = tale.with_token(trade.token_of(trade.advocate("alice")))
    for place in order:
        trade.tell([events[place]], times=2)
        if working:
            trade.work()
    trade.settle()
    assert_one_object_each(trade)
    return books_of(trade)


def orders(tale: Tale, most: int) -> list[tuple[int, ...]]:
    """Return every order of a tale's events where there are so few, else as many by lot."""
    every = list(islice(permutations(range(len(tale.events))), 5041))
    return random.Random(tale.name).sample(every, min(most, len(every)))


def kinds(events: Sequence[Thing], order: Sequence[int]) -> list[str]:
    return [events[place]["type"] for place in order]


def assert_is_told(books: dict[str, object], tale: Tale) -> None:
    net = dict(books["at_stripe"])  # type: ignore[call-overload]
    paid = [(gross, refunded) for _, gross, _, _, refunded in books["purchases"]]  # type: ignore[attr-defined]
    assert (net.get("alice@mail.example", 0), tuple(paid)) == (tale.credit_minor, tale.paid)
