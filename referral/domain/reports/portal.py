"""What one person may see of themselves: their programs, links and rewards. Reads only."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import joinedload

from referral.domain.links import Link
from referral.domain.people import Person
from referral.domain.programs import Kind, Program, ProgramState
from referral.domain.rewards import (
    Grant,
    Operation,
    Reward,
    RewardMove,
    RewardState,
    rewards_of,
)
from referral.domain.rewards.allowances import Allowance, Scope, counts_on, household_of
from referral.domain.rewards.gift_confirmations import GiftConfirmation, confirmation_of
from referral.domain.rewards.gift_stock import GiftCode
from referral.domain.rewards.grants import GrantState
from referral.domain.rewards.rewards import has_its_place
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.foundation.ids import parse_public_id
from referral.foundation.money import Money

_WAITING = (RewardState.PENDING, RewardState.APPROVED, RewardState.GRANTING)
_WITHOUT_SUM = (Kind.DISCOUNT, Kind.FREE_PERIOD, Kind.RECOGNITION)


@dataclass(frozen=True, slots=True)
class Part:
    """A person's part in a program: their link, if any, and what they took of it until `day`."""

    program: Program
    link: Link | None
    taken: Mapping[Scope, int]
    day: str


@dataclass(frozen=True, slots=True)
class Sums:
    """What is on the way to a person and what they were given, less what went back.

    What goes to a charity in their name is told apart.
    """

    waiting: Money
    given: Money
    donating: Money
    donated: Money


def parts_of(person: Person, *, day: str) -> list[Part]:
    """List the open programs and those the person has a link in, the open and newest first."""
    counts = counts_on(person.id, household_of(person), day)
    query = (
        select(Program, Link, Allowance.scope, Allowance.taken_minor)
        .outerjoin(
            Link,
            and_(
                Link.program_id == Program.id,
                Link.person_id == person.id,
                Link.source == "share",
            ),
        )
        .outerjoin(
            Allowance,
            and_(Allowance.program_id == Program.id, or_(*(count.is_it for count in counts))),
        )
        .where(or_(Program.state == ProgramState.ACTIVE, Link.id.is_not(None)))
        .order_by(Program.state != ProgramState.ACTIVE, Program.id)
    )
    parts: dict[uuid.UUID, tuple[Program, Link | None, dict[Scope, int]]] = {}
    for program, link, scope, taken_minor in session.execute(query):
        taken = parts.setdefault(program.id, (program, link, {}))[2]
        if scope is not None:
            taken[Scope(scope)] = taken_minor
    return [Part(program, link, taken, day) for program, link, taken in parts.values()]


def open_programs() -> Sequence[Program]:
    """List the open programs of the business at work, the oldest first."""
    query = select(Program).where(Program.state == ProgramState.ACTIVE).order_by(Program.id)
    return session.scalars(query).all()


def rewards_page(person_id: uuid.UUID, *, limit: int, after: str | None = None) -> list[Reward]:
    """List a person's rewards, the newest first, without those that gave way to a truer one."""
    query = rewards_of(person_id).where(has_its_place())
    if after is not None:
        query = query.where(Reward.id < parse_public_id(Reward.prefix, after))
    return list(session.scalars(query.limit(limit)))


def own_reward(person_id: uuid.UUID, text: str) -> Reward:
    """Return a person's reward of a public id; raises NotFound for anybody else's."""
    query = rewards_of(person_id).where(Reward.id == parse_public_id(Reward.prefix, text))
    reward = session.scalar(query.options(joinedload(Reward.purchase)))
    if reward is None:
        raise NotFound("There is no such reward.")
    return reward


def own_link(person_id: uuid.UUID, code: str) -> Link:
    """Return a person's link of a stored code; raises NotFound for anybody else's."""
    link = session.scalar(select(Link).where(Link.person_id == person_id, Link.code == code))
    if link is None:
        raise NotFound("There is no such link of yours.")
    return link


def link_followed(program_id: uuid.UUID, link_ids: Sequence[uuid.UUID]) -> Link | None:
    """Return the first of these links that belongs to the program, with its owner."""
    if not link_ids:
        return None
    query = (
        select(Link)
        .where(Link.program_id == program_id, Link.id.in_(link_ids))
        .options(joinedload(Link.person))
    )
    found = {link.id: link for link in session.scalars(query)}
    return next((found[key] for key in link_ids if key in found), None)


def sums_of(person_id: uuid.UUID) -> list[Sums]:
    """Add up by currency all of a person's rewards that are shown to them as an amount.

    A thank-you has none, a discount is worth what it is used for, and free time is told as time.
    """
    waiting = case((Reward.state.in_(_WAITING), Reward.payable_minor), else_=0)
    is_donation = Reward.kind == Kind.CHARITY
    parts = (
        func.sum(case((which, minor), else_=0))
        for which in (~is_donation, is_donation)
        for minor in (waiting, Reward.given_minor)
    )
    query = (
        select(Reward.currency, *parts)
        .where(Reward.person_id == person_id, Reward.kind.not_in(_WITHOUT_SUM))
        .group_by(Reward.currency)
        .order_by(Reward.currency)
    )
    return [
        Sums(*(Money(int(minor), currency) for minor in found))
        for currency, *found in session.execute(query)
        if any(found)
    ]


def moves_of(reward: Reward) -> Sequence[RewardMove]:
    """List the steps of a reward's life, the newest first."""
    query = select(RewardMove).where(RewardMove.reward_id == reward.id)
    return session.scalars(query.order_by(RewardMove.id.desc())).all()


def code_given(reward: Reward) -> str | None:
    """Return a discount's code from when the provider made it until its end or use."""
    if reward.lapsed_at is not None or reward.used_at is not None:
        return None
    query = select(Grant.details).where(
        Grant.reward_id == reward.id,
        Grant.operation == Operation.PROMOTION_CODE,
        Grant.state == GrantState.DONE,
    )
    details = session.scalar(query)
    return details.get("code") if details else None


def gift_given(reward: Reward) -> GiftCode | None:
    """Return the gift code of a reward, with its stock."""
    if reward.kind != Kind.GIFT:
        return None
    query = select(GiftCode).where(GiftCode.reward_id == reward.id)
    return session.scalar(query.options(joinedload(GiftCode.stock)))


def gift_confirmed(reward: Reward) -> GiftConfirmation | None:
    """Return what the business's own server gave for a reward."""
    if reward.kind != Kind.GIFT or reward.state not in (RewardState.GRANTED, RewardState.REVERSED):
        return None
    return confirmation_of(reward.id)
