"""Refunds: the same in any order and however often they are told (I-15)."""

from itertools import count, permutations

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.programs import Side, Trigger
from referral.domain.purchases import DisputeFact, DisputeOutcome, Purchase, RefundFact
from referral.domain.reports.explanation import GateName, explain_reward
from referral.domain.rewards import Reward
from referral.foundation.db import session, transaction
from referral.foundation.money import Money, share
from tests.cast import Shop, credit, open_shop
from tests.provider import Provider, ripen_due, send_due

GROSS = 10_007
OLIVE = Actor("operator", "Olive")
_numbers = count(1)


def shop_with_bob() -> Shop:
    shop = open_shop(
        advocate=credit(None, rate_bp=777, trigger=Trigger.PURCHASE),
        friend=credit(33, side=Side.FRIEND, trigger=Trigger.PURCHASE),
    )
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=1).signup("bob", token=token)
    return shop.later(hours=1)


def told(shop: Shop, purchase: Purchase, *news: tuple[str | None, int, bool]) -> None:
    """Tell news: a refund's own id, amount and failure, or no id and the charge's sum."""
    with within(shop.business.id), transaction():
        for name, amount, has_failed in news:
            fact = RefundFact(
                (purchase.external_id,),
                shop.now,
                total_minor=amount if name is None else None,
                refund_id=f"{purchase.external_id}:{name}" if name else None,
                amount_minor=amount if name else 0,
                has_failed=has_failed,
            )
            journey.refund(shop.business, fact, at=shop.now)


def taken_back(shop: Shop, purchase: Purchase) -> tuple[int, set[tuple[int, int, int]]]:
    with within(shop.business.id):
        rewards = session.scalars(select(Reward).where(Reward.purchase_id == purchase.id)).all()
    return purchase.refunded_minor, {
        (one.amount_minor, one.clawback_minor, one.withheld_minor) for one in rewards
    }


NEWS = [("one", 3000, False), ("two", 2500, False), (None, 5500, False), ("six", 1, False)]


@pytest.mark.usefixtures("audited")
def test_every_order_of_refunds_takes_back_the_same(app: Flask) -> None:
    shop = shop_with_bob()
    results = []
    for order in permutations(NEWS):
        purchase = shop.purchase("bob", GROSS, tax_minor=0, keys=(f"in_r{next(_numbers)}",))
        told(shop, purchase, *order)
        told(shop, purchase, *order[:2], order[0])
        results.append(taken_back(shop, purchase))
    expected = {
        (amount, part, part) for amount in (778, 33) for part in [share(amount, 5501, GROSS)]
    }
    assert results == [(5501, expected)] * 24


FAILING = [
    ("one", 3000, False),
    ("two", 2500, False),
    ("two", 2500, True),
    (None, 5500, False),
    (None, 3000, False),
]


@pytest.mark.usefixtures("audited")
def test_a_refund_that_failed_counts_no_more_in_any_order(app: Flask) -> None:
    shop = shop_with_bob()
    purchase = shop.purchase("bob", GROSS, tax_minor=0)
    refunded = set()
    for order in list(permutations(FAILING))[::4]:
        purchase = shop.purchase("nobody", GROSS, keys=(f"in_f{next(_numbers)}",))
        told(shop, purchase, *order)
        refunded.add(purchase.refunded_minor)
    assert refunded == {3000}


GONE = [("one", 3000, False), ("all", 7007, False), ("all", 7007, True), (None, 10_007, False)]


@pytest.mark.usefixtures("audited")
def test_what_people_keep_is_the_same_whenever_a_refund_fails(app: Flask) -> None:
    shop = shop_with_bob()
    kept = []
    for order in permutations(GONE):
        purchase = shop.purchase("bob", GROSS, tax_minor=0, keys=(f"in_k{next(_numbers)}",))
        told(shop, purchase, *order)
        told(shop, purchase, *order[1:])
        kept.append(kept_of(shop, purchase))
    right = {amount: amount - share(amount, 3000, GROSS) for amount in (778, 33)}
    assert kept == [right] * 24


@pytest.mark.usefixtures("audited")
def test_a_refund_that_fails_after_its_debit_is_credited_again(app: Flask) -> None:
    shop = shop_with_bob()
    provider = Provider()
    balances = []
    for moments in permutations(("refund", "failure", "later")):
        purchase = shop.purchase("bob", GROSS, tax_minor=0, keys=(f"in_l{next(_numbers)}",))
        before = provider.credit.get("cus_alice", 0)
        for moment in moments:
            if moment == "later":
                shop.later(days=31)
            else:
                told(shop, purchase, ("re", GROSS, moment == "failure"))
            grant_all(shop, provider)
        balances.append(provider.credit["cus_alice"] - before)
        assert kept_of(shop, purchase) == {778: 778, 33: 33}
    assert balances == [778] * 6


@pytest.mark.usefixtures("audited")
def test_a_debt_is_let_go_when_its_refund_fails(app: Flask) -> None:
    shop, provider = shop_with_bob(), Provider()
    purchase = shop.purchase("bob", GROSS, tax_minor=0)
    shop.later(days=31)
    grant_all(shop, provider)
    provider.credit["cus_alice"] = 100
    told(shop, purchase, ("re", 5000, False))
    grant_all(shop, provider)
    assert (owed_by(shop), provider.credit["cus_alice"]) == (share(778, 5000, GROSS) - 100, 0)
    told(shop, purchase, ("re", 5000, True))
    grant_all(shop, provider)
    assert (owed_by(shop), provider.credit["cus_alice"]) == (0, 100)


@pytest.mark.usefixtures("audited")
def test_what_staff_denied_does_not_come_back_with_a_failed_refund(app: Flask) -> None:
    shop = shop_with_bob()
    purchase = shop.purchase("bob", GROSS, tax_minor=0)
    told(shop, purchase, ("re", 5000, False))
    with within(shop.business.id), transaction():
        for reward in session.scalars(select(Reward)).all():
            journey.deny_reward(reward, actor=OLIVE, reason="No.", at=shop.now)
    told(shop, purchase, ("re", 5000, True))
    with within(shop.business.id):
        states = session.scalars(select(Reward.state)).all()
    assert states == ["denied", "denied"]


@pytest.mark.usefixtures("audited")
def test_what_comes_back_is_held_while_a_dispute_is_open(app: Flask) -> None:
    shop = shop_with_bob()
    purchase = shop.purchase("bob", GROSS, tax_minor=0)
    told(shop, purchase, ("re", GROSS, False))
    news = DisputeFact((purchase.external_id,), "dp_1", 10, DisputeOutcome.OPEN, shop.now)
    with within(shop.business.id), transaction():
        journey.dispute(shop.business, news, at=shop.now)
    told(shop, purchase, ("re", GROSS, True))
    with within(shop.business.id):
        fresh = session.scalars(select(Reward).where(Reward.state == "pending")).all()
        gates = [said for one in fresh for said in explain_reward(one, at=shop.now).gates]
    assert [(one.amount_minor, one.open_holds) for one in fresh] == [(778, 1), (33, 1)]
    rule = next(gate for gate in gates if gate.name == GateName.RULE)
    assert dict(rule.evidence)["arithmetic"]["given_back"] == Money(778, "eur")


def kept_of(shop: Shop, purchase: Purchase) -> dict[int, int]:
    """Return what each promised amount is worth now, whatever became of it on the way."""
    with within(shop.business.id):
        rewards = session.scalars(select(Reward).where(Reward.purchase_id == purchase.id)).all()
        kept: dict[int, int] = {}
        for one in rewards:
            whole = 778 if one.side == Side.ADVOCATE else 33
            kept[whole] = kept.get(whole, 0) + one.amount_minor - one.clawback_minor
    return kept


def grant_all(shop: Shop, provider: Provider) -> None:
    """Let everything that is due at the shop's time be done."""
    with within(shop.business.id):
        ripen_due(at=shop.now)
        send_due(provider, at=shop.now)


def owed_by(shop: Shop) -> int:
    """Return what stands as a debt at the shop."""
    with within(shop.business.id):
        session.rollback()
        return sum(session.scalars(select(Reward.owed_minor)))


@pytest.mark.usefixtures("audited")
def test_what_is_taken_back_is_the_share_that_stands(app: Flask) -> None:
    shop = shop_with_bob()
    purchase = shop.purchase("bob", GROSS, tax_minor=0)
    seen = []
    for step in [("a", 1, False), ("b", 5000, False), ("b", 5000, True), ("c", 9_999, False)]:
        told(shop, purchase, step)
        seen.append(max(part for _, part, _ in taken_back(shop, purchase)[1]))
    assert seen == [0, 389, 0, 777]
    told(shop, purchase, ("d", 50_000, False))
    assert purchase.refunded_minor == GROSS
    assert {(amount, part) for amount, part, _ in taken_back(shop, purchase)[1]} == {
        (778, 778),
        (33, 33),
    }
