"""Store credit: given as a lot, spent to the last unit and never beyond, taken back, ended."""

from datetime import timedelta
from itertools import permutations

import pytest
from flask import Flask
from sqlalchemy import select

from referral.commands.offers import Extras, read_offer
from referral.domain.businesses import Actor, within
from referral.domain.notices import Notice
from referral.domain.people import Person
from referral.domain.programs import Kind, OfferTerms, Side, Trigger
from referral.domain.purchases import Purchase
from referral.domain.reports.auditor import audit
from referral.domain.rewards import (
    CreditBalance,
    CreditEntry,
    CreditLot,
    LedgerAccount,
    Redemption,
    Reward,
    redeem,
    reverse,
)
from referral.domain.rewards.redemptions import NotEnoughCredit, RedemptionDiffers
from referral.domain.rewards.store_credit import look_at_lot
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from referral.foundation.money import Money
from tests.cast import Shop, open_shop, store_credit
from tests.provider import Provider, ripen_due, send_due

OLIVE = Actor("operator", "Olive")
pytestmark = pytest.mark.usefixtures("audited")


def shop_of(
    offer: OfferTerms | None = None,
    *,
    friends: int = 1,
    name: str = "Corner Coffee",
    **terms: object,
) -> Shop:
    """Open a shop to which alice has sent friends."""
    shop = open_shop(name, advocate=offer or store_credit(), **terms)  # type: ignore[arg-type]
    link = shop.link_of(shop.customer("alice"))
    for number in range(friends):
        shop.later(minutes=5).signup(f"friend{number}", token=shop.click(link))
    return shop


def alice(shop: Shop) -> Person:
    return shop.customer("alice")


def bought(shop: Shop, friend: int = 0) -> Purchase:
    """Let a friend pay, and let alice's credit be granted after the hold."""
    purchase = shop.later(hours=1).purchase(f"friend{friend}")
    run(shop.later(days=31))
    return purchase


def run(shop: Shop) -> None:
    """Do everything that is due, without any provider."""
    with within(shop.business.id):
        ripen_due(at=shop.now)
        send_due(Provider(), at=shop.now)
        due = select(CreditLot).where(CreditLot.due_at <= shop.now).order_by(CreditLot.id)
        for _ in range(3):
            for lot in session.scalars(due).all():
                with transaction():
                    lot.due_at = look_at_lot(lot, at=shop.now)
        send_due(Provider(), at=shop.now)


def spend(
    shop: Shop, amount_minor: int, order: str = "order-1", currency: str = "eur"
) -> Redemption:
    person = alice(shop)
    with within(shop.business.id), transaction():
        price = Money(amount_minor, currency)
        return redeem(person, order, price, actor=OLIVE, at=shop.now, note="Cake")[0]


def undo(shop: Shop, redemption: Redemption) -> tuple[int, int, int]:
    with within(shop.business.id), transaction():
        done, _ = reverse(redemption, actor=OLIVE, at=shop.now)
        return done.returned_minor, done.repaid_minor, done.expired_minor


def balance(shop: Shop) -> int:
    with within(shop.business.id):
        session.expire_all()
        found = session.scalars(select(CreditBalance)).one_or_none()
        return found.balance_minor if found else 0


def lots(shop: Shop) -> list[int]:
    with within(shop.business.id):
        session.expire_all()
        return list(session.scalars(select(CreditLot.left_minor).order_by(CreditLot.id)))


def rewards(shop: Shop) -> list[tuple[object, ...]]:
    """Return each reward's state with what was debited, is owed and expired of it."""
    with within(shop.business.id):
        session.expire_all()
        found = session.scalars(
            select(Reward).where(Reward.side == Side.ADVOCATE).order_by(Reward.id)
        )
        return [(r.state, r.debited_minor, r.owed_minor, r.expired_minor) for r in found]


def accounts(shop: Shop) -> dict[str, int]:
    with within(shop.business.id):
        session.expire_all()
        found = session.scalars(select(LedgerAccount)).all()
        return {one.name: one.balance_minor for one in found if one.balance_minor}


def test_a_business_without_stripe_gives_credit_that_can_be_spent(app: Flask) -> None:
    shop = shop_of()
    bought(shop)
    assert (balance(shop), lots(shop)) == (1000, [1000])
    spend(shop, 350)
    assert (balance(shop), rewards(shop)) == (650, [("granted", 0, 0, 0)])
    with within(shop.business.id):
        entries = session.scalars(select(CreditEntry).order_by(CreditEntry.id)).all()
    assert [(one.kind, one.amount_minor, one.balance_after_minor) for one in entries] == [
        ("grant", 1000, 1000),
        ("redemption", -350, 650),
    ]


def test_what_expires_first_is_spent_first(app: Flask) -> None:
    shop = shop_of(store_credit(credit_life_days=90))
    bought(shop)
    bought(shop)
    spend(shop, 1400)
    assert (lots(shop), balance(shop)) == ([0, 600], 600)


def test_too_little_takes_nothing_and_says_what_is_left(app: Flask) -> None:
    shop = shop_of()
    bought(shop)
    with pytest.raises(NotEnoughCredit) as refused:
        spend(shop, 1001)
    assert (refused.value.left, balance(shop)) == (Money(1000, "eur"), 1000)
    with pytest.raises(NotEnoughCredit) as refused:
        spend(shop, 1, currency="jpy")
    assert refused.value.left == Money(0, "jpy")


def test_the_same_order_is_redeemed_once_and_never_for_another_amount(app: Flask) -> None:
    shop = shop_of()
    bought(shop)
    first = spend(shop, 400)
    assert spend(shop, 400).id == first.id
    with pytest.raises(RedemptionDiffers):
        spend(shop, 500)
    assert balance(shop) == 600


@pytest.mark.parametrize("amount_minor", [0, -1])
def test_an_amount_is_above_zero(app: Flask, amount_minor: int) -> None:
    shop = shop_of()
    bought(shop)
    with pytest.raises(Invalid):
        spend(shop, amount_minor)


def test_a_cancelled_order_gives_the_credit_back_once(app: Flask) -> None:
    shop = shop_of()
    bought(shop)
    bought(shop)
    redemption = spend(shop, 1300)
    assert undo(shop, redemption) == (1300, 0, 0)
    assert undo(shop, redemption) == (1300, 0, 0)
    assert (lots(shop), balance(shop)) == ([1000, 1000], 2000)


def test_credit_that_comes_back_after_its_end_has_expired(app: Flask) -> None:
    shop = shop_of(store_credit(credit_life_days=20))
    bought(shop)
    redemption = spend(shop, 300)
    run(shop.later(days=30))
    assert undo(shop, redemption) == (300, 0, 300)
    assert (balance(shop), rewards(shop)) == (0, [("granted", 0, 0, 1000)])


def test_what_is_not_spent_in_time_goes_back_to_the_budget(app: Flask) -> None:
    shop = shop_of(store_credit(credit_life_days=30), budget_minor=1000)
    bought(shop)
    spend(shop, 300)
    shop.later(days=30)
    with pytest.raises(NotEnoughCredit):
        spend(shop, 1, "order-2")
    run(shop)
    assert (balance(shop), rewards(shop)) == (0, [("granted", 0, 0, 700)])
    assert accounts(shop) == {"external": -1000, "budget": 700, "granted": 300}
    with within(shop.business.id):
        program = session.get_one(type(shop.program), shop.program.id, populate_existing=True)
    assert program.committed_minor == 300


def test_somebody_is_told_once_two_weeks_before_their_credit_expires(app: Flask) -> None:
    shop = shop_of(store_credit(credit_life_days=60))
    bought(shop)
    run(shop.later(days=45, hours=23))
    assert told(shop) == []
    run(shop.later(hours=1))
    run(shop.later(days=1))
    (said,) = told(shop)
    assert (said["to"], said["amount_minor"]) == ("alice@mail.example", 1000)
    run(shop.later(days=14))
    assert (len(told(shop)), balance(shop)) == (1, 0)


def told(shop: Shop) -> list[dict[str, object]]:
    with within(shop.business.id):
        found = session.scalars(select(Notice).where(Notice.kind == "credit_expires"))
        return [one.content for one in found]


def test_nobody_is_told_of_credit_that_was_spent(app: Flask) -> None:
    shop = shop_of(store_credit(credit_life_days=60))
    bought(shop)
    spend(shop, 1000)
    run(shop.later(days=50))
    assert told(shop) == []


@pytest.mark.parametrize(
    ("spent", "debited", "owed"), [(0, 500, 0), (400, 500, 0), (700, 300, 200), (1000, 0, 500)]
)
def test_a_refund_takes_what_is_left_of_the_lot_and_the_rest_is_owed(
    app: Flask, spent: int, debited: int, owed: int
) -> None:
    shop = shop_of()
    purchase = bought(shop)
    if spent:
        spend(shop, spent)
    shop.refund(purchase, 6000)
    run(shop)
    assert rewards(shop) == [("granted", debited, owed, 0)]
    assert balance(shop) == 1000 - spent - debited


def test_a_refund_takes_nothing_of_what_other_friends_brought(app: Flask) -> None:
    shop = shop_of(friends=2)
    purchase = bought(shop, 0)
    bought(shop, 1)
    spend(shop, 1000)
    shop.refund(purchase, 12000)
    run(shop)
    assert (balance(shop), rewards(shop)) == (
        1000,
        [("reversed", 0, 1000, 0), ("granted", 0, 0, 0)],
    )


def test_the_books_add_up_in_every_order(app: Flask) -> None:
    for number, order in enumerate(permutations(("spend", "part", "rest", "end"))):
        _happen(shop_of(store_credit(credit_life_days=30), name=f"Shop {number}"), order)


def _happen(shop: Shop, order: tuple[str, ...]) -> None:
    purchase = bought(shop)
    ended = spent = False
    for step in order:
        if step == "spend" and not ended:
            spent = _can_spend(shop, 400)
        elif step == "end":
            shop.later(days=31)
            ended = True
        elif step in ("part", "rest"):
            shop.refund(purchase, 3000 if step == "part" else 6000, name=step)
        run(shop)
    ((state, debited, owed, expired),) = rewards(shop)
    used = 400 if spent else 0
    assert (state, balance(shop), lots(shop)) == ("granted", 0, [0])
    assert debited + expired == 1000 - used
    assert owed == max(0, 750 - debited - expired)
    assert accounts(shop).get("granted", 0) + accounts(shop).get("clawback_due", 0) == used


def _can_spend(shop: Shop, amount_minor: int) -> bool:
    try:
        spend(shop, amount_minor)
    except NotEnoughCredit:
        return False
    return True


def test_what_comes_back_pays_the_debt_of_its_reward_first(app: Flask) -> None:
    shop = shop_of()
    purchase = bought(shop)
    redemption = spend(shop, 1000)
    shop.refund(purchase, 6000)
    run(shop)
    assert rewards(shop) == [("granted", 0, 500, 0)]
    assert undo(shop, redemption) == (1000, 500, 0)
    assert (balance(shop), rewards(shop)) == (500, [("granted", 500, 0, 0)])
    shop.refund(purchase, 6000)
    run(shop)
    assert (balance(shop), rewards(shop)) == (0, [("reversed", 1000, 0, 0)])


def test_a_debt_is_paid_by_what_comes_back_while_more_waits_to_be_taken(app: Flask) -> None:
    """The audit finds nothing in an act that was done beside one that has not begun."""
    shop = shop_of()
    purchase = bought(shop)
    order = spend(shop, 700)
    shop.refund(purchase, 6000)
    run(shop)
    assert rewards(shop) == [("granted", 300, 200, 0)]
    shop.refund(purchase, 6000)
    assert undo(shop, order) == (700, 200, 0)
    assert rewards(shop) == [("granted", 500, 0, 0)]
    report = audit(shop.now)
    assert [str(one) for one in report.violations] == []
    run(shop)
    assert (balance(shop), rewards(shop)) == (0, [("reversed", 1000, 0, 0)])


def test_a_debt_of_a_reversed_reward_is_paid_by_what_comes_back(app: Flask) -> None:
    shop = shop_of()
    purchase = bought(shop)
    redemption = spend(shop, 600)
    shop.refund(purchase, 12000)
    run(shop)
    assert rewards(shop) == [("reversed", 400, 600, 0)]
    assert undo(shop, redemption) == (600, 600, 0)
    assert (balance(shop), rewards(shop)) == (0, [("reversed", 1000, 0, 0)])


def test_a_failed_refund_gives_back_what_was_taken_and_not_what_expired(app: Flask) -> None:
    shop = shop_of(store_credit(credit_life_days=30))
    purchase = bought(shop)
    shop.refund(purchase, 6000, name="re_1")
    run(shop)
    run(shop.later(days=31))
    assert rewards(shop) == [("granted", 500, 0, 500)]
    shop.refund(purchase, 6000, name="re_2")
    run(shop)
    assert rewards(shop) == [("reversed", 500, 0, 500)]
    for name in ("re_2", "re_1"):
        shop.refund(purchase, 6000, name=name, has_failed=True)
    run(shop)
    assert (balance(shop), rewards(shop)[1:]) == (500, [("granted", 0, 0, 0)])


def test_a_lot_lasts_as_long_as_its_offer_promised(app: Flask) -> None:
    shop = shop_of(store_credit(credit_life_days=365))
    bought(shop)
    with within(shop.business.id):
        lot = session.scalars(select(CreditLot)).one()
    assert lot.expires_at == lot.granted_at + timedelta(days=365)


@pytest.mark.parametrize(
    "terms",
    [
        store_credit(credit_life_days=0),
        store_credit(credit_life_days=3651),
        store_credit(None),
        store_credit(None, rate_bp=1000, trigger=Trigger.SIGNUP),
        OfferTerms(Side.ADVOCATE, Kind.ACCOUNT_CREDIT, Trigger.PURCHASE, 100, credit_life_days=30),
    ],
)
def test_an_offer_of_store_credit_makes_sense(terms: OfferTerms) -> None:
    with pytest.raises(Invalid):
        terms.check("eur")


def test_store_credit_is_typed_as_an_amount_or_a_share() -> None:
    fixed = read_offer(
        Side.ADVOCATE, "store_credit:1000", "purchase", extras=Extras(credit_life_days=365)
    )
    share = read_offer(Side.ADVOCATE, "store_credit:10%", "purchase")
    assert fixed == store_credit(credit_life_days=365)
    assert share == store_credit(None, rate_bp=1000)
