"""What was taken of a program, in four counts, each kept under its cap by one statement (I-26).

One person in all, in a day and in a month, and one household in all. A reward keeps what it was
counted under (`counted_on`, `household`), so what it gives back goes where it was taken.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    String,
    UniqueConstraint,
    and_,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned
from referral.domain.people import Person
from referral.domain.rewards.rewards import Reward
from referral.foundation.calendar import month_of
from referral.foundation.db import Key, MinorSum, Model, Short, one_of, session, whole_sum
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_or_add, insert_or_update


class Scope(StrEnum):
    """What is counted together; an offer has a cap for each, or none."""

    PERSON = "person"
    DAY = "day"
    MONTH = "month"
    HOUSEHOLD = "household"


class Allowance(Owned, Model):
    """How much of a program the rewards of one person or household have taken in a period."""

    __table_args__ = (
        UniqueConstraint("program_id", "scope", "holder", "period"),
        one_of("scope", Scope),
        *whole_sum("taken_minor"),
    )

    id: Mapped[Key]
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("program.id"))
    scope: Mapped[Short]
    holder: Mapped[str] = mapped_column(String(64))
    period: Mapped[str] = mapped_column(String(10))
    taken_minor: Mapped[MinorSum] = mapped_column(default=0)


_KEY = ("program_id", "scope", "holder", "period")


@dataclass(frozen=True, slots=True)
class Count:
    """Which allowance: what is counted, whose, and when; `period` is empty for all time."""

    scope: Scope
    holder: str
    period: str

    @property
    def is_it(self) -> ColumnElement[bool]:
        """Return the condition that finds its row in a program."""
        return and_(
            Allowance.scope == self.scope,
            Allowance.holder == self.holder,
            Allowance.period == self.period,
        )


def household_of(person: Person) -> str:
    """Return what a person's household is counted under; without one they are one by themselves."""
    return person.household or person.id.hex


def counts_on(person_id: uuid.UUID, household: str, day: str) -> Sequence[Count]:
    """Return the counts of a reward of a person on a day, in the order they are taken."""
    return (
        Count(Scope.PERSON, person_id.hex, ""),
        Count(Scope.DAY, person_id.hex, day),
        Count(Scope.MONTH, person_id.hex, month_of(day)),
        Count(Scope.HOUSEHOLD, household, ""),
    )


def take(reward: Reward, amount_minor: int) -> Scope | None:
    """Take an amount in every count, or in none; returns the first whose cap does not hold it."""
    if not amount_minor:
        return None
    counts = _counts_of(reward)
    capped = [(count, cap) for count in counts if (cap := _cap_of(reward, count)) is not None]
    taken: list[Count] = []
    for count, cap_minor in capped:
        if not _take_under(cap_minor, reward, count, amount_minor):
            _give_back(reward.program_id, taken, amount_minor)
            return count.scope
        taken.append(count)
    free = [count for count in counts if count not in taken]
    if free:
        rows = [_row(reward, count, amount_minor) for count in free]
        insert_or_add(Allowance, rows, key=_KEY, change=_added(amount_minor))
    return None


def give_back(reward: Reward, amount_minor: int) -> None:
    """Give an amount back in every count it was taken in."""
    _give_back(reward.program_id, _counts_of(reward), amount_minor)


def taken_by(program_id: uuid.UUID, counts: Sequence[Count]) -> Mapping[Scope, int]:
    """Return what was taken in some counts of a program; nothing where nothing was."""
    query = select(Allowance.scope, Allowance.taken_minor).where(
        Allowance.program_id == program_id, or_(*(count.is_it for count in counts))
    )
    return {Scope(scope): taken for scope, taken in session.execute(query)}


def _counts_of(reward: Reward) -> Sequence[Count]:
    return counts_on(reward.person_id, reward.household, reward.counted_on)


def _cap_of(reward: Reward, count: Count) -> int | None:
    cap_minor: int | None = getattr(reward.offer, f"{count.scope}_cap_minor")
    return cap_minor


def _take_under(cap_minor: int, reward: Reward, count: Count, amount_minor: int) -> bool:
    return amount_minor <= cap_minor and insert_or_update(
        Allowance,
        _row(reward, count, amount_minor),
        key=_KEY,
        change=_added(amount_minor),
        only_where=Allowance.taken_minor + amount_minor <= cap_minor,
    )


def _row(reward: Reward, count: Count, amount_minor: int) -> dict[str, Any]:
    return {
        "id": new_key(),
        "business_id": reward.business_id,
        "program_id": reward.program_id,
        "scope": count.scope.value,
        "holder": count.holder,
        "period": count.period,
        "taken_minor": amount_minor,
    }


def _added(amount_minor: int) -> dict[str, Any]:
    return {"taken_minor": Allowance.taken_minor + amount_minor}


def _give_back(program_id: uuid.UUID, counts: Sequence[Count], amount_minor: int) -> None:
    if not counts:
        return
    session.execute(
        update(Allowance)
        .where(Allowance.program_id == program_id, or_(*(count.is_it for count in counts)))
        .values(taken_minor=Allowance.taken_minor - amount_minor)
        .execution_options(synchronize_session=False)
    )
