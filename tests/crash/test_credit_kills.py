"""Wherever a worker dies with store credit in hand: nothing is half done, nothing done twice."""

from pathlib import Path

import pytest
from sqlalchemy import select

from referral.domain.businesses import within
from referral.domain.programs import Trigger
from referral.domain.rewards import CreditEntry, CreditLot, LedgerTransaction, Reward
from referral.foundation.db import session
from tests.cast import Shop, open_shop, store_credit
from tests.crash.processes import Crew
from tests.crash.scenes import PAST_LEASE_S
from tests.crash.test_kills import dies_at
from tests.stories.trade import Trade, assert_clean, later

TWO_DAYS_S = 2 * 24 * 3600


@pytest.fixture
def tea(trade: Trade) -> Shop:
    """A shop without Stripe that gives Alice a day's credit for Bob's signup."""
    offer = store_credit(trigger=Trigger.SIGNUP, credit_life_days=1)
    shop = open_shop("Tall Teas", advocate=offer)
    shop.signup("bob", token=shop.click(shop.link_of(shop.customer("alice"))))
    session.remove()
    return shop


def stands(shop: Shop) -> tuple[list[str], list[int], list[str], list[str]]:
    """Return the states of rewards, what lots have left, and what entries and movements say."""
    with within(shop.business.id):
        query = select(Reward.state).where(Reward.kind == "store_credit")
        found = (
            list(session.scalars(query)),
            list(session.scalars(select(CreditLot.left_minor))),
            list(session.scalars(select(CreditEntry.kind).order_by(CreditEntry.id))),
            list(
                session.scalars(
                    select(LedgerTransaction.kind)
                    .where(LedgerTransaction.kind.in_(("grant", "expire")))
                    .order_by(LedgerTransaction.id)
                )
            ),
        )
    session.remove()
    return found


@pytest.mark.parametrize("place", ["CP0", "CP5"])
def test_f4_killed_while_giving_credit(
    trade: Trade, crew: Crew, tea: Shop, tmp_path: Path, place: str
) -> None:
    with later(0):
        dies_at(place, crew, tmp_path / "mark")
    assert stands(tea)[1:] == ([], [], [])
    with later(PAST_LEASE_S):
        trade.work()
    assert stands(tea) == (["granted"], [1000], ["grant"], ["grant"])
    assert_clean()


def test_f4_killed_while_credit_expires(
    trade: Trade, crew: Crew, tea: Shop, tmp_path: Path
) -> None:
    trade.work()
    assert stands(tea) == (["granted"], [1000], ["grant"], ["grant"])
    worker = crew.worker(FAILPOINT=f"CP5:once={tmp_path / 'mark'}", CLOCK_OFFSET_S=TWO_DAYS_S)
    assert worker.wait() == 137, worker.said
    assert stands(tea) == (["granted"], [1000], ["grant"], ["grant"])
    with later(TWO_DAYS_S + PAST_LEASE_S):
        trade.work()
    assert stands(tea) == (["granted"], [0], ["grant", "expiry"], ["grant", "expire"])
    assert_clean()
