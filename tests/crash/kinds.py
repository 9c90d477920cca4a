"""A friend for each kind of reward, all of them sent by Alice, and how to tell what she got."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import func, select

from referral.domain.businesses import within
from referral.domain.people import Person
from referral.domain.programs import (
    OfferTerms,
    Program,
    ProgramTerms,
    Trigger,
    create_program,
    publish_offer,
)
from referral.domain.rewards import CreditLot, LedgerTransaction, Reward
from referral.domain.rewards.gift_stock import GiftCode
from referral.foundation.db import session, transaction
from tests.cast import cash, fill_stock, gift, store_credit
from tests.credit import balance_of
from tests.stories.books import assert_one_object_each
from tests.stories.trade import Trade, assert_clean, listed
from tests.worker.payouts import onboard

EACH_MINOR = 1000
OFFERS: Mapping[str, OfferTerms] = {
    "ben": cash(EACH_MINOR),
    "bea": store_credit(EACH_MINOR),
    "bud": gift(EACH_MINOR, trigger=Trigger.PURCHASE),
}
BUYERS = ("bob", *OFFERS)
"""In turn: account credit, which the shop's own program gives, then money, store credit, a gift."""


def refer_everybody(trade: Trade, *, at_most: int) -> Person:
    """Let Alice send every buyer, where all that so many sales may earn her is there to give."""
    alice = trade.advocate("alice")
    trade.shop.signup("bob", token=trade.token_of(alice))
    for friend, offer in OFFERS.items():
        there = replace(trade.shop, program=_add_program(trade, offer))
        there.signup(friend, token=there.click(there.link_of(alice)))
    onboard(trade, alice)
    trade.practice.set_balance("eur", at_most * EACH_MINOR)
    fill_stock(trade.shop, "\n".join(f"CODE-{number:06}" for number in range(at_most)))
    session.remove()
    return alice


def assert_each_kind_once(trade: Trade, alice: Person, sold: int) -> None:
    """Check that each sale's reward was given, by its own kind and by one object."""
    credit, money, kept, gifts = (len(range(turn, sold, len(BUYERS))) for turn in range(4))
    with within(trade.shop.business.id):
        states = session.scalars(select(Reward.state)).all()
        moves = session.scalar(
            select(func.count())
            .where(LedgerTransaction.kind == "grant")
            .select_from(LedgerTransaction)
        )
        lots = session.scalars(select(CreditLot.left_minor)).all()
        codes = session.scalars(select(GiftCode.id).where(GiftCode.reward_id.is_not(None))).all()
    session.remove()
    assert list(states) == ["granted"] * sold
    assert moves == sold
    assert [one["amount"] for one in trade.credits_of(alice)] == [-EACH_MINOR] * credit
    sent = [
        (one["amount"], one["amount_reversed"]) for one in listed(trade.practice, "/v1/transfers")
    ]
    assert sent == [(EACH_MINOR, 0)] * money
    assert (list(lots), balance_of(alice)) == ([EACH_MINOR] * kept, EACH_MINOR * kept)
    assert len(codes) == gifts
    assert_one_object_each(trade)
    assert_clean()


def _add_program(trade: Trade, offer: OfferTerms) -> Program:
    shop = trade.shop
    terms = ProgramTerms(name=offer.kind, landing_url="https://shop.example/more", hold_days=0)
    with within(shop.business.id), transaction():
        program = create_program(shop.business, terms, at=shop.now)
        publish_offer(program, offer, at=shop.now)
    return program
