"""A program's rules in words: who approves, and how much anybody can get."""

from __future__ import annotations

from referral.domain.programs import Approval, Program
from referral.surfaces.web.words import money


def approval_words(program: Program) -> str:
    """Say who approves a reward, by its amount."""
    below, second = program.automatic_below_minor, program.second_person_from_minor
    if program.approval == Approval.STAFF:
        said = "By somebody on the team"
    elif below is not None:
        said = (
            f"Automatic below {money(below, program.currency)}, from there by somebody on the team"
        )
    else:
        said = "Automatic, when the hold has passed"
    if second is None:
        return said
    return f"{said}; from {money(second, program.currency)} by two people"
