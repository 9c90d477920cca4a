"""Who a customer at Stripe is may be told before, after or never; credit finds its way."""

from __future__ import annotations

import pytest

from referral.gateways.stripe import StripeAccount
from referral.gateways.stripe.errors import Busy
from tests.stories.books import assert_one_object_each, books_of, grants_of
from tests.stories.trade import (
    Thing,
    Trade,
    assert_clean,
    at_stripe,
    customers_of,
    later,
)


class Died(BaseException):
    """The process is gone."""


def of_kind(events: list[Thing], *kinds: str) -> list[Thing]:
    return [one for one in events if one["type"] in kinds]


def test_an_advocate_without_a_customer_waits_and_is_woken_by_one(trade: Trade) -> None:
    alice = trade.shop.customer("alice", customer="")
    trade.shop.signup("bob", token=trade.token_of(alice))
    trade.shop.purchase("bob")
    trade.work()
    assert ("credit", "waiting", "no_customer") in grants_of(trade)
    at_stripe(trade.practice, "POST", "/v1/customers", email="alice@mail.example")
    trade.tell(trade.practice.events("customer.created")[-1:])
    trade.work()
    assert [one["amount"] for one in trade.credits_of(alice)] == [-1000]
    assert_one_object_each(trade)
    assert_clean()


def test_an_advocate_who_had_no_customer_is_credited_when_they_buy(trade: Trade) -> None:
    alice = trade.shop.customer("alice", customer="")
    trade.shop.signup("bob", token=trade.token_of(alice))
    trade.shop.purchase("bob")
    trade.work()
    own = trade.practice.buy(3000, currency="eur", email="alice@mail.example", deliver=False)
    trade.tell(of_kind(own["events"], "checkout.session.completed"))
    trade.work()
    assert [one["amount"] for one in trade.credits_of(alice)] == [-1000]
    assert customers_of(trade, alice) == [own["customer"]["id"]]
    assert_clean()


@pytest.mark.parametrize("signs_up_first", [True, False])
def test_a_nameless_customer_turns_out_to_be_the_friend(trade: Trade, signs_up_first: bool) -> None:
    alice = trade.advocate("alice")
    token = trade.follow(trade.link_of(alice))
    made = at_stripe(trade.practice, "POST", "/v1/customers")
    paid = trade.practice.buy(
        12000, currency="eur", mode="subscription", customer=made["id"], deliver=False
    )
    told = of_kind(trade.practice.events("customer.created"), "customer.created")[-1:]
    told += of_kind(paid["events"], "invoice.paid")
    if not signs_up_first:
        trade.tell(told)
        trade.work()
    answer = trade.api(
        "/signups",
        program=trade.shop.program.public_id,
        person={"external_id": "bob-1", "stripe_customer_id": made["id"]},
        evidence={"token": token},
    )
    assert answer["decision"]["outcome"] == "referred"
    if signs_up_first:
        trade.tell(told)
    trade.settle()
    assert [one["amount"] for one in trade.credits_of(alice)] == [-1000]
    assert len(books_of(trade)["people"]) == 2
    assert_clean()


def test_a_customer_we_made_is_never_taken_for_somebody_new(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = trade.advocate("alice")
    trade.api(
        "/signups",
        program=trade.shop.program.public_id,
        person={"external_id": "bob-1"},
        evidence={"token": trade.follow(trade.link_of(alice))},
    )
    dies_after_making_a_customer(trade, monkeypatch)
    trade.tell(trade.practice.events("customer.created")[-1:])
    with later(25):
        trade.work()
    assert len(books_of(trade)["people"]) == 2
    (code,) = at_stripe(trade.practice, "GET", "/v1/promotion_codes")["data"]
    paid = trade.practice.buy(
        12000, currency="eur", customer=code["customer"], promotion_code=code["id"], deliver=False
    )
    trade.tell(paid["events"])
    trade.settle()
    assert [one["amount"] for one in trade.credits_of(alice)] == [-1000]
    assert_clean()


def test_a_deleted_customer_leaves_no_credit_and_says_so(trade: Trade) -> None:
    """F-11."""
    alice = trade.advocate("alice")
    trade.shop.signup("bob", token=trade.token_of(alice))
    trade.shop.purchase("bob")
    at_stripe(trade.practice, "DELETE", f"/v1/customers/{customers_of(trade, alice)[0]}")
    trade.work()
    assert [one[5] for one in books_of(trade)["rewards"] if one[0] == "advocate"] == ["failed"]
    assert books_of(trade)["ledger"] == [("budget", "", 1000), ("external", "", -1000)]
    assert_clean()


def test_a_customer_is_asked_for_in_words_of_its_person_alone(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One key has one body, and several acts of a person may ask for their customer at once."""
    alice = trade.advocate("alice")
    bob = trade.shop.signup("bob", token=trade.token_of(alice)).person
    asked: list[dict[str, object]] = []

    def refuse(account: StripeAccount, **named: object) -> str:
        asked.append(named)
        raise Busy("Come again.", after_s=1)

    monkeypatch.setattr(StripeAccount, "make_customer", refuse)
    trade.work()
    marks = {"wom_business": trade.business_id, "wom_person": bob.public_id}
    assert asked[0]["marks"] == marks


def dies_after_making_a_customer(trade: Trade, monkeypatch: pytest.MonkeyPatch) -> None:
    make = StripeAccount.make_customer

    def make_and_die(*arguments: object, **named: object) -> None:
        make(*arguments, **named)  # type: ignore[arg-type]
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(StripeAccount, "make_customer", make_and_die)
        with pytest.raises(Died):
            trade.work()
