"""Offers: asked for in a form, and published as the next version; earlier ones stay as promised."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import flash, g, redirect, request, url_for

from referral.domain.businesses import record
from referral.domain.programs import (
    Offer,
    Program,
    Side,
    current_offers,
    find_program,
    lock_program,
    publish_offer,
)
from referral.domain.programs.programs import ProgramEnded, ProgramState
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import Invalid, NotFound
from referral.surfaces.console.door import actor
from referral.surfaces.console.forms import Form
from referral.surfaces.console.frame import page, refused
from referral.surfaces.console.offer_form import GIVEN, prefixed, read_terms, typed_offer
from referral.surfaces.console.seen import SEEN, ChangedMeanwhile, mark, refuse_unseen


def show(program: str, side: str) -> str:
    """Ask for the next version of one side's offer, beginning with the present one."""
    shown, chosen = find_program(g.business.id, program), _side(side)
    return _page(shown, chosen, typed_offer(chosen, current_offers(shown.id).get(chosen)), {})


def publish(program: str, side: str) -> Any:
    """Publish the next version of one side's offer."""
    shown, chosen = find_program(g.business.id, program), _side(side)
    form, at = Form(request.form), clock.now()
    try:
        terms = read_terms(form, chosen, shown.currency)
        if terms is None:
            form.errors.setdefault(prefixed(chosen, "kind"), GIVEN)
        form.accept()
        if shown.state == ProgramState.CLOSED:
            raise ProgramEnded
        with transaction():
            lock_program(shown.id)
            before = typed_offer(chosen, current_offers(shown.id).get(chosen))
            offer = publish_offer(shown, terms, at=at)  # type: ignore[arg-type]
            is_new = offer.published_at == at
            if is_new:
                refuse_unseen(form.typed, before, what="this offer")
                _record(shown, offer, at=at)
    except Invalid as refusal:
        shown, errors = find_program(g.business.id, program), refusal.fields
        return _page(shown, chosen, request.form, errors, seen=form.typed.get(SEEN)), 422
    except ChangedMeanwhile as refusal:
        shown = find_program(g.business.id, program)
        return refused(refusal, lambda: _page(shown, chosen, request.form, {}))
    except ProgramEnded as refusal:
        return refused(refusal, lambda: show(program, side))
    if is_new:
        flash(f"Version {offer.version} holds for everybody who signs up from now on.", "success")
    else:
        flash(f"Nothing has changed, so version {offer.version} stays as it is.", "info")
    return redirect(url_for("console.program", program=shown.public_id), 303)


def _record(program: Program, offer: Offer, *, at: datetime) -> None:
    record(
        program.business_id,
        "offer.published",
        subject=offer.public_id,
        actor=actor(),
        at=at,
        details={"program": program.public_id, "side": offer.side, "version": offer.version},
    )


def _page(
    program: Program,
    side: Side,
    typed: Mapping[str, str],
    errors: dict[str, str],
    *,
    seen: str | None = None,
) -> str:
    """Ask for the next version; the form keeps the one that it was first shown beside."""
    present = current_offers(program.id).get(side)
    return page(
        "offer",
        program=program,
        side=side,
        present=present,
        typed=typed,
        errors=errors,
        seen=seen or mark(typed_offer(side, present)),
    )


def _side(text: str) -> Side:
    try:
        return Side(text)
    except ValueError:
        raise NotFound from None
