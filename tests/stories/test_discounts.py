"""The friend's discount: theirs alone, ready at the checkout, used once."""

import pytest

from tests.cast import credit, discount
from tests.stories.books import assert_one_object_each
from tests.stories.trade import Trade, assert_clean, at_stripe, open_trade
from tools.practice_stripe.driver import Refused


def test_the_friends_code_works_for_them_and_for_nobody_else(trade: Trade) -> None:
    alice = trade.advocate("alice")
    bob = at_stripe(trade.practice, "POST", "/v1/customers", email="bob@mail.example")
    mallory = at_stripe(trade.practice, "POST", "/v1/customers", email="mallory@mail.example")
    trade.api(
        "/signups",
        program=trade.shop.program.public_id,
        person={"email": "bob@mail.example", "stripe_customer_id": bob["id"]},
        evidence={"token": trade.follow(trade.link_of(alice))},
    )
    trade.settle()
    (code,) = at_stripe(trade.practice, "GET", "/v1/promotion_codes")["data"]
    assert code["customer"] == bob["id"]
    with pytest.raises(Refused):
        trade.practice.buy(
            10000, currency="eur", customer=mallory["id"], promotion_code=code["code"]
        )
    paid = trade.practice.buy(
        10000, currency="eur", customer=bob["id"], promotion_code=code["code"], deliver=False
    )
    assert paid["session"]["amount_total"] == 8000
    with pytest.raises(Refused):
        trade.practice.buy(10000, currency="eur", customer=bob["id"], promotion_code=code["code"])
    trade.tell(paid["events"])
    trade.settle()
    assert [one["amount"] for one in trade.credits_of(alice)] == [-1000]
    assert_one_object_each(trade)
    assert_clean()


@pytest.mark.parametrize("lost", ["customers", "coupons", "promotion_codes"])
@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "500_stored"])
def test_one_code_comes_of_a_bad_line(trade: Trade, lost: str, kind: str) -> None:
    alice = trade.advocate("alice")
    trade.shop.signup("bob", token=trade.token_of(alice))
    trade.practice.fault(kind, "POST", f"/v1/{lost}")
    trade.settle()
    codes = at_stripe(trade.practice, "GET", "/v1/promotion_codes")["data"]
    customers = at_stripe(trade.practice, "GET", "/v1/customers")["data"]
    assert (len(codes), len(customers)) == (1, 2)
    assert_clean()


@pytest.mark.parametrize(
    ("rate_bp", "percent_off"), [(2000, 20), (1250, 12.5), (10000, 100), (1, 0.01)]
)
def test_the_rate_at_stripe_is_the_offers(trade: Trade, rate_bp: int, percent_off: float) -> None:
    other = open_trade(trade.app, trade.practice, friend=discount(rate_bp), advocate=credit())
    other.shop.signup("bob", token=other.token_of(other.advocate("alice")))
    other.settle()
    (coupon,) = at_stripe(trade.practice, "GET", "/v1/coupons")["data"]
    assert (coupon["percent_off"], coupon["duration"]) == (percent_off, "once")
