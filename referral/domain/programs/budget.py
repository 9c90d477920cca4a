"""What a program may spend: taken and given back by single conditional updates (I-25, I-28).

Whoever moves a program's money locks the program first, then the reward, then accounts and
allowances. In that one order nobody ever waits in a circle.
"""

from __future__ import annotations

import uuid

from sqlalchemy import func, select, update

from referral.domain.programs.programs import Program, check_budget
from referral.foundation.db import changed, session
from referral.foundation.money import SUM_LIMIT_MINOR


def lock_program(program_id: uuid.UUID) -> None:
    """Keep others from moving this program's money until the commit."""
    session.execute(
        select(Program.id).where(Program.id == program_id).with_for_update(key_share=True)
    )


def reserve(program_id: uuid.UUID, amount_minor: int) -> bool:
    """Take an amount out of the budget; False when it does not hold that much any more.

    Without a budget there is room until the sum could not be kept any more.
    """
    limit_minor = func.coalesce(Program.budget_minor, SUM_LIMIT_MINOR)
    taken = session.execute(
        update(Program)
        .where(Program.id == program_id)
        .where(Program.committed_minor + amount_minor <= limit_minor)
        .values(committed_minor=Program.committed_minor + amount_minor)
        .execution_options(synchronize_session=False)
    )
    return changed(taken) == 1


def room_minor(program: Program) -> int:
    """Return what a program may still promise, with or without a budget; never below nothing."""
    left_minor = program.left_minor
    return SUM_LIMIT_MINOR - program.committed_minor if left_minor is None else left_minor


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
    check_budget(budget_minor)
    program.budget_minor = budget_minor
