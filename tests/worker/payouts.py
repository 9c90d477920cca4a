"""Alice, who is paid in money, and what practice Stripe says she got."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import across_businesses, within
from referral.domain.people import Payee, Person, payee_of
from referral.domain.people.payees import keep_payee
from referral.domain.programs import Side
from referral.domain.purchases import Purchase
from referral.domain.rewards import Grant, Reward
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.gateways.stripe import StripeAccount
from tests.cast import cash, credit
from tests.crash.scenes import NEVER_MINOR
from tests.stories.trade import KEY, Trade, at_stripe, later, open_trade
from tools.practice_stripe import PracticeStripe

HOUR_S = 3600


def open_paying_trade(app: Flask, practice: PracticeStripe, **terms: Any) -> Trade:
    """Open a shop that pays Alice 10.00 for each purchase of Bob."""
    return open_trade(
        app,
        practice,
        advocate=cash(**terms),
        friend=credit(side=Side.FRIEND, minimum_minor=NEVER_MINOR),
    )


def earn_cash(trade: Trade, count: int = 1) -> Person:
    """Let Bob buy so many times on Alice's word."""
    alice = trade.shop.customer("alice")
    trade.shop.signup("bob", token=trade.token_of(alice))
    for _ in range(count):
        trade.shop.purchase("bob")
    return alice


def begin_onboarding(trade: Trade, person: Person, *, country: str = "US") -> str:
    """Make somebody's account at Stripe, as their click would; nothing is given there yet."""
    account = StripeAccount(trade.shop.business.id, KEY, trade.practice.url)
    made = account.make_payee(
        email=person.email, country=country, marks={}, key=f"{person.public_id}:{country}"
    )
    with within(trade.shop.business.id), transaction():
        keep_payee(person, made, country, at=clock.now())
    return made


def onboard(trade: Trade, person: Person) -> str:
    """Have somebody set up completely; news of it arrives."""
    made = begin_onboarding(trade, person)
    finish(trade, made)
    return made


def finish(trade: Trade, account_id: str) -> None:
    """Let the owner of an account give everything, and the news of it arrive."""
    trade.tell(trade.practice.finish_onboarding(account_id, deliver=False)["events"])


def transfers(trade: Trade) -> list[dict[str, Any]]:
    """List the transfers there are at Stripe, the first first."""
    found: list[dict[str, Any]] = at_stripe(trade.practice, "GET", "/v1/transfers", limit=100)[
        "data"
    ]
    return list(reversed(found))


def paid(trade: Trade) -> list[tuple[int, str, int]]:
    """List what was sent and of it taken back: (amount, currency, taken back)."""
    return [(one["amount"], one["currency"], one["amount_reversed"]) for one in transfers(trade)]


def states(trade: Trade) -> list[str]:
    """List where the rewards stand, the first first."""
    session.remove()
    query = select(Reward.state).order_by(Reward.id)
    return list(session.scalars(query.execution_options(**across_businesses())))


def acts(trade: Trade) -> list[tuple[str, str, str | None]]:
    """List the acts: (operation, state, what it waits for), the first first."""
    session.remove()
    query = select(Grant.operation, Grant.state, Grant.waits_for).order_by(Grant.id)
    return [tuple(row) for row in session.execute(query.execution_options(**across_businesses()))]


def payee(trade: Trade, person: Person) -> Payee | None:
    """Read where somebody is paid afresh."""
    session.remove()
    with within(trade.shop.business.id):
        return payee_of(person.id)


def bought(trade: Trade) -> list[Purchase]:
    """List what Bob bought, the first first."""
    session.remove()
    query = select(Purchase).order_by(Purchase.id).execution_options(**across_businesses())
    found = list(session.scalars(query))
    session.commit()
    return found


def work_in(trade: Trade, seconds: int) -> None:
    """Do what is due so many seconds from now, with Stripe's clock at the same time."""
    trade.practice.set_clock(seconds)
    with later(seconds):
        trade.work()


def balance_news() -> dict[str, Any]:
    """Return the event that says that there is money; what it says of it is not read."""
    balance = {"object": "balance", "available": []}
    return {
        "id": "evt_balance",
        "object": "event",
        "type": "balance.available",
        "created": 1_800_000_000,
        "livemode": False,
        "data": {"object": balance},
    }
