"""Renewals and purchases that count so many times: the first ones, however the news arrives."""

from datetime import timedelta
from itertools import permutations

import pytest
from flask import Flask

from referral.domain.programs import Side, Trigger
from referral.foundation.errors import Invalid
from tests.amounts.shops import amounts, bring, earned, pay, shop_in
from tests.cast import NOON, credit


def renewals(times: int | None = None, **terms: object):
    return credit(None, rate_bp=1000, trigger=Trigger.RENEWAL, times=times, **terms)


def test_each_renewal_is_rewarded_and_the_first_payment_is_not(app: Flask) -> None:
    shop = shop_in("eur", renewals())
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    pay(shop, "bob", 10000)
    for month in (1, 2, 3):
        pay(shop, "bob", 10000 + month, renewal=True, at=NOON + timedelta(days=30 * month))
    assert amounts(shop, alice) == [1000, 1000, 1000]


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_the_first_two_renewals_count_in_whatever_order_they_are_told(
    app: Flask, order: tuple[int, ...]
) -> None:
    shop = shop_in("eur", renewals(2))
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    for number in order:
        paid_at = NOON + timedelta(days=30 * (number + 1))
        pay(shop, "bob", 10000 * (number + 1), renewal=True, at=paid_at)
    assert amounts(shop, alice) == [1000, 2000]


def test_of_two_in_one_second_the_providers_id_decides(app: Flask) -> None:
    shop = shop_in("eur", credit(None, rate_bp=1000, trigger=Trigger.PURCHASE, times=1))
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    pay(shop, "bob", 20000, key="in_b")
    pay(shop, "bob", 10000, key="in_a")
    assert amounts(shop, alice) == [1000]


def test_a_purchase_that_was_refunded_gives_its_turn_to_an_earlier_one(app: Flask) -> None:
    shop = shop_in("eur", credit(None, rate_bp=1000, trigger=Trigger.PURCHASE, times=1))
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    later = pay(shop, "bob", 20000, at=NOON + timedelta(days=2))
    shop.refund(later, 20000)
    pay(shop, "bob", 10000, at=NOON + timedelta(days=1))
    assert amounts(shop, alice) == [1000]


def test_a_refunded_purchase_has_used_up_its_turn_for_later_ones(app: Flask) -> None:
    shop = shop_in("eur", credit(500, trigger=Trigger.PURCHASE, times=2))
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    shop.refund(pay(shop, "bob", 10000), 10000)
    for day in (1, 2, 3):
        pay(shop, "bob", 10000 + day, at=NOON + timedelta(days=day))
    assert amounts(shop, alice) == [500]


def test_both_sides_have_their_own_number_of_times(app: Flask) -> None:
    friend = credit(200, side=Side.FRIEND, trigger=Trigger.PURCHASE, times=3)
    shop = shop_in("eur", renewals(1), friend)
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    bob = pay(shop, "bob", 10000).person
    for day in (1, 2, 3):
        pay(shop, "bob", 10000 + day, renewal=True, at=NOON + timedelta(days=day))
    assert (amounts(shop, alice), amounts(shop, bob)) == ([1000], [200, 200, 200])


def test_each_turn_has_a_place_of_its_own_in_the_database(app: Flask) -> None:
    shop = shop_in("eur", credit(500, trigger=Trigger.PURCHASE, times=2))
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    for day in (1, 2, 3):
        pay(shop, "bob", 10000, at=NOON + timedelta(days=day), key=f"in_{day}")
    slots = [reward.slot.rpartition(":")[2] for reward in earned(shop, alice)]
    assert slots == ["1", "2"]


@pytest.mark.parametrize(
    "terms",
    [
        {"trigger": Trigger.FIRST_PURCHASE, "times": 2},
        {"trigger": Trigger.PURCHASE, "times": 0},
        {"trigger": Trigger.PURCHASE, "times": 1000},
    ],
)
def test_a_number_of_times_that_makes_no_sense_is_refused(terms: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        credit(1000, **terms).check("eur")
