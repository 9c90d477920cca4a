"""After a restore a code that was made since is found, and no other is taken for it (F-40)."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask

from referral.domain.programs import Side, Trigger
from tests.cast import discount
from tests.failures.restoring import (
    SIX_HOURS_S,
    backup,
    purchase,
    recovery,
    restored,
    start_worker,
)
from tests.stories.books import grants_of
from tests.stories.trade import Thing, Trade, assert_clean, at_stripe, later, open_trade
from tools.practice_stripe import PracticeStripe

SHARE = replace(discount(1500), side=Side.ADVOCATE, trigger=Trigger.PURCHASE)


def coupons(trade: Trade) -> dict[str, str]:
    """Return the coupon of each code at Stripe."""
    listed: list[Thing] = at_stripe(trade.practice, "GET", "/v1/promotion_codes")["data"]
    return {one["id"]: one["promotion"]["coupon"] for one in listed}


def test_f40_a_code_that_was_made_since_is_adopted_by_its_worth(
    app: Flask, practice: PracticeStripe
) -> None:
    """The advocate's welcome code is older, and nobody here knows of that signup any more."""
    trade = open_trade(app, practice, advocate=SHARE, friend=discount(2000))
    alice = trade.advocate("alice")
    events = purchase(trade, alice)
    with backup(trade) as copy:
        trade.shop.signup("alice", token=trade.token_of(trade.advocate("carol")))
        trade.settle(from_s=60)
        trade.tell(events)
        trade.settle()
        made = coupons(trade)
        assert len(set(made.values())) == 2
        practice.forget_keys()
        with restored(trade, copy) as again, later(SIX_HOURS_S):
            start_worker()
            again.tell(events)
            again.settle(from_s=SIX_HOURS_S)
            assert coupons(again) == made
            states = {(kind, state) for kind, state, _ in grants_of(again)}
            assert states == {("promotion_code", "done")}
            found = recovery(again)
            assert found is not None
            assert (found.adopted, len(found.unknown)) == (2, 1)
            assert_clean()
