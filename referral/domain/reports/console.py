"""The console's lists: found, filtered and paged, the newest first; sums beside them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from referral.domain.attribution import Outcome, Referral, Signup
from referral.domain.links import Link, read_code
from referral.domain.people import Person, StripeCustomer, search_people
from referral.domain.programs import Offer, Program
from referral.domain.purchases import Purchase, Refund
from referral.domain.purchases.purchases import PurchaseKey
from referral.domain.reports.given import given_to
from referral.domain.reports.waiting import IS_WAITING
from referral.domain.rewards import Grant, Reward, RewardState
from referral.domain.rewards.holds import HOLDABLE
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.foundation.ids import parse_public_id
from referral.foundation.money import Money

Row = TypeVar("Row")
PAGE = 25


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list, and the public id its next page goes on after."""

    rows: Sequence[Row]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """What one person has brought: friends, and what they were given."""

    friends: int
    given: list[Money]


def people(text: str, after: str | None) -> Page[Person]:
    """List the people a text finds, or everybody when it is empty."""
    query = select(Person) if not text.strip() else _found(text)
    return _paged(query, Person, after)


def tallies(shown: Sequence[Person]) -> dict[uuid.UUID, Tally]:
    """Count the friends of each of some people and what they were given, in two queries."""
    ids = [person.id for person in shown]
    friends = dict(
        session.execute(
            select(Referral.advocate_id, func.count())
            .where(Referral.advocate_id.in_(ids))
            .group_by(Referral.advocate_id)
        ).all()
    )
    given = given_to(ids)
    return {one: Tally(friends.get(one, 0), given.get(one, [])) for one in ids}


def signups(outcome: Outcome | None, program: Program | None, after: str | None) -> Page[Signup]:
    """List signups by outcome and program, each with its friend, advocate and program."""
    query = select(Signup).options(
        joinedload(Signup.person),
        joinedload(Signup.program),
        joinedload(Signup.referral).joinedload(Referral.advocate),
    )
    if outcome is not None:
        query = query.where(Signup.outcome == outcome)
    if program is not None:
        query = query.where(Signup.program_id == program.id)
    return _paged(query, Signup, after)


def rewards(show: str, program: Program | None, after: str | None) -> Page[Reward]:
    """List rewards: `show` is a state, `held`, `awaiting`, `waiting` (its grant) or empty."""
    query = select(Reward).options(
        joinedload(Reward.person),
        joinedload(Reward.program),
        joinedload(Reward.offer),
        joinedload(Reward.referral).joinedload(Referral.friend),
        joinedload(Reward.referral).joinedload(Referral.advocate),
    )
    for condition in _shown(show):
        query = query.where(condition)
    if program is not None:
        query = query.where(Reward.program_id == program.id)
    return _paged(query, Reward, after)


def find_person(text: str) -> Person:
    """Return the business's person of a public id; raises NotFound."""
    return _one(select(Person), Person, text)


def find_reward(text: str) -> Reward:
    """Return the business's reward of a public id with what explains it; raises NotFound."""
    query = select(Reward).options(
        joinedload(Reward.person),
        joinedload(Reward.program),
        joinedload(Reward.offer),
        joinedload(Reward.purchase),
        joinedload(Reward.referral).options(
            joinedload(Referral.friend),
            joinedload(Referral.advocate),
            joinedload(Referral.program),
            joinedload(Referral.touch),
        ),
    )
    return _one(query, Reward, text)


def find_referral(text: str) -> Referral:
    """Return the business's referral of a public id with what explains it; raises NotFound."""
    query = select(Referral).options(
        joinedload(Referral.friend),
        joinedload(Referral.advocate),
        joinedload(Referral.program),
        joinedload(Referral.touch),
        joinedload(Referral.advocate_offer),
        joinedload(Referral.friend_offer),
    )
    return _one(query, Referral, text)


def find_signup(text: str) -> Signup:
    """Return the business's signup of a public id; raises NotFound."""
    query = select(Signup).options(
        joinedload(Signup.person), joinedload(Signup.program), joinedload(Signup.referral)
    )
    return _one(query, Signup, text)


def rewards_of_referral(referral: Referral) -> Sequence[Reward]:
    """List the rewards of a referral, the first first."""
    query = (
        select(Reward)
        .where(Reward.referral_id == referral.id)
        .options(joinedload(Reward.person), joinedload(Reward.offer))
        .order_by(Reward.id)
    )
    return session.scalars(query).all()


def programs() -> Sequence[Program]:
    """List the business's programs, the newest first."""
    return session.scalars(select(Program).order_by(Program.id.desc())).all()


def offers_of(program: Program) -> Sequence[Offer]:
    """List every version of a program's offers, the newest first."""
    query = select(Offer).where(Offer.program_id == program.id).order_by(Offer.id.desc())
    return session.scalars(query).all()


def figures_of(program: Program) -> dict[str, int]:
    """Count a program's links, referrals and granted rewards."""
    kinds: dict[str, tuple[Any, list[ColumnElement[bool]]]] = {
        "links": (Link, [Link.program_id == program.id]),
        "referrals": (Referral, [Referral.program_id == program.id]),
        "granted": (
            Reward,
            [Reward.program_id == program.id, Reward.state == RewardState.GRANTED],
        ),
    }
    return {
        name: session.scalar(select(func.count()).select_from(kind).where(*which)) or 0
        for name, (kind, which) in kinds.items()
    }


def _found(text: str) -> Select[Any]:
    """Select who a text means: by name, email, own id, code, order, refund or Stripe customer."""
    literal = text.strip()
    named = search_people(literal).with_only_columns(Person.id)
    by_code = select(Link.person_id).where(Link.code == read_code(literal))
    by_order = (
        select(Purchase.person_id)
        .outerjoin(PurchaseKey, PurchaseKey.purchase_id == Purchase.id)
        .outerjoin(Refund, Refund.purchase_id == Purchase.id)
        .where(
            or_(
                Purchase.external_id == literal,
                PurchaseKey.key == literal,
                Refund.external_id == literal,
            )
        )
    )
    by_customer = select(StripeCustomer.person_id).where(StripeCustomer.customer_id == literal)
    by_grant = (
        select(Reward.person_id)
        .join(Grant, Grant.reward_id == Reward.id)
        .where(
            or_(
                Grant.object_id == literal,
                Grant.object_id.startswith(f"{literal}:{Grant.prefix}_", autoescape=True),
            )
        )
    )
    ways = (named, by_code, by_order, by_customer, by_grant)
    return select(Person).where(or_(*(Person.id.in_(way) for way in ways)))


def _shown(show: str) -> list[ColumnElement[bool]]:
    if show == "held":
        return [Reward.open_holds > 0, Reward.state.in_(HOLDABLE)]
    if show == "awaiting":
        return [Reward.awaits_staff.is_(True), Reward.state == RewardState.PENDING]
    if show == "waiting":
        return [Reward.id.in_(select(Grant.reward_id).where(*IS_WAITING))]
    return [Reward.state == show] if show else []


def _paged(query: Select[Any], kind: type[Any], after: str | None) -> Page[Any]:
    """Read one page by cursor, and one row more to see whether it goes on."""
    if after:
        query = query.where(kind.id < parse_public_id(kind.prefix, after))
    rows = session.scalars(query.order_by(kind.id.desc()).limit(PAGE + 1)).all()
    shown = rows[:PAGE]
    return Page(shown, shown[-1].public_id if len(rows) > PAGE else None)


def _one(query: Select[Any], kind: type[Row], text: str) -> Row:
    noun: Any = kind
    row: Row | None = session.scalar(query.where(noun.id == parse_public_id(noun.prefix, text)))
    if row is None:
        raise NotFound
    return row
