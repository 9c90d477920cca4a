"""Alice shares, Bob buys through Stripe, Alice's own bill goes down: once, and explained."""

from tests.stories.books import assert_one_object_each, books_of
from tests.stories.trade import Trade, assert_clean


def test_a_friend_who_pays_lowers_the_advocates_bill_once(trade: Trade) -> None:
    alice = trade.advocate("alice")
    token = trade.follow(trade.link_of(alice))
    bought = trade.practice.buy(
        12000,
        currency="eur",
        tax=2000,
        email="bob@mail.example",
        name="Bob Baker",
        client_reference_id=f"wom_{token}",
        deliver=False,
    )
    trade.tell(bought["events"], times=2)
    trade.settle()
    (credit,) = trade.credits_of(alice)
    assert (credit["amount"], credit["currency"]) == (-1000, "eur")
    books = books_of(trade)
    assert books["referrals"] == [("alice@mail.example", "bob@mail.example")]
    assert books["purchases"] == [("bob@mail.example", 12000, 10000, "eur", 0)]
    assert books["ledger"] == [
        ("external", "", -1000),
        ("granted", "alice@mail.example", 1000),
    ]
    assert_one_object_each(trade)
    assert_clean()
