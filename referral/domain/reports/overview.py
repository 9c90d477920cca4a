"""What came in lately and what waits for somebody, counted for one business."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, func, or_, select
from sqlalchemy.orm import joinedload

from referral.domain.attribution import Outcome, Referral, Signup
from referral.domain.businesses import StripeConnection
from referral.domain.links import Click
from referral.domain.people import Person
from referral.domain.programs import Program, ProgramState, current_offers
from referral.domain.reports.waiting import IS_WAITING
from referral.domain.rewards import Grant, Reward, RewardMove, RewardState
from referral.domain.rewards.awaiting import AwaitedRate
from referral.domain.rewards.gift_stock import Count, GiftStock, counts, stocks
from referral.domain.rewards.holds import HOLDABLE
from referral.domain.rewards.limits import budget_holds
from referral.domain.rewards.rewards import has_its_place
from referral.foundation.db import session
from referral.foundation.money import LIMIT_MINOR, SUM_LIMIT_MINOR, Money

NEEDS_APPROVAL = (Reward.awaits_staff.is_(True), Reward.state == RewardState.PENDING)
IS_HELD = (Reward.open_holds > 0,)
_LATELY = 8
_ALMOST_ALL = SUM_LIMIT_MINOR - LIMIT_MINOR
"""Up to this much a program without a budget has room for any reward."""
_TELLING = (
    RewardState.GRANTED,
    RewardState.REVERSED,
    RewardState.DENIED,
    RewardState.CANCELLED,
    RewardState.FAILED,
)


@dataclass(frozen=True, slots=True)
class Glance:
    """What every page of the console says at its edge; nothing is live where none is connected."""

    awaiting: int
    is_connected: bool
    is_practice: bool
    is_live: bool


@dataclass(frozen=True, slots=True)
class Waits:
    """How many grants wait for one thing, and when the first of them is tried again."""

    number: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Needs:
    """What waits for somebody; `waiting` tells of grants by what they wait for.

    `failed` are those that nothing was issued for again, `unrated` purchases without a rate.
    """

    approval: int
    held: int
    failed: int
    unrated: int
    waiting: dict[str, Waits]


@dataclass(frozen=True, slots=True)
class Month:
    """What happened since a moment; amounts per currency."""

    people: int
    clicks: int
    referrals: int
    refused: int
    earned: list[Money]
    granted: list[Money]


def at_a_glance(business_id: uuid.UUID) -> Glance:
    """Count what waits for approval, and tell what the connection to Stripe is; two queries."""
    query = select(StripeConnection.is_practice, StripeConnection.is_live)
    row = session.execute(query.where(StripeConnection.business_id == business_id)).first()
    is_practice, is_live = row or (False, False)
    return Glance(_count(Reward, *NEEDS_APPROVAL), row is not None, is_practice, is_live)


def needs() -> Needs:
    """Count what waits for somebody."""
    waiting = session.execute(
        select(Grant.waits_for, func.count(), func.min(Grant.due_at))
        .where(*IS_WAITING)
        .group_by(Grant.waits_for)
    )
    return Needs(
        approval=_count(Reward, *NEEDS_APPROVAL),
        held=_count(Reward, *IS_HELD, Reward.state.in_(HOLDABLE)),
        failed=_count(Reward, Reward.state == RewardState.FAILED, has_its_place()),
        unrated=_count(AwaitedRate, AwaitedRate.met_at.is_(None)),
        waiting={reason: Waits(number, next_at) for reason, number, next_at in waiting if reason},
    )


def low_stocks(on: date) -> list[tuple[GiftStock, int]]:
    """List the stocks of gift codes that run low, each with the codes it has left."""
    left = counts(on)
    found = [(stock, left.get(stock.id, Count()).free) for stock in stocks()]
    return [(stock, free) for stock, free in found if stock.low_at and free <= stock.low_at]


def short_of_budget() -> list[Program]:
    """List the programs that are not closed and have no room for one more reward."""
    query = (
        select(Program)
        .where(or_(Program.budget_minor.is_not(None), Program.committed_minor > _ALMOST_ALL))
        .where(Program.state != ProgramState.CLOSED)
        .order_by(Program.name, Program.id)
    )
    return [one for one in session.scalars(query) if not has_room(one)]


def has_room(program: Program) -> bool:
    """Tell whether one more reward of each offer of today fits into what a program may promise."""
    offers = current_offers(program.id).values()
    return all(budget_holds(program, offer) for offer in offers)


def since(moment: datetime) -> Month:
    """Count what happened since a moment."""
    return Month(
        people=_count(Person, Person.first_seen_at >= moment),
        clicks=_count(Click, Click.at >= moment),
        referrals=_count(Referral, Referral.at >= moment),
        refused=_count(Signup, Signup.at >= moment, Signup.outcome == Outcome.REFUSED),
        earned=_sums(
            Reward.earned_at >= moment,
            Reward.state.not_in((RewardState.CANCELLED, RewardState.DENIED)),
            has_its_place(),
        ),
        granted=_sums(Reward.settled_at >= moment, Reward.given_minor > 0, of=Reward.given_minor),
    )


def referrals_by_day(first: date, days: int) -> list[tuple[date, int]]:
    """Count the friends of each of some days in UTC, empty days included."""
    wanted = [first + timedelta(days=number) for number in range(days)]
    shown = _day(Referral.at)
    counted = dict(
        session.execute(
            select(shown, func.count()).where(shown >= first.isoformat()).group_by(shown)
        ).all()
    )
    return [(one, counted.get(one.isoformat(), 0)) for one in wanted]


def latest_signups() -> Sequence[Signup]:
    """List the newest signups with who and what became of them."""
    query = (
        select(Signup)
        .options(
            joinedload(Signup.person),
            joinedload(Signup.program),
            joinedload(Signup.referral).joinedload(Referral.advocate),
        )
        .order_by(Signup.id.desc())
        .limit(_LATELY)
    )
    return session.scalars(query).all()


def latest_moves() -> Sequence[tuple[RewardMove, Reward]]:
    """List the newest beginnings and ends of rewards with whom they are for."""
    query = (
        select(RewardMove, Reward)
        .join(Reward, Reward.id == RewardMove.reward_id)
        .where(or_(RewardMove.from_state.is_(None), RewardMove.to_state.in_(_TELLING)))
        .options(joinedload(Reward.person))
        .order_by(RewardMove.id.desc())
        .limit(_LATELY)
    )
    return [(step, reward) for step, reward in session.execute(query)]


def _count(kind: type[Any], *which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(kind).where(*which)) or 0


def _sums(*which: ColumnElement[bool], of: SQLColumnExpression[int] | None = None) -> list[Money]:
    """Add up rewards by currency: their amounts, or what else is asked for."""
    query = (
        select(Reward.currency, func.sum(Reward.amount_minor if of is None else of))
        .where(*which)
        .group_by(Reward.currency)
        .order_by(Reward.currency)
    )
    return [Money(int(total), currency) for currency, total in session.execute(query)]


def _day(column: Any) -> ColumnElement[str]:
    """Write a moment's day in UTC as the database at work does."""
    if session.get_bind().dialect.name == "postgresql":
        return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD")
    return func.strftime("%Y-%m-%d", column)
