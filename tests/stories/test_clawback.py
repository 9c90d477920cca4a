"""What a refund takes back: in proportion, once, no more than is left, and the rest stands."""

from __future__ import annotations

from tests.stories.books import assert_one_object_each, books_of
from tests.stories.trade import Thing, Trade, assert_clean, at_stripe


def sold(trade: Trade) -> tuple[object, Thing]:
    """Let Bob buy on Alice's word, and credit her; return Alice and what was bought."""
    alice = trade.advocate("alice")
    token = trade.token_of(alice)
    bought = trade.practice.buy(
        12000,
        currency="eur",
        tax=2000,
        email="bob@mail.example",
        client_reference_id=f"wom_{token}",
        deliver=False,
    )
    trade.tell(bought["events"])
    trade.settle()
    return alice, bought


def amounts(trade: Trade, alice: object) -> list[int]:
    return [one["amount"] for one in trade.credits_of(alice)]  # type: ignore[arg-type]


def test_partial_refunds_after_the_grant_take_back_their_share_once(trade: Trade) -> None:
    alice, bought = sold(trade)
    for amount in (3000, 1000, 8000):
        back = trade.practice.refund(bought["charge"]["id"], amount, deliver=False)
        trade.tell(back["events"], times=3)
        trade.settle()
    assert amounts(trade, alice) == [-1000, 250, 83, 667]
    assert books_of(trade)["ledger"] == [("budget", "", 1000), ("external", "", -1000)]
    assert_one_object_each(trade)
    assert_clean()


def test_what_was_spent_already_stands_as_a_debt(trade: Trade) -> None:
    alice, bought = sold(trade)
    (customer,) = trade.customers_of(alice)  # type: ignore[arg-type]
    paid = trade.practice.buy(
        2600, currency="eur", mode="subscription", customer=customer, deliver=False
    )
    assert paid["invoice"]["amount_due"] == 1600
    at_stripe(
        trade.practice,
        "POST",
        f"/v1/customers/{customer}/balance_transactions",
        amount=-300,
        currency="eur",
    )
    back = trade.practice.refund(bought["charge"]["id"], deliver=False)
    trade.tell(back["events"])
    trade.settle()
    assert amounts(trade, alice) == [-1000, 300]
    assert books_of(trade)["ledger"] == [
        ("budget", "", 300),
        ("clawback_due", "alice@mail.example", 700),
        ("external", "", -1000),
    ]
    assert at_stripe(trade.practice, "GET", f"/v1/customers/{customer}")["balance"] == 0
    assert_clean()


def test_nothing_left_is_a_debt_and_no_call(trade: Trade) -> None:
    alice, bought = sold(trade)
    (customer,) = trade.customers_of(alice)  # type: ignore[arg-type]
    trade.practice.buy(5000, currency="eur", mode="subscription", customer=customer, deliver=False)
    back = trade.practice.refund(bought["charge"]["id"], 6000, deliver=False)
    trade.tell(back["events"])
    trade.settle()
    assert amounts(trade, alice) == [-1000]
    assert ("clawback_due", "alice@mail.example", 500) in books_of(trade)["ledger"]
    assert_clean()


def test_a_dispute_after_the_grant_takes_back_only_when_it_is_lost(trade: Trade) -> None:
    alice, bought = sold(trade)
    begun = trade.practice.dispute(bought["charge"]["id"], deliver=False)
    trade.tell(begun["events"])
    trade.settle()
    assert amounts(trade, alice) == [-1000]
    ended = trade.practice.close_dispute(begun["dispute"]["id"], "lost", deliver=False)
    trade.tell(ended["events"], times=2)
    trade.settle()
    assert amounts(trade, alice) == [-1000, 1000]
    assert_one_object_each(trade)
    assert_clean()


def test_a_dispute_after_the_grant_that_is_won_changes_nothing(trade: Trade) -> None:
    alice, bought = sold(trade)
    begun = trade.practice.dispute(bought["charge"]["id"], deliver=False)
    ended = trade.practice.close_dispute(begun["dispute"]["id"], "won", deliver=False)
    trade.tell([*ended["events"], *begun["events"]], times=2)
    trade.settle()
    assert amounts(trade, alice) == [-1000]
    assert_clean()


def test_a_refund_we_hear_failed_before_it_was_counted_takes_nothing(trade: Trade) -> None:
    alice, bought = sold(trade)
    back = trade.practice.refund(bought["charge"]["id"], 6000, deliver=False)
    gone = trade.practice.fail_refund(back["refund"]["id"], deliver=False)
    trade.tell([*gone["events"], *back["events"]], times=2)
    trade.settle()
    assert books_of(trade)["purchases"] == [("bob@mail.example", 12000, 10000, "eur", 0)]
    assert amounts(trade, alice) == [-1000]
    assert_clean()


def test_a_refund_that_fails_later_counts_no_more(trade: Trade) -> None:
    _, bought = sold(trade)
    back = trade.practice.refund(bought["charge"]["id"], 6000, deliver=False)
    trade.tell(back["events"])
    trade.settle()
    gone = trade.practice.fail_refund(back["refund"]["id"], deliver=False)
    trade.tell(gone["events"])
    trade.settle()
    assert books_of(trade)["purchases"] == [("bob@mail.example", 12000, 10000, "eur", 0)]
    assert_one_object_each(trade)
    assert_clean()
