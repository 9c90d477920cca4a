"""What each person was given in a calendar year, by kind and currency, by the day it was given.

Reads only. Whether a kind is income or a price reduction is for the business's adviser to say.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, func, select

from referral.domain.people import Payee, Person
from referral.domain.programs import Kind
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.grants import GrantState
from referral.domain.rewards.operations import TAKING
from referral.domain.rewards.thresholds import (
    WARN_FROM_BP,
    Threshold,
    bounds,
    forms_on_file,
    threshold_of,
)
from referral.foundation.db import session
from referral.foundation.money import FULL_RATE_BP


@dataclass(frozen=True, slots=True)
class Total:
    """One person's year in one kind and currency; the threshold is that of money paid out."""

    person: Person
    country: str | None
    kind: str
    currency: str
    given_minor: int
    back_minor: int
    threshold: Threshold | None
    is_on_file: bool

    @property
    def is_near(self) -> bool:
        """Tell whether staff should ask for the form: most of the threshold is reached."""
        if self.threshold is None or self.is_on_file:
            return False
        return self.given_minor * FULL_RATE_BP >= self.threshold.amount_minor * WARN_FROM_BP


def totals_of(year: int) -> list[Total]:
    """Add up a year of the business at work, those near their threshold first."""
    begins, ends = bounds(year)
    taken = Grant.operation.in_(TAKING)
    sums = (
        select(
            Reward.person_id,
            Reward.kind,
            Grant.currency,
            func.sum(case((taken, 0), else_=Grant.amount_minor)).label("given"),
            func.sum(case((taken, Grant.amount_minor), else_=0)).label("back"),
        )
        .join(Reward, Reward.id == Grant.reward_id)
        .where(Grant.state == GrantState.DONE, Grant.amount_minor > 0)
        .where(Grant.settled_at >= begins, Grant.settled_at < ends)
        .group_by(Reward.person_id, Reward.kind, Grant.currency)
        .subquery()
    )
    query = (
        select(Person, Payee.country, sums.c.kind, sums.c.currency, sums.c.given, sums.c.back)
        .join(sums, sums.c.person_id == Person.id)
        .outerjoin(Payee, (Payee.person_id == Person.id) & Payee.left_at.is_(None))
        .order_by(Person.name, Person.id, sums.c.kind, sums.c.currency)
    )
    on_file = {form.person_id for form in forms_on_file(year)}
    found = [
        Total(
            person=person,
            country=country,
            kind=kind,
            currency=currency,
            given_minor=int(given),
            back_minor=int(back),
            threshold=_threshold(country, kind, currency, year),
            is_on_file=person.id in on_file,
        )
        for person, country, kind, currency, given, back in session.execute(query)
    ]
    return sorted(found, key=lambda one: not one.is_near)


def _threshold(country: str | None, kind: str, currency: str, year: int) -> Threshold | None:
    found = threshold_of(country, year) if country and kind == Kind.CASH else None
    return found if found and found.currency == currency else None
