"""What somebody may be paid in a year before their country wants a form of them (L-22).

The figures are data. They are what a business asks its adviser about, and no advice.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Actor, Owned
from referral.domain.people import Person, payee_of
from referral.domain.rewards.grants import Grant, GrantState, NotReady, Waiting
from referral.domain.rewards.operations import Operation
from referral.domain.rewards.rewards import Reward
from referral.foundation.db import Key, Model, Moment, Name, session
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once

WARN_FROM_BP = 8000
"""Staff are warned from this share of a threshold on, in basis points."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """From `year` on, whoever is paid this much in a calendar year needs a form on file."""

    country: str
    year: int
    amount_minor: int
    currency: str
    source: str


THRESHOLDS = (
    Threshold("US", 2025, 60_000, "usd", "26 U.S.C. 6041(a), before 2026"),
    Threshold("US", 2026, 200_000, "usd", "26 U.S.C. 6041(a), P.L. 119-21 s. 70433"),
)
"""By country and the year they begin with; the newest holds on until a newer one is written."""


class TaxForm(Owned, Model):
    """Somebody on the team says that a person's form for a year is on file."""

    __table_args__ = (UniqueConstraint("person_id", "year"),)

    id: Mapped[Key]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    year: Mapped[int]
    actor_name: Mapped[Name]
    at: Mapped[Moment]


def threshold_of(country: str, year: int) -> Threshold | None:
    """Return what holds in a country in a year, if anything is known.

    >>> [threshold_of("US", year).amount_minor for year in (2025, 2026, 2027)]
    [60000, 200000, 200000]
    >>> threshold_of("DE", 2026) is None, threshold_of("US", 2024) is None
    (True, True)
    """
    begun = [one for one in THRESHOLDS if one.country == country and one.year <= year]
    return max(begun, key=lambda one: one.year, default=None)


def refuse_without_form(grant: Grant, *, at: datetime) -> None:
    """Raise NotReady when a transfer would reach its person's threshold with no form on file.

    The person must be locked, so that two transfers are counted one after the other. Sums of
    another currency than the threshold's are not compared.
    """
    payee = payee_of(grant.reward.person_id)
    threshold = threshold_of(payee.country, at.year) if payee else None
    if threshold is None or threshold.currency != grant.currency:
        return
    paid_minor = paid_in(grant.reward.person_id, at.year, grant.currency)
    too_much = paid_minor + grant.reward.payable_minor >= threshold.amount_minor
    if too_much and not is_on_file(grant.reward.person_id, at.year):
        raise NotReady(Waiting.FORM_MISSING)


def paid_in(person_id: uuid.UUID, year: int, currency: str) -> int:
    """Return what was sent to a person in a calendar year (UTC), or is on its way just now.

    What was taken back later was paid all the same.
    """
    begins, ends = bounds(year)
    sent_at = func.coalesce(Grant.settled_at, Grant.first_sent_at)
    query = (
        select(func.sum(Grant.amount_minor))
        .join(Reward, Reward.id == Grant.reward_id)
        .where(Reward.person_id == person_id, Grant.currency == currency)
        .where(Grant.operation == Operation.TRANSFER, sent_at >= begins, sent_at < ends)
        .where(Grant.state.in_((GrantState.SENDING, GrantState.DONE)))
    )
    return int(session.scalar(query) or 0)


def bounds(year: int) -> tuple[datetime, datetime]:
    """Return when a calendar year begins and the next one does, in UTC."""
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def put_on_file(person: Person, year: int, *, actor: Actor, at: datetime) -> bool:
    """Write down that a person's form for a year is on file; False when it was already."""
    values = {
        "id": new_key(),
        "business_id": person.business_id,
        "person_id": person.id,
        "year": year,
        "actor_name": actor.name,
        "at": at,
    }
    return insert_once(TaxForm, values)


def is_on_file(person_id: uuid.UUID, year: int) -> bool:
    """Tell whether a person's form for a year is on file."""
    query = select(TaxForm.id).where(TaxForm.person_id == person_id, TaxForm.year == year)
    return session.scalar(query) is not None


def forms_on_file(year: int) -> Sequence[TaxForm]:
    """List the forms of a year of the business at work."""
    return session.scalars(select(TaxForm).where(TaxForm.year == year)).all()
