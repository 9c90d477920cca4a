"""A long random history, told out of order, and an independent calculation, to the last unit."""

import random
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from flask import Flask
from sqlalchemy import func, select

from referral.domain import journey
from referral.domain.businesses import within
from referral.domain.programs import Side, Step, Trigger
from referral.domain.purchases import Claim, PurchaseFact, RefundFact
from referral.domain.rewards import LedgerAccount, Reward
from referral.foundation.db import session, transaction
from tests.amounts.shops import bring, shop_in, tell
from tests.cast import NOON, Shop, credit

PLACES = {"eur": 2, "jpy": 0, "kwd": 3}
RATES = {
    "eur": {"jpy": "0.0061728", "kwd": "3.0127"},
    "jpy": {"eur": "162.003", "kwd": "488.0671"},
    "kwd": {"eur": "0.33193", "jpy": "0.0020489"},
}
News = list[tuple[datetime, PurchaseFact | RefundFact]]
TIMES, CAP_UNITS, STEP_RATES = 3, 40, ((1, 700), (4, 1111), (8, 1500))


class Bought:
    """One purchase of the history, and what of it went back."""

    def __init__(self, dice: random.Random, friend: str, number: int, currency: str) -> None:
        self.friend, self.key, self.currency = friend, f"in_{friend}_{number}", currency
        self.at = NOON + timedelta(hours=dice.randrange(1, 24 * 90), minutes=number)
        scale = 10 ** PLACES[currency]
        self.gross = dice.randrange(1, 400) * scale + dice.randrange(scale)
        self.tax = dice.choice([0, self.gross // 6])
        self.refunds: list[int] = []
        while dice.random() < 0.3:
            left = self.gross - sum(self.refunds)
            if left > 1:
                self.refunds.append(dice.choice([left, dice.randrange(1, left)]))

    @property
    def refunded(self) -> int:
        return min(self.gross, sum(self.refunds))


def nearest(value: Decimal, unit: int = 1) -> int:
    """Round to the nearest multiple of a unit, a tie to the even one, by decimals."""
    return int((value / unit).quantize(Decimal(1), ROUND_HALF_EVEN)) * unit


def into(offer: str, one: Bought) -> int:
    base = one.gross - one.tax
    if one.currency == offer:
        return base
    paid = Decimal(base) / 10 ** PLACES[one.currency]
    return nearest(paid * Decimal(RATES[offer][one.currency]) * 10 ** PLACES[offer])


def kept_of(amount: int, one: Bought, unit: int) -> int:
    if one.refunded == one.gross:
        return 0
    return amount - nearest(Decimal(amount) * one.refunded / one.gross, unit)


def advocate_total(offer: str, bought: list[Bought], place: int) -> int:
    """The first three purchases: a share by the friend's place, with a cap."""
    unit = 10 if PLACES[offer] == 3 else 1
    rate_bp = [rate for first, rate in STEP_RATES if first <= place][-1]
    worth = {one.key: nearest(Decimal(into(offer, one)) * rate_bp / 10_000, unit) for one in bought}
    counting = sorted(
        (one for one in bought if worth[one.key] > 0), key=lambda one: (one.at, one.key)
    )
    return sum(
        kept_of(min(worth[one.key], CAP_UNITS * 10 ** PLACES[offer]), one, unit)
        for one in counting[:TIMES]
    )


def qualifies(offer: str, one: Bought) -> bool:
    """Tell whether a purchase gives its friend a place: the best step gives something for it."""
    unit = 10 if PLACES[offer] == 3 else 1
    return nearest(Decimal(into(offer, one)) * STEP_RATES[-1][1] / 10_000, unit) > 0


def friend_total(offer: str, bought: list[Bought]) -> int:
    """Every purchase: a flat 2.5 %."""
    unit = 10 if PLACES[offer] == 3 else 1
    return sum(
        kept_of(nearest(Decimal(into(offer, one)) * 250 / 10_000, unit), one, unit)
        for one in bought
        if nearest(Decimal(into(offer, one)) * 250 / 10_000, unit) > 0
    )


def history(dice: random.Random, friends: list[str], each: int) -> list[Bought]:
    return [
        Bought(dice, friend, number, dice.choice(["eur", "jpy", "kwd"]))
        for friend in friends
        for number in range(1, dice.randrange(2, 2 * each))
    ]


def shop_of(offer: str) -> Shop:
    share = credit(
        None,
        rate_bp=STEP_RATES[0][1],
        trigger=Trigger.PURCHASE,
        times=TIMES,
        cap_minor=CAP_UNITS * 10 ** PLACES[offer],
        steps=tuple(Step(first, rate_bp=rate) for first, rate in STEP_RATES),
    )
    back = credit(None, side=Side.FRIEND, rate_bp=250, trigger=Trigger.PURCHASE)
    shop = shop_in(offer, share, back, hold_days=365)
    return shop


def tell_rates(shop: Shop, offer: str) -> None:
    """Tell a rate for each week, long after all of it was paid."""
    for paid, rate in RATES[offer].items():
        for week in range(-1, 15):
            tell(shop, paid, offer, rate, day=(NOON + timedelta(days=7 * week - 1)).date())


def told(shop: Shop, news: News) -> None:
    """Tell a list of news in its order, each in a commit of its own."""
    for at, fact in news:
        with within(shop.business.id), transaction():
            if isinstance(fact, PurchaseFact):
                journey.buy(shop.business, fact, at=at)
            else:
                journey.refund(shop.business, fact, at=at)


def news_of(dice: random.Random, bought: list[Bought], at: datetime) -> News:
    """Tell purchases in any order; refunds anywhere after their purchase, some of them twice."""
    queue: list[tuple[float, datetime, PurchaseFact | RefundFact]] = []
    for one in bought:
        when = dice.random()
        claim = Claim(email=f"{one.friend}@mail.example")
        fact = PurchaseFact(claim, (one.key,), one.gross, one.tax, one.currency, one.at)
        queue.append((when, at, fact))
        for number, amount in enumerate(one.refunds):
            back = RefundFact((one.key,), at, None, f"re_{one.key}_{number}", amount)
            queue += [(dice.uniform(when, 1), at, back)] * dice.choice([1, 1, 2])
    return [(at, fact) for _, at, fact in sorted(queue, key=lambda item: item[0])]


@pytest.mark.parametrize("offer", ["eur", "jpy", "kwd"])
def test_every_total_equals_an_independent_calculation(
    app: Flask, offer: str, history_each: int
) -> None:
    dice = random.Random(f"history of {offer}")
    shop = shop_of(offer)
    advocates = ["alice", "ana"]
    friends = {name: [f"{name}{number}" for number in range(1, 11)] for name in advocates}
    for name in advocates:
        bring(shop, shop.customer(name), *friends[name])
    bought = history(dice, [one for each in friends.values() for one in each], each=history_each)
    tell_rates(shop.later(days=100), offer)
    news = news_of(dice, bought, shop.now)
    told(shop, news)
    of = defaultdict(list)
    for one in bought:
        of[one.friend].append(one)
    by_key = {one.key: one for one in bought}
    places: dict[str, int] = {}
    for _, fact in news:
        if isinstance(fact, PurchaseFact) and qualifies(offer, by_key[fact.keys[0]]):
            friend = str(fact.claim.email).partition("@")[0]
            first = next(name for name in advocates if friend in friends[name])
            places.setdefault(friend, 1 + sum(one in places for one in friends[first]))
    wanted = {
        name: sum(
            advocate_total(offer, of[one], places[one]) for one in friends[name] if one in places
        )
        for name in advocates
    } | {one: friend_total(offer, of[one]) for each in friends.values() for one in each if of[one]}
    assert kept(shop) == {name: total for name, total in wanted.items() if total}
    assert reserved(shop) == sum(wanted.values())


def kept(shop: Shop) -> dict[str, int]:
    """Sum up what each person keeps, by the name of their address."""
    with within(shop.business.id):
        rows = session.scalars(
            select(Reward).where(Reward.program_id == shop.program.id, Reward.state != "cancelled")
        ).all()
        totals: dict[str, int] = defaultdict(int)
        for one in rows:
            totals[str(one.person.email).partition("@")[0]] += one.payable_minor
    return {name: total for name, total in totals.items() if total}


def reserved(shop: Shop) -> int:
    with within(shop.business.id):
        return int(
            session.scalar(
                select(func.sum(LedgerAccount.balance_minor)).where(
                    LedgerAccount.program_id == shop.program.id, LedgerAccount.name == "reserved"
                )
            )
            or 0
        )
