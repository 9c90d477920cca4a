"""A copy of the database as it is now, to go on with as after a restore, and how it went."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.engine import make_url

from referral import create_app
from referral.domain.businesses import Actor, within
from referral.domain.people import Person
from referral.domain.purchases import Purchase
from referral.domain.reports.auditor import audit
from referral.domain.rewards.recovering import Recovery, beat, recovery_of
from referral.foundation import clock
from referral.foundation.db import db, session, transaction
from referral.worker.comparing import compare_with_provider
from tests.databases import copied_database, drop_database
from tests.fixtures import settings_for
from tests.stories.trade import Thing, Trade

SIX_HOURS_S = 6 * 3600
OLIVE = Actor("operator", "Olive")


@contextmanager
def backup(trade: Trade) -> Iterator[str]:
    """Note that a worker is at work, and yield the address of a copy made in this moment."""
    with transaction():
        beat(at=clock.now())
    session.remove()
    db.engine.dispose()
    url = copied_database(trade.app.extensions["settings"].database_url)
    assert make_url(url).database != db.engine.url.database
    yield url
    drop_database(url)


@contextmanager
def restored(trade: Trade, url: str) -> Iterator[Trade]:
    """Go on with the copy instead: the same business, as another start of the product sees it."""
    session.remove()
    app = create_app(settings_for(url, stripe_api_base=trade.practice.url))
    with app.app_context():
        yield Trade(app, trade.practice, trade.shop)
        session.remove()
        db.engine.dispose()


def start_worker() -> timedelta | None:
    """Do what a worker does first of all; return how long nobody was at work."""
    with transaction():
        silence = beat(at=clock.now())
    session.remove()
    return silence


def recovery(trade: Trade) -> Recovery | None:
    session.remove()
    with within(trade.shop.business.id):
        return recovery_of(trade.shop.business.id)


def amounts(trade: Trade, person: Person) -> list[int]:
    return [one["amount"] for one in trade.credits_of(person)]


def assert_clean_with_provider() -> None:
    session.remove()
    report = audit(clock.now())
    compare_with_provider(report)
    assert [str(one) for one in report.violations] == []
    assert [one for one in report.warnings if one.invariant in ("dead", "provider")] == []


def purchase(trade: Trade, alice: Person) -> list[Thing]:
    """Let Bob pay through Alice's link; return what Stripe tells of it."""
    bought = trade.practice.buy(
        12000,
        currency="eur",
        email="bob@mail.example",
        client_reference_id=f"wom_{trade.token_of(alice)}",
        deliver=False,
    )
    events: list[Thing] = bought["events"]
    return events


def refund(
    trade: Trade, amount_minor: int = 6000, *, name: str = "re_half", from_s: int | None = 0
) -> None:
    """Give a part of Bob's purchase back, as its provider would tell it each time.

    What comes of it is done from so many seconds on, or not yet.
    """
    with within(trade.shop.business.id):
        bought = session.query(Purchase).one()
    session.remove()
    trade.shop.refund(bought, amount_minor, name=name)
    if from_s is not None:
        trade.settle(from_s=from_s)
