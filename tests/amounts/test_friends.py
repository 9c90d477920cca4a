"""Milestones and steps: what the number of an advocate's friends decides."""

from datetime import timedelta

import pytest
from flask import Flask

from referral.domain import journey
from referral.domain.attribution import referrals_of_friend
from referral.domain.businesses import within
from referral.domain.programs import Side, Step, Trigger, publish_offer
from referral.domain.purchases import Purchase
from referral.domain.reports.explanation import explain_referral, explain_reward
from referral.foundation.db import transaction
from referral.foundation.errors import Invalid
from referral.surfaces.web.why import gate_items, in_short
from tests.amounts.shops import amounts, bring, days_pass, earned, pay, shop_in
from tests.cast import NOON, Shop, credit

NAMES = ["bob", "ben", "bea", "bill", "bert", "beth"]
STEPS = (Step(1, 1000), Step(3, 1500), Step(5, 2000))


def every(number: int, **terms: object):
    return credit(5000, trigger=Trigger.MILESTONE, milestone_every=number, **terms)


def test_each_so_many_friends_make_a_milestone_once_their_hold_has_passed(app: Flask) -> None:
    shop = shop_in("eur", every(2))
    alice = shop.customer("alice")
    bring(shop, alice, *NAMES[:5])
    for name in NAMES[:5]:
        pay(shop, name, 10000)
    days_pass(shop, 29)
    assert amounts(shop, alice) == []
    days_pass(shop, 2)
    assert amounts(shop, alice) == [5000, 5000]
    assert [reward.inputs["place"] for reward in earned(shop, alice)] == [2, 4]


def test_the_answer_to_why_follows_a_friend_to_the_milestone(app: Flask) -> None:
    shop = shop_in("eur", every(2))
    alice = shop.customer("alice")
    bring(shop, alice, "bob", "ben")
    bob = pay(shop, "bob", 10000)
    assert why(shop, bob) == ("stands_later", "Counted once the hold has passed, if the purchase"
                              " stands then.")  # fmt: skip
    days_pass(shop, 31)
    assert why(shop, bob)[0] == "counted"
    ben = pay(shop, "ben", 10000)
    days_pass(shop, 31)
    with within(shop.business.id):
        [reward] = earned(shop, alice)
        told = explain_reward(reward, at=shop.now)
        assert [gate.code for gate in told.gates[2:4]] == ["milestone_reached", "as_promised"]
        pairs = [pair for item in gate_items(told) for pair in item["evidence"]]
    assert ("Friend", "The 2nd of this advocate who counts") in pairs
    assert ben.base_minor == 10000


def why(shop: Shop, bought: Purchase) -> tuple[str, str]:
    """Return the code and the words of the answer to "why?" for a friend who bought."""
    with within(shop.business.id):
        [referral] = referrals_of_friend(bought.person)
        told = explain_referral(referral, at=shop.now)
        assert gate_items(told)
        return str(told.stands_at.code), in_short(told)


def test_a_milestone_at_a_number_is_given_once(app: Flask) -> None:
    shop = shop_in("eur", credit(5000, trigger=Trigger.MILESTONE, milestone_at=3))
    alice = shop.customer("alice")
    bring(shop, alice, *NAMES)
    for name in NAMES:
        pay(shop, name, 10000)
    days_pass(shop, 31)
    assert amounts(shop, alice) == [5000]


def test_what_was_refunded_before_the_hold_ended_does_not_count(app: Flask) -> None:
    shop = shop_in("eur", every(2, minimum_minor=5000))
    alice = shop.customer("alice")
    bring(shop, alice, *NAMES[:3])
    bob, ben, _ = [pay(shop, name, 10000) for name in NAMES[:3]]
    shop.refund(bob, 10000)
    shop.refund(ben, 5001)
    days_pass(shop, 31)
    assert amounts(shop, alice) == []
    pay(shop, "bob", 10000, key="again")
    days_pass(shop, 31)
    assert amounts(shop, alice) == [5000]


def test_what_is_refunded_after_the_hold_takes_nothing_of_a_milestone(app: Flask) -> None:
    shop = shop_in("eur", every(2))
    alice = shop.customer("alice")
    bring(shop, alice, "bob", "ben")
    bought = [pay(shop, name, 10000) for name in ("bob", "ben")]
    days_pass(shop, 31)
    for one in bought:
        shop.refund(one, 10000)
    assert amounts(shop, alice) == [5000]


def test_a_refund_that_failed_lets_the_friend_count_after_all(app: Flask) -> None:
    shop = shop_in("eur", every(1))
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    bought = pay(shop, "bob", 10000)
    shop.refund(bought, 10000, name="re_1")
    days_pass(shop, 31)
    assert amounts(shop, alice) == []
    fail_refund(shop, bought.external_id, 10000)
    days_pass(shop, 0)
    assert amounts(shop, alice) == [5000]


def fail_refund(shop, key: str, amount_minor: int) -> None:
    from referral.domain.purchases import RefundFact

    fact = RefundFact(
        keys=(key,), at=shop.now, refund_id="re_1", amount_minor=amount_minor, has_failed=True
    )
    with within(shop.business.id), transaction():
        journey.refund(shop.business, fact, at=shop.now)


def test_a_disputed_purchase_waits_to_be_counted(app: Flask) -> None:
    from referral.domain.purchases import DisputeFact, DisputeOutcome

    shop = shop_in("eur", every(1))
    alice = shop.customer("alice")
    bring(shop, alice, "bob")
    key = (pay(shop, "bob", 10000).external_id,)

    def dispute(outcome: DisputeOutcome) -> None:
        fact = DisputeFact(key, "dp_1", 10000, outcome, shop.now)
        with within(shop.business.id), transaction():
            journey.dispute(shop.business, fact, at=shop.now)

    dispute(DisputeOutcome.OPEN)
    days_pass(shop, 31)
    assert amounts(shop, alice) == []
    dispute(DisputeOutcome.WON)
    days_pass(shop, 2)
    assert amounts(shop, alice) == [5000]


def test_a_friend_of_whom_only_a_name_was_stated_holds_the_milestone(app: Flask) -> None:
    shop = shop_in("eur", every(2))
    alice = shop.customer("alice", full_name="Alice Archer")
    shop.link_of(alice)
    assert shop.signup("bob", told_by="alice@mail.example").referral is not None
    bring(shop, alice, "ben")
    for name in ("bob", "ben"):
        pay(shop, name, 10000)
    days_pass(shop, 31)
    [reward] = earned(shop, alice)
    assert (reward.state, reward.open_holds) == ("pending", 1)


def test_the_further_friends_of_an_advocate_earn_more(app: Flask) -> None:
    shop = shop_in("eur", credit(1000, steps=STEPS))
    alice, mallory = shop.customer("alice"), shop.customer("mallory")
    bring(shop, alice, *NAMES)
    bring(shop, mallory, "max")
    for hour, name in enumerate([*NAMES, "max"]):
        pay(shop, name, 10000, at=NOON + timedelta(hours=hour))
    assert amounts(shop, alice) == [1000, 1000, 1500, 1500, 2000, 2000]
    assert amounts(shop, mallory) == [1000]


def test_a_friend_keeps_their_place_for_every_purchase(app: Flask) -> None:
    steps = (Step(1, rate_bp=1000), Step(2, rate_bp=2000))
    shop = shop_in("eur", credit(None, rate_bp=1000, trigger=Trigger.PURCHASE, steps=steps))
    alice = shop.customer("alice")
    bring(shop, alice, "bob", "ben")
    for hour, name in enumerate(["ben", "bob", "ben", "bob"]):
        pay(shop, name, 10000 + hour, at=NOON + timedelta(hours=hour))
    assert amounts(shop, alice) == [1000, 2000, 1000, 2001]


def test_a_refund_takes_back_its_share_of_a_step_and_not_the_place(app: Flask) -> None:
    shop = shop_in("eur", credit(1000, steps=STEPS))
    alice = shop.customer("alice")
    bring(shop, alice, *NAMES[:4])
    bought = [pay(shop, name, 10000, at=NOON + timedelta(hours=n)) for n, name in
              enumerate(NAMES[:3])]  # fmt: skip
    shop.refund(bought[0], 10000)
    shop.refund(bought[2], 5000)
    pay(shop, NAMES[3], 10000)
    kept = [(one.amount_minor, one.payable_minor) for one in earned(shop, alice)]
    assert sorted(kept) == [(1000, 1000), (1500, 750), (1500, 1500)]


def test_a_new_version_keeps_the_places_and_the_promises(app: Flask) -> None:
    shop = shop_in("eur", credit(1000, steps=STEPS))
    alice = shop.customer("alice")
    bring(shop, alice, "bob", "ben")
    with within(shop.business.id), transaction():
        richer = credit(3000, steps=(Step(1, 3000), Step(2, 4000)))
        publish_offer(shop.program, richer, at=shop.now)
    bring(shop, alice, "bea")
    for hour, name in enumerate(["bob", "bea", "ben"]):
        pay(shop, name, 10000, at=NOON + timedelta(hours=hour))
    assert amounts(shop, alice) == [1000, 4000, 1500]


@pytest.mark.parametrize(
    "terms",
    [
        {"trigger": Trigger.MILESTONE},
        {"trigger": Trigger.MILESTONE, "milestone_every": 2, "milestone_at": 2},
        {"trigger": Trigger.MILESTONE, "milestone_every": 0},
        {"trigger": Trigger.PURCHASE, "milestone_every": 2},
        {"trigger": Trigger.MILESTONE, "milestone_every": 2, "side": Side.FRIEND},
        {"steps": (Step(1, 1000),)},
        {"steps": (Step(2, 1000), Step(3, 1500))},
        {"steps": (Step(1, 1000), Step(1, 1500))},
        {"steps": (Step(1, 1000), Step(5, rate_bp=1500))},
        {"steps": (Step(1, 900), Step(5, 1500))},
        {"steps": STEPS, "side": Side.FRIEND},
        {"steps": STEPS, "trigger": Trigger.SIGNUP},
    ],
)
def test_what_does_not_fit_together_is_refused(terms: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        credit(1000, **terms).check("eur")
