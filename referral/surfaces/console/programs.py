"""Programs: the list, one with its figures and offers, and every change of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, g, redirect, request, url_for
from sqlalchemy.exc import IntegrityError

from referral.domain.businesses import record
from referral.domain.businesses.businesses import origin_of
from referral.domain.programs import (
    Approval,
    OfferTerms,
    Program,
    ProgramState,
    ProgramTerms,
    Side,
    TouchRule,
    change_state,
    create_program,
    current_offers,
    edit_program,
    find_program,
    lock_program,
    publish_offer,
    publish_rules,
)
from referral.domain.programs.programs import ProgramEnded
from referral.domain.reports import console as lists
from referral.domain.reports import overview
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from referral.foundation.ids import new_key, public_id
from referral.foundation.money import SUM_LIMIT_MINOR, is_currency
from referral.surfaces.console.door import actor
from referral.surfaces.console.forms import Form
from referral.surfaces.console.frame import page, refused
from referral.surfaces.console.offer_form import prefixed, read_terms
from referral.surfaces.console.seen import SEEN, ChangedMeanwhile, mark, refuse_unseen
from referral.surfaces.web.amounts import NO_CURRENCY, typed_amount

_NEW = {
    "touch_rule": TouchRule.FIRST,
    "approval": Approval.AUTOMATIC,
    "hold_days": "30",
    "click_window_days": "90",
    "qualify_window_days": "180",
    "advocate_kind": "account_credit",
    "advocate_trigger": "first_purchase",
    "friend_kind": "discount",
    "friend_trigger": "signup",
}
_BESIDE = {
    "automatic_below_minor": "automatic_below",
    "second_person_from_minor": "second_person_from",
    "day_cap_minor": "day_cap",
    "month_cap_minor": "month_cap",
    "household_cap_minor": "household_cap",
}
"""The field of the form each rule of the domain speaks of."""
_MADE_BEFORE = "This form has made this program already. For another one, open a new form."
_SAID = {
    ProgramState.ACTIVE: "The program is open.",
    ProgramState.PAUSED: "The program is paused. Links lead to your site; nobody new is credited.",
    ProgramState.CLOSED: "The program is closed for good. What was promised is still kept.",
}


def show_all() -> str:
    """List the programs with their offers."""
    found = lists.programs()
    return page("programs", programs=[(one, current_offers(one.id)) for one in found])


def show(program: str) -> str:
    """Show one program."""
    shown = find_program(g.business.id, program)
    return page(
        "program",
        program=shown,
        current=current_offers(shown.id),
        versions=lists.offers_of(shown),
        figures=lists.figures_of(shown),
        has_room=overview.has_room(shown),
    )


def show_new() -> Any:
    """Ask for a new program, in the business's currency unless the address names another."""
    named = request.args.get("currency", "").strip().lower()
    if named and not is_currency(named):
        return _ask_for_new(_NEW, {"currency": NO_CURRENCY}, g.business.currency), 422
    return _ask_for_new(_NEW, {}, named or g.business.currency)


def create() -> Any:
    """Make a program and publish its offers; the same form again leads to what it made."""
    form, at, business_id = Form(request.form), clock.now(), g.business.id
    key, currency = form.once(), _chosen_currency(form)
    try:
        terms = _read(form, currency)
        budget = form.amount("budget", currency, asked=False, most_minor=SUM_LIMIT_MINOR)
        offers = _read_offers(form, currency)
        form.accept()
        with transaction():
            program = create_program(
                g.business, terms, at=at, budget_minor=budget, key=key, currency=currency
            )
            for offer in offers:
                publish_offer(program, offer, at=at)
            record(
                program.business_id,
                "program.created",
                subject=program.public_id,
                actor=actor(),
                at=at,
                details={"name": program.name},
            )
    except Invalid as refusal:
        return _ask_for_new(request.form, refusal.fields, currency), 422
    except IntegrityError:
        program = find_program(business_id, public_id(Program.prefix, key))
        flash(_MADE_BEFORE, "warning")
    else:
        flash("The program is open. Links work from now on.", "success")
    return redirect(_address(program), 303)


def _chosen_currency(form: Form) -> str:
    """Return the currency the form was asked for in; its amounts were typed in it."""
    named = form.text("currency").lower() or str(g.business.currency)
    if is_currency(named):
        return named
    form.errors["currency"] = NO_CURRENCY
    return str(g.business.currency)


def _ask_for_new(typed: Mapping[str, str], errors: dict[str, str], currency: str) -> str:
    once = typed.get("once") or new_key()
    return page("program_new", typed=typed, errors=errors, once=once, currency=currency)


def show_edit(program: str) -> str:
    """Ask for changes to a program."""
    shown = find_program(g.business.id, program)
    return _ask_to_edit(shown, _typed(shown), {})


def edit(program: str) -> Any:
    """Change a program from now on."""
    shown, form, at = find_program(g.business.id, program), Form(request.form), clock.now()
    try:
        terms = _read(form, shown.currency)
        form.accept()
        with transaction():
            lock_program(shown.id)
            session.refresh(shown)
            before = _typed(shown)
            refuse_unseen(form.typed, before, what="this program")
            edit_program(shown, terms, at=at)
            publish_rules(shown, at=at)
            after = _typed(shown)
            record(
                shown.business_id,
                "program.edited",
                subject=shown.public_id,
                actor=actor(),
                at=at,
                details={name: [before[name], after[name]] for name in before
                         if before[name] != after[name]},
            )  # fmt: skip
    except Invalid as refusal:
        shown, errors = find_program(g.business.id, program), refusal.fields
        return _ask_to_edit(shown, request.form, errors, seen=form.typed.get(SEEN)), 422
    except ChangedMeanwhile as refusal:
        shown = find_program(g.business.id, program)
        return refused(refusal, lambda: _ask_to_edit(shown, request.form, {}))
    except ProgramEnded as refusal:
        return refused(refusal, lambda: show(program))
    flash("Saved. Friends who signed up before keep what they were promised.", "success")
    return redirect(_address(shown), 303)


def _ask_to_edit(
    program: Program, typed: Mapping[str, str], errors: dict[str, str], *, seen: str | None = None
) -> str:
    """Ask for changes; the form keeps how the program stood when it was first shown."""
    seen = seen or mark(_typed(program))
    return page("program_edit", program=program, typed=typed, errors=errors, seen=seen)


def move(program: str) -> Any:
    """Pause, resume or close a program."""
    shown, form, at = find_program(g.business.id, program), Form(request.form), clock.now()
    state = form.choice("state", ProgramState)
    try:
        form.accept()
        with transaction():
            before = shown.state
            change_state(shown, state)
            record(
                shown.business_id,
                "program.moved",
                subject=shown.public_id,
                actor=actor(),
                at=at,
                details={"state": [before, state]},
            )
    except (Invalid, ProgramEnded) as refusal:
        return refused(refusal, lambda: show(program))
    flash(_SAID[state], "success")
    return redirect(_address(shown), 303)


def _read(form: Form, currency: str) -> ProgramTerms:
    terms = ProgramTerms(
        name=form.text("name", asked="Give the program a name."),
        landing_url=form.text("landing_url", asked="Where should friends land?", longest=2000),
        touch_rule=form.choice("touch_rule", TouchRule),
        approval=form.choice("approval", Approval),
        hold_days=form.days("hold_days"),
        click_window_days=form.days("click_window_days"),
        qualify_window_days=form.days("qualify_window_days"),
        automatic_below_minor=form.amount("automatic_below", currency, asked=False),
        second_person_from_minor=form.amount("second_person_from", currency, asked=False),
        day_cap_minor=form.amount("day_cap", currency, asked=False),
        month_cap_minor=form.amount("month_cap", currency, asked=False),
        household_cap_minor=form.amount("household_cap", currency, asked=False),
        expire_days=form.days("expire_days") if form.typed.get("expire_days") else None,
    )
    form.check(terms.check, beside=_BESIDE)
    form.check(lambda: origin_of(form.typed.get("landing_url", ""), field="landing_url"))
    return terms


def _read_offers(form: Form, currency: str) -> list[OfferTerms]:
    """Read what both sides get; a program that rewards nobody is refused."""
    read = [read_terms(form, side, currency) for side in Side]
    offers = [offer for offer in read if offer is not None]
    if not offers:
        form.errors[prefixed(Side.ADVOCATE, "kind")] = "Choose a reward for at least one side."
    return offers


def _typed(program: Program) -> dict[str, str]:
    return {
        "name": program.name,
        "landing_url": program.landing_url,
        "touch_rule": program.touch_rule,
        "approval": program.approval,
        "hold_days": str(program.hold_days),
        "click_window_days": str(program.click_window_days),
        "qualify_window_days": str(program.qualify_window_days),
        "automatic_below": typed_amount(program.automatic_below_minor, program.currency),
        "second_person_from": typed_amount(program.second_person_from_minor, program.currency),
        "day_cap": typed_amount(program.day_cap_minor, program.currency),
        "month_cap": typed_amount(program.month_cap_minor, program.currency),
        "household_cap": typed_amount(program.household_cap_minor, program.currency),
        "expire_days": "" if program.expire_days is None else str(program.expire_days),
    }


def _address(program: Program) -> str:
    return url_for("console.program", program=program.public_id)
