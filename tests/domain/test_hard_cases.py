"""Refunds, debts, places and choices that meet at awkward moments; the books always hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, Operator, within
from referral.domain.programs import Kind, OfferTerms, Side, Step, Trigger
from referral.domain.purchases import (
    CameBack,
    Claim,
    CustomerFact,
    DisputeFact,
    DisputeOutcome,
)
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.approving import OwnReward
from referral.domain.rewards.charities import add_charity, mark_paid, set_default
from referral.domain.rewards.choosing import choose
from referral.domain.rewards.debts import forgive_debt
from referral.domain.rewards.gifts import show_code
from referral.domain.rewards.milestones import count_friend
from referral.domain.rewards.qualifying import Qualification
from referral.domain.rewards.redemptions import Redemption, reverse
from referral.domain.rewards.store_credit import expire, lot_of
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from referral.foundation.money import Money
from tests.cast import Shop, credit, fill_stock, open_shop, store_credit
from tests.credit import balance_of, spend
from tests.provider import Provider, prepare, refuse, ripen_due, send_due

OLIVE = Actor("operator", "Olive")
NOTHING = credit(side=Side.FRIEND, minimum_minor=10**9)
pytestmark = pytest.mark.usefixtures("audited")


def of_kind(kind: Kind, **terms: object) -> OfferTerms:
    chosen = {"trigger": Trigger.PURCHASE, "amount_minor": 1000, **terms}
    return OfferTerms(side=Side.ADVOCATE, kind=kind, **chosen)  # type: ignore[arg-type]


def open_with(advocate: OfferTerms, *friends: str, **terms: int) -> Shop:
    """Open a shop where friends of Alice have signed up."""
    shop = open_shop(advocate=advocate, friend=NOTHING, **terms)
    token = shop.click(shop.link_of(shop.customer("alice")))
    for friend in friends or ("bob",):
        shop.later(minutes=5).signup(friend, token=token)
    return shop


def give(shop: Shop, provider: Provider, *, days: int = 31) -> None:
    shop.later(days=days)
    with within(shop.business.id):
        ripen_due(at=shop.now)
        send_due(provider, at=shop.now)


def rewards(shop: Shop) -> list[Reward]:
    with within(shop.business.id):
        session.expire_all()
        return list(session.scalars(select(Reward).order_by(Reward.id)))


def pick(shop: Shop, kind: Kind) -> None:
    """Let the newest reward be chosen."""
    newest = rewards(shop)[-1]
    with within(shop.business.id), transaction():
        choose(newest, kind, None, actor=OLIVE, at=shop.now)


def sent(shop: Shop) -> list[int]:
    """List what was given outside or out of a stock."""
    with within(shop.business.id):
        acts = session.scalars(select(Grant).order_by(Grant.id)).all()
    return [one.amount_minor for one in acts if one.state == "done" and not one.takes]


@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.GIFT, Kind.CHARITY, Kind.ACCOUNT_CREDIT])
def test_what_was_kept_is_not_given_again_when_its_refund_fails(app: Flask, kind: Kind) -> None:
    shop, provider = open_with(of_kind(kind)), Provider()
    if kind is Kind.GIFT:
        fill_stock(shop, "AAAA-BBBB-CCCC\nDDDD-EEEE-FFFF")
    with within(shop.business.id), transaction():
        charity = add_charity(shop.business.id, "Reds", "https://reds.example", at=shop.now)
        set_default(charity)
    bought = shop.later(hours=1).purchase("bob")
    give(shop, provider)
    (reward,) = rewards(shop)
    with within(shop.business.id), transaction():
        if kind is Kind.GIFT:
            show_code(reward, at=shop.now)
        if kind is Kind.CHARITY:
            mark_paid(charity, Money(1000, "eur"), reference="x", at=shop.now)
    provider.credit.clear()
    shop.refund(bought, 12000, name="re_1")
    give(shop, provider)
    shop.refund(bought, 12000, name="re_1", has_failed=True)
    give(shop, provider)
    assert sent(shop) == [1000, 0]
    assert sum(one.debt_minor for one in rewards(shop)) == 0


def test_a_seen_gift_stays_when_both_refunds_of_its_halves_fail(app: Flask) -> None:
    shop, provider = open_with(of_kind(Kind.GIFT)), Provider()
    fill_stock(shop, "AAAA-BBBB-CCCC\nDDDD-EEEE-FFFF")
    bought = shop.later(hours=1).purchase("bob")
    give(shop, provider)
    for name in ("re_1", "re_2"):
        shop.refund(bought, 6000, name=name)
    give(shop, provider)
    for name in ("re_1", "re_2"):
        shop.refund(bought, 6000, name=name, has_failed=True)
    give(shop, provider)
    assert {one.state for one in rewards(shop)} <= {"granted", "reversed"}
    assert sum(one.debt_minor for one in rewards(shop)) == 0


def test_one_of_two_halves_that_fails_gives_the_gift_again_and_half_is_owed(app: Flask) -> None:
    shop, provider = open_with(of_kind(Kind.GIFT)), Provider()
    fill_stock(shop, "AAAA-BBBB-CCCC\nDDDD-EEEE-FFFF")
    bought = shop.later(hours=1).purchase("bob")
    give(shop, provider)
    for name in ("re_1", "re_2"):
        shop.refund(bought, 6000, name=name)
    give(shop, provider)
    shop.refund(bought, 6000, name="re_1", has_failed=True)
    give(shop, provider)
    known = [(one.state, one.amount_minor, one.debt_minor) for one in rewards(shop)]
    assert known == [("reversed", 1000, 0), ("granted", 1000, 500)]


def test_a_forgiven_debt_is_not_given_a_second_time(app: Flask) -> None:
    shop, provider = open_with(of_kind(Kind.REFUND)), Provider()
    bought = shop.later(hours=1).purchase("bob")
    give(shop, provider)
    shop.refund(bought, 12000, name="re_1")
    with within(shop.business.id), transaction():
        forgive_debt(rewards(shop)[0], actor=OLIVE, reason="A regular.", at=shop.now)
    shop.refund(bought, 12000, name="re_1", has_failed=True)
    give(shop, provider)
    assert sent(shop) == [1000]


def test_what_came_back_is_not_owed_though_it_was_reversed(app: Flask) -> None:
    shop, provider = open_with(of_kind(Kind.REFUND)), Provider()
    bought = shop.later(hours=1).purchase("bob")
    give(shop, provider)
    with within(shop.business.id):
        made = session.scalars(select(Grant.object_id)).one()
    shop.refund(bought, 12000)
    for _ in range(2):
        with within(shop.business.id), transaction():
            journey.come_back(CameBack(str(made)), at=shop.now)
    first, second = rewards(shop)
    assert (first.state, first.debt_minor, second.state) == ("reversed", 0, "cancelled")


def test_a_turn_that_was_restored_gives_way_whole(app: Flask) -> None:
    shop, provider = open_with(of_kind(Kind.ACCOUNT_CREDIT, times=1)), Provider()
    early = shop.later(hours=1).now
    bought = shop.later(days=1).purchase("bob", keys=("in_2",))
    shop.refund(bought, 12000, name="re_1")
    shop.refund(bought, 12000, name="re_1", has_failed=True)
    shop.purchase("bob", keys=("in_1",), at=early)
    give(shop, provider)
    assert provider.credit == {"cus_alice": 1000}


def test_a_part_that_a_limit_refused_is_not_taken_from_what_is_left(app: Flask) -> None:
    shop = open_with(of_kind(Kind.ACCOUNT_CREDIT), "bob", "carol", budget_minor=1500)
    provider = Provider()
    bought = shop.later(hours=1).purchase("bob")
    shop.refund(bought, 6000, name="re_1")
    shop.later(hours=1).purchase("carol")
    shop.refund(bought, 6000, name="re_1", has_failed=True)
    shop.refund(bought, 6000, name="re_2")
    give(shop, provider)
    assert provider.credit == {"cus_alice": 1500}


def test_a_part_that_staff_denied_is_not_taken_from_what_is_left(app: Flask) -> None:
    shop, provider = open_with(of_kind(Kind.ACCOUNT_CREDIT)), Provider()
    bought = shop.later(hours=1).purchase("bob")
    give(shop, provider)
    shop.refund(bought, 6000, name="re_1")
    give(shop, provider)
    shop.refund(bought, 6000, name="re_1", has_failed=True)
    with within(shop.business.id), transaction():
        journey.deny_reward(rewards(shop)[-1], actor=OLIVE, reason="No.", at=shop.now)
    shop.refund(bought, 6000, name="re_2")
    give(shop, provider)
    assert provider.credit == {"cus_alice": 500}


def tell_known_since(shop: Shop, name: str, days: int) -> None:
    """Let Stripe tell that somebody was a customer so many days ago already."""
    claim = Claim(customer_id=f"cus_{name}", email=f"{name}@mail.example")
    fact = CustomerFact(claim, shop.now, shop.now - timedelta(days=days))
    with within(shop.business.id), transaction():
        journey.tell_customer(shop.business, fact, at=shop.now)


def count(shop: Shop) -> None:
    """Let every hold pass, and the friends be counted."""
    shop.later(days=31)
    with within(shop.business.id):
        due = select(Qualification.id).where(Qualification.due_at <= shop.now)
        for key in session.scalars(due.order_by(Qualification.id)).all():
            with transaction():
                friend = session.get_one(Qualification, key)
                _, friend.due_at = count_friend(friend, at=shop.now)


def test_a_friend_who_was_a_customer_gives_their_place_up(app: Flask) -> None:
    milestone = credit(trigger=Trigger.MILESTONE, milestone_every=2)
    shop, provider = open_with(milestone, "bob", "carol", "dan"), Provider()
    shop.later(hours=1).purchase("bob")
    count(shop)
    tell_known_since(shop, "bob", 400)
    shop.later(hours=1).purchase("carol")
    count(shop)
    give(shop, provider)
    assert provider.credit == {}
    shop.later(hours=1).purchase("dan")
    count(shop)
    give(shop, provider)
    assert provider.credit == {"cus_alice": 1000}


def test_a_milestone_that_is_not_given_yet_is_counted_again_without_them(app: Flask) -> None:
    milestone = credit(trigger=Trigger.MILESTONE, milestone_every=2)
    shop, provider = open_with(milestone, "bob", "carol", "dan"), Provider()
    for name in ("bob", "carol"):
        shop.later(hours=1).purchase(name)
    count(shop)
    assert [one.state for one in rewards(shop)] == ["pending"]
    tell_known_since(shop, "bob", 400)
    assert [one.state for one in rewards(shop)] == ["cancelled"]
    count(shop)
    give(shop, provider)
    assert provider.credit == {}
    shop.later(hours=1).purchase("dan")
    count(shop)
    give(shop, provider)
    assert provider.credit == {"cus_alice": 1000}


def test_a_step_is_not_climbed_on_somebody_who_was_a_customer(app: Flask) -> None:
    steps = (Step(1, 1000), Step(2, 5000))
    shop = open_with(of_kind(Kind.ACCOUNT_CREDIT, steps=steps), "bob", "carol")
    shop.later(hours=1).purchase("bob")
    tell_known_since(shop, "bob", 400)
    shop.later(hours=1).purchase("carol")
    assert [one.amount_minor for one in rewards(shop) if one.state == "pending"] == [1000]


@pytest.mark.parametrize("is_early", [True, False])
def test_what_is_chosen_pays_a_debt_whenever_it_is_chosen(app: Flask, is_early: bool) -> None:
    choices = (Kind.ACCOUNT_CREDIT, Kind.GIFT)
    shop, provider = open_with(of_kind(Kind.CHOICE, choices=choices)), Provider()
    bought = shop.later(hours=1).purchase("bob")
    pick(shop, Kind.ACCOUNT_CREDIT)
    give(shop, provider)
    provider.credit.clear()
    shop.refund(bought, 12000)
    give(shop, provider)
    shop.later(hours=1).purchase("bob")
    if is_early:
        pick(shop, Kind.ACCOUNT_CREDIT)
    give(shop, provider)
    if not is_early:
        pick(shop, Kind.ACCOUNT_CREDIT)
        give(shop, provider)
    assert (provider.credit, rewards(shop)[-1].state) == ({}, "granted")


def test_what_pays_a_debt_in_part_is_no_gift_any_more(app: Flask) -> None:
    choices = (Kind.ACCOUNT_CREDIT, Kind.GIFT)
    shop, provider = open_with(of_kind(Kind.CHOICE, choices=choices)), Provider()
    bought = shop.later(hours=1).purchase("bob")
    pick(shop, Kind.ACCOUNT_CREDIT)
    give(shop, provider)
    provider.credit.clear()
    shop.refund(bought, 3000)
    give(shop, provider)
    shop.later(hours=1).purchase("bob")
    pick(shop, Kind.ACCOUNT_CREDIT)
    shop.later(days=31)
    with within(shop.business.id):
        ripen_due(at=shop.now)
    with pytest.raises(Invalid):
        pick(shop, Kind.GIFT)


@pytest.mark.parametrize("how", ["forgiven", "settled"])
@pytest.mark.parametrize("is_late", [True, False])
def test_credit_that_comes_back_after_its_debt_is_gone_still_ends(
    app: Flask, how: str, is_late: bool
) -> None:
    shop, provider = open_with(store_credit(credit_life_days=90)), Provider()
    bought = shop.later(hours=1).purchase("bob")
    give(shop, provider)
    alice = rewards(shop)[0].person
    spent = spend(shop, alice, 1000)
    shop.refund(bought, 12000)
    give(shop, provider, days=1)
    if how == "forgiven":
        with within(shop.business.id), transaction():
            forgive_debt(rewards(shop)[0], actor=OLIVE, reason="A regular.", at=shop.now)
    else:
        shop.later(hours=1).purchase("bob")
        give(shop, provider)
    if is_late:
        shop.later(days=90)
    with within(shop.business.id), transaction():
        reverse(session.get_one(Redemption, spent.id), actor=OLIVE, at=shop.now)
    assert balance_of(alice) == (0 if is_late else 1000)
    shop.later(days=90)
    with within(shop.business.id), transaction():
        lot = lot_of(rewards(shop)[0])
        assert lot is not None
        expire(lot, at=shop.now)
    assert balance_of(alice) == 0


def test_what_is_issued_again_is_held_while_its_purchase_is_disputed(app: Flask) -> None:
    shop, provider = open_with(of_kind(Kind.ACCOUNT_CREDIT)), Provider()
    bought = shop.later(hours=1).purchase("bob")
    shop.later(days=31)
    with within(shop.business.id):
        ripen_due(at=shop.now)
        act = session.scalars(select(Grant)).one()
        prepare(act, provider, at=shop.now)
        refuse(act, at=shop.now)
    fact = DisputeFact((bought.external_id,), "dp_1", 12000, DisputeOutcome.OPEN, shop.now)
    with within(shop.business.id), transaction():
        journey.dispute(shop.business, fact, at=shop.now)
    with within(shop.business.id), transaction():
        journey.reissue_reward(rewards(shop)[0], actor=OLIVE, reason="Mended.", at=shop.now)
    give(shop, provider)
    assert provider.credit == {}


def test_a_dispute_in_another_currency_counts_for_the_whole_purchase(app: Flask) -> None:
    shop = open_with(of_kind(Kind.ACCOUNT_CREDIT))
    bought = shop.later(hours=1).purchase("bob")
    lost = DisputeFact((bought.external_id,), "dp_1", 65, DisputeOutcome.LOST, shop.now, "usd")
    with within(shop.business.id), transaction():
        journey.dispute(shop.business, lost, at=shop.now)
    assert [one.state for one in rewards(shop)] == ["cancelled"]


def test_nobody_forgives_a_debt_of_their_own(app: Flask) -> None:
    shop, provider = open_with(of_kind(Kind.REFUND)), Provider()
    bought = shop.later(hours=1).purchase("bob")
    give(shop, provider)
    shop.refund(bought, 12000)
    with within(shop.business.id), transaction():
        person = Operator(email="alice@mail.example", name="Alice", created_at=shop.now)
        session.add(person)
        session.flush()
        own = Actor("operator", "Alice", person.id)
    with pytest.raises(OwnReward), within(shop.business.id), transaction():
        journey.forgive_debt(rewards(shop)[0], actor=own, reason="Please.", at=shop.now)
    assert rewards(shop)[0].debt_minor == 1000
