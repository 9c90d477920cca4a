"""Tells the demo's month into an empty database, the worker doing its part each day."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from referral.demo.month import month
from referral.demo.names import ADVOCATES, LOYAL
from referral.demo.shop import BEING_TOLD, SLUG, customer, open_shop
from referral.domain.businesses import (
    Business,
    within,
)
from referral.domain.notices import Notice
from referral.domain.reports.reconciliations import compare_soon
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.gateways.stripe import poll_now
from referral.worker import work_all


def is_half_told() -> bool:
    """Tell whether an earlier telling was interrupted."""
    return session.scalar(select(Business.id).where(Business.slug == BEING_TOLD)) is not None


def is_empty() -> bool:
    """Tell whether there is no business yet."""
    return session.scalar(select(Business.id).limit(1)) is None


def tell() -> None:
    """Tell the whole month, the worker doing its part at the end of each day."""
    now = clock.now()
    story = open_shop(now - timedelta(days=30), now)
    with within(story.business.id):
        links = [customer(story, name, days_ago=29) for name in ADVOCATES]
        for name in LOYAL:
            customer(story, name, days_ago=28)
        acts = sorted(month(story, links), key=lambda act: act[0])
        day = acts[0][0].date()
        for at, act in acts:
            if at.date() > day:
                _close_day(at)
                day = at.date()
            act(at)
        _close_day(now)
        with transaction():
            session.execute(delete(Notice))
            poll_now(story.business.id, at=now)
            compare_soon(story.business.id, since=now, at=now)
            story.business.slug = SLUG


def _close_day(moment: datetime) -> None:
    """Let the worker do what was due by then, on a calendar set back to that day."""
    with transaction():
        session.execute(delete(Notice))
    clock.shift(int((moment - clock.wall_now()).total_seconds()))
    try:
        work_all()
    finally:
        clock.shift(0)
