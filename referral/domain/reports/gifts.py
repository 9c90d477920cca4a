"""The codes of a stock with whom each was given to, page by page; never the codes themselves."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from referral.domain.people import Person
from referral.domain.reports.console import PAGE, Page
from referral.domain.rewards import Reward
from referral.domain.rewards.gift_stock import GiftCode, GiftStock
from referral.foundation.db import session

Row = tuple[GiftCode, Reward | None, Person | None]


def codes_of(stock: GiftStock, after: str | None) -> Page[Row]:
    """List a stock's codes, the newest first, each with its reward and person if it was given."""
    query = (
        select(GiftCode, Reward, Person)
        .outerjoin(Reward, Reward.id == GiftCode.reward_id)
        .outerjoin(Person, Person.id == Reward.person_id)
        .where(GiftCode.stock_id == stock.id)
        .order_by(GiftCode.id.desc())
        .limit(PAGE + 1)
    )
    key = _key(after)
    if key is not None:
        query = query.where(GiftCode.id < key)
    rows = [(code, reward, person) for code, reward, person in session.execute(query)]
    shown = rows[:PAGE]
    return Page(shown, str(shown[-1][0].id) if len(rows) > PAGE else None)


def _key(text: str | None) -> uuid.UUID | None:
    """Read where a page goes on; what is no key begins anew."""
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None
