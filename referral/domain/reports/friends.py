"""The friends somebody sent, what was earned by each, and how many of them counted.

Of a friend it hands out what the referral holds; showing no more than a first name and a coarse
step is the page's duty (L-12). Reads only.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, case, func, or_, select
from sqlalchemy.orm import joinedload

from referral.domain.attribution import Referral
from referral.domain.programs import Program, Side
from referral.domain.purchases import Purchase
from referral.domain.rewards import (
    CreditLot,
    Reward,
    RewardState,
)
from referral.domain.rewards.awaiting import AwaitedRate
from referral.domain.rewards.rewards import has_its_place
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.foundation.ids import parse_public_id
from referral.foundation.money import Money


@dataclass(frozen=True, slots=True)
class Sent:
    """One friend sent, with what the advocate earned by them, the newest first.

    `awaits_rate` tells that they bought something in a currency no rate is known for yet.
    """

    referral: Referral
    rewards: tuple[Reward, ...]
    awaits_rate: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """How many people somebody sent, how many of them bought, and how many brought a thank-you.

    `to_spend` is their store credit; None where they have none, or some in several currencies.
    """

    sent: int
    bought: int
    thanked: int
    to_spend: Money | None = None


def tally_of(person_id: uuid.UUID, *, at: datetime) -> Tally:
    """Count the people somebody sent, and their store credit, in one query."""
    query = (
        select(
            func.count(Referral.id.distinct()),
            func.count(case((Reward.purchase_id.is_not(None), Referral.id)).distinct()),
            func.count(case((_was_thanked(), Referral.id)).distinct()),
            _of_lots(func.sum(CreditLot.left_minor), person_id, at=at),
            _of_lots(func.min(CreditLot.currency), person_id, at=at),
            _of_lots(func.count(CreditLot.currency.distinct()), person_id, at=at),
        )
        .select_from(Referral)
        .outerjoin(Reward, _earned_by_sending())
        .where(Referral.advocate_id == person_id)
    )
    sent, bought, thanked, left, currency, currencies = session.execute(query).one()
    to_spend = Money(int(left), currency) if currencies == 1 else None
    return Tally(sent, bought, thanked, to_spend)


def friends_of(person_id: uuid.UUID, *, limit: int, after: str | None = None) -> list[Sent]:
    """List the friends a person sent, the newest first, in one query.

    `after` is the public id of the referral the page before ended with; raises NotFound for one
    that is not theirs.
    """
    page = select(Referral.id).where(Referral.advocate_id == person_id)
    if after is not None:
        last = _own_referral(person_id, after)
        page = page.where(
            or_(Referral.at < last.at, and_(Referral.at == last.at, Referral.id < last.id))
        )
    page = page.order_by(Referral.at.desc(), Referral.id.desc()).limit(limit)
    query = (
        select(Referral, Reward, _awaits_rate())
        .outerjoin(Reward, _earned_by_sending())
        .where(Referral.id.in_(page))
        .options(
            joinedload(Referral.friend),
            joinedload(Referral.program),
            joinedload(Referral.advocate_offer),
        )
        .order_by(Referral.at.desc(), Referral.id.desc(), Reward.id.desc())
    )
    found: dict[uuid.UUID, tuple[Referral, list[Reward], bool]] = {}
    for referral, reward, awaits_rate in session.execute(query):
        earned = found.setdefault(referral.id, (referral, [], awaits_rate))[1]
        if reward is not None:
            earned.append(reward)
    return [
        Sent(referral, tuple(earned), awaits_rate)
        for referral, earned, awaits_rate in found.values()
    ]


def _earned_by_sending() -> ColumnElement[bool]:
    return and_(
        Reward.referral_id == Referral.id,
        Reward.side == Side.ADVOCATE,
        has_its_place(),
    )


def _was_thanked() -> ColumnElement[bool]:
    return or_(Reward.state == RewardState.GRANTED, Reward.given_minor > 0)


def _awaits_rate() -> ColumnElement[bool]:
    """Tell whether a purchase of the friend waits for a rate into the program's currency."""
    currency = select(Program.currency).where(Program.id == Referral.program_id)
    return (
        select(AwaitedRate.id)
        .join(Purchase, Purchase.id == AwaitedRate.purchase_id)
        .where(
            AwaitedRate.met_at.is_(None),
            AwaitedRate.quote == currency.correlate(Referral).scalar_subquery(),
            Purchase.person_id == Referral.friend_id,
        )
        .correlate(Referral)
        .exists()
    )


def _own_referral(person_id: uuid.UUID, text: str) -> Referral:
    query = select(Referral).where(
        Referral.advocate_id == person_id, Referral.id == parse_public_id(Referral.prefix, text)
    )
    referral = session.scalar(query)
    if referral is None:
        raise NotFound
    return referral


def _of_lots(wanted: Any, person_id: uuid.UUID, *, at: datetime) -> ScalarSelect[Any]:
    """Return something of the lots somebody can spend now."""
    query = select(wanted).where(CreditLot.person_id == person_id, CreditLot.left_minor > 0)
    return query.where(
        or_(CreditLot.expires_at.is_(None), CreditLot.expires_at > at)
    ).scalar_subquery()
