"""What one person has taken of a programme, kept under the offer's cap by one statement (I-26)."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, UniqueConstraint, true, update
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned
from referral.foundation.db import Key, Minor, Model, session, whole_minor
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_or_update


class Allowance(Owned, Model):
    """How much of a programme one person's rewards have taken."""

    __table_args__ = (UniqueConstraint("program_id", "person_id"), *whole_minor("taken_minor"))

    id: Mapped[Key]
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("program.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    taken_minor: Mapped[Minor] = mapped_column(default=0)


def take(
    business_id: uuid.UUID,
    program_id: uuid.UUID,
    person_id: uuid.UUID,
    *,
    amount_minor: int,
    cap_minor: int | None,
) -> bool:
    """Take an amount for a person; False when their cap does not hold that much any more."""
    if cap_minor is not None and amount_minor > cap_minor:
        return False
    sum_minor = Allowance.taken_minor + amount_minor
    return insert_or_update(
        Allowance,
        {
            "id": new_key(),
            "business_id": business_id,
            "program_id": program_id,
            "person_id": person_id,
            "taken_minor": amount_minor,
        },
        key=("program_id", "person_id"),
        change={"taken_minor": sum_minor},
        only_where=true() if cap_minor is None else sum_minor <= cap_minor,
    )


def give_back(program_id: uuid.UUID, person_id: uuid.UUID, amount_minor: int) -> None:
    """Give an amount back to a person's allowance."""
    session.execute(
        update(Allowance)
        .where(Allowance.program_id == program_id, Allowance.person_id == person_id)
        .values(taken_minor=Allowance.taken_minor - amount_minor)
        .execution_options(synchronize_session=False)
    )
