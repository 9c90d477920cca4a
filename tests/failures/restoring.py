"""A copy of the database as it is now, to go on with as after a restore."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.engine import make_url

from referral import create_app
from referral.domain.rewards.recovering import beat
from referral.foundation import clock
from referral.foundation.db import db, session, transaction
from tests.databases import copied_database, drop_database
from tests.fixtures import settings_for
from tests.stories.trade import Trade


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
