"""What a program may spend: taken and given back by single conditional updates (I-25, I-28).

Whoever moves a program's money locks the program first, then the reward, then accounts and
allowances. In that one order nobody ever waits in a circle.
"""

from __future__ import annotations

import uuid

from sqlalchemy import or_, select, update

from referral.domain.programs.programs import Program
from referral.foundation.db import changed, session
from referral.foundation.errors import Invalid
from referral.foundation.money import LIMIT_MINOR


def lock_program(program_id: uuid.UUID) -> None:
    """Keep others from moving this program's money until the commit."""
    session.execute(
        select(Program.id).where(Program.id == program_id).with_for_update(key_share=True)
    )


def reserve(program_id: uuid.UUID, amount_minor: int) -> bool:
    """Take an amount out of the budget; False when it does not hold that much any more."""
    taken = session.execute(
        update(Program)
        .where(Program.id == program_id)
        .where(
            or_(
                Program.budget_minor.is_(None),
                Program.committed_minor + amount_minor <= Program.budget_minor,
            )
        )
        .values(committed_minor=Program.committed_minor + amount_minor)
        .execution_options(synchronize_session=False)
    )
    return changed(taken) == 1


def return_to_budget(program_id: uuid.UUID, amount_minor: int) -> None:
    """Give an amount back to the budget."""
    session.execute(
        update(Program)
        .where(Program.id == program_id)
        .values(committed_minor=Program.committed_minor - amount_minor)
        .execution_options(synchronize_session=False)
    )


def set_budget(program: Program, budget_minor: int | None) -> None:
    """Set or lift the limit; lowering it below what is used only stops new rewards."""
    if budget_minor is not None and not 0 <= budget_minor <= LIMIT_MINOR:
        raise Invalid(fields={"budget": "A whole number of minor units, zero or more."})
    program.budget_minor = budget_minor
