"""What a program may spend in all: shown, set and lifted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import flash, g, redirect, request, url_for

from referral.domain.businesses import record
from referral.domain.programs import Program, find_program, lock_program, set_budget
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.money import SUM_LIMIT_MINOR
from referral.surfaces.console.door import actor
from referral.surfaces.console.forms import Form
from referral.surfaces.console.frame import page, refused
from referral.surfaces.console.seen import SEEN, ChangedMeanwhile, mark, refuse_unseen
from referral.surfaces.web.amounts import typed_amount


def show(program: str) -> str:
    """Ask for a budget."""
    shown = find_program(g.business.id, program)
    return _page(shown, _typed(shown), {})


def change(program: str) -> Any:
    """Set or lift the budget; sent again as it stands already, nothing happens twice."""
    shown, form, at = find_program(g.business.id, program), Form(request.form), clock.now()
    budget = form.amount("budget", shown.currency, asked=False, most_minor=SUM_LIMIT_MINOR)
    if form.errors:
        seen = form.typed.get(SEEN)
        return _page(shown, request.form, form.errors, seen=seen), 422
    try:
        with transaction():
            lock_program(shown.id)
            session.refresh(shown)
            if budget != shown.budget_minor:
                refuse_unseen(form.typed, _typed(shown), what="this budget")
                _set(shown, budget, at=at)
    except ChangedMeanwhile as refusal:
        shown = find_program(g.business.id, program)
        return refused(refusal, lambda: _page(shown, request.form, {}))
    flash("The budget is set." if budget is not None else "There is no limit now.", "success")
    return redirect(url_for("console.program", program=shown.public_id), 303)


def _set(program: Program, budget: int | None, *, at: datetime) -> None:
    before = program.budget_minor
    set_budget(program, budget)
    record(
        program.business_id,
        "budget.set",
        subject=program.public_id,
        actor=actor(),
        at=at,
        details={"budget_minor": [before, budget], "currency": program.currency},
    )


def _typed(program: Program) -> dict[str, str]:
    return {"budget": typed_amount(program.budget_minor, program.currency)}


def _page(
    program: Program, typed: Mapping[str, str], errors: dict[str, str], *, seen: str | None = None
) -> str:
    seen = seen or mark(_typed(program))
    return page("budget", program=program, typed=typed, errors=errors, seen=seen)
