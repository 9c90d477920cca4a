"""One amount stays within 10^12 minor units; what amounts are added up to goes on to 10^15."""

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from referral.domain.businesses import within
from referral.domain.programs import (
    Program,
    Side,
    current_offers,
    reserve,
    room_minor,
    set_budget,
)
from referral.domain.reports.credit import credit_of
from referral.domain.reports.ledger import standings
from referral.domain.rewards import LedgerEntry, Reward
from referral.domain.rewards.limits import limits_of
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from referral.foundation.money import LIMIT_MINOR, SUM_LIMIT_MINOR, Money
from tests.cast import Shop, open_shop, store_credit
from tests.credit import balance_of, spend
from tests.provider import Provider, ripen_due, send_due

ROOM = "referral.domain.programs.budget.SUM_LIMIT_MINOR"


def sold(*, times: int, budget_minor: int | None = None) -> Shop:
    """Open a shop that gives alice the largest amount for each of bob's purchases."""
    shop = open_shop(advocate=store_credit(LIMIT_MINOR), budget_minor=budget_minor)
    shop.signup("bob", token=shop.click(shop.link_of(shop.customer("alice"))))
    shop.later(minutes=5)
    for _ in range(times):
        shop.purchase("bob", LIMIT_MINOR)
    return shop


def after_the_hold(shop: Shop) -> None:
    with within(shop.business.id):
        ripen_due(at=shop.later(days=31).now)
        send_due(Provider(), at=shop.now)


def rewards(shop: Shop) -> list[tuple[str, str | None]]:
    with within(shop.business.id):
        query = select(Reward.state, Reward.reason).where(Reward.side == "advocate")
        return [(state, reason) for state, reason in session.execute(query.order_by(Reward.id))]


def budgeted(shop: Shop, budget_minor: int | None) -> None:
    with within(shop.business.id), transaction():
        set_budget(session.get_one(Program, shop.program.id), budget_minor)


def test_sums_go_on_where_one_amount_ends(app: Flask) -> None:
    shop = sold(times=3)
    after_the_hold(shop)
    alice = shop.customer("alice")
    spend(shop, alice, LIMIT_MINOR)
    assert rewards(shop) == [("granted", None)] * 3
    assert balance_of(alice) == 2 * LIMIT_MINOR
    with within(shop.business.id):
        (lots,) = credit_of(alice.id, at=shop.now)
        assert lots.balance == Money(2 * LIMIT_MINOR, "eur")
        balances = {one.name: one.balance.amount_minor for one in standings()}
    assert (balances["external"], balances["granted"]) == (-3 * LIMIT_MINOR, 3 * LIMIT_MINOR)


def test_what_cannot_be_added_up_is_refused_like_what_no_budget_holds(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ROOM, 3 * LIMIT_MINOR - 1)
    shop = sold(times=1)
    bought = shop.purchase("bob", LIMIT_MINOR)
    shop.purchase("bob", LIMIT_MINOR)
    assert rewards(shop) == [("pending", None)] * 2 + [("cancelled", "budget_reached")]
    shop.refund(bought, bought.gross_minor)
    shop.purchase("bob", LIMIT_MINOR)
    states = [state for state, _ in rewards(shop)]
    assert states == ["pending", "cancelled", "cancelled", "pending"]


def test_the_last_unit_of_the_largest_sum_is_kept_and_none_beyond(app: Flask) -> None:
    shop = sold(times=1)
    committed(shop, SUM_LIMIT_MINOR - LIMIT_MINOR)
    with within(shop.business.id):
        with transaction():
            taken = [reserve(shop.program.id, amount) for amount in (LIMIT_MINOR, 1)]
        program = session.get_one(Program, shop.program.id, populate_existing=True)
        assert taken == [True, False]
        assert (program.committed_minor, room_minor(program)) == (SUM_LIMIT_MINOR, 0)
    shop.purchase("bob", LIMIT_MINOR)
    assert rewards(shop) == [("pending", None), ("cancelled", "budget_reached")]
    with within(shop.business.id):
        offer = current_offers(shop.program.id)[Side.ADVOCATE]
        (limit,) = limits_of(program, offer, shop.customer("alice"), at=shop.now)
    assert limit.reason == "budget_reached"
    committed(shop, LIMIT_MINOR)


def committed(shop: Shop, committed_minor: int) -> None:
    """Let a program have promised so much, as if by many rewards."""
    with within(shop.business.id), transaction():
        session.execute(update(Program).values(committed_minor=committed_minor))


def test_a_budget_may_be_as_large_as_a_sum_and_moves_the_ledger_by_it(app: Flask) -> None:
    shop = sold(times=1, budget_minor=SUM_LIMIT_MINOR)
    for _ in range(2):
        shop.purchase("bob", LIMIT_MINOR)
    budgeted(shop, 4 * LIMIT_MINOR)
    for _ in range(2):
        shop.purchase("bob", LIMIT_MINOR)
    assert rewards(shop) == [("pending", None)] * 4 + [("cancelled", "budget_reached")]
    with within(shop.business.id):
        moved = session.scalars(select(func.max(func.abs(LedgerEntry.amount_minor)))).one()
    assert moved == SUM_LIMIT_MINOR
    with pytest.raises(Invalid):
        budgeted(shop, SUM_LIMIT_MINOR + 1)
