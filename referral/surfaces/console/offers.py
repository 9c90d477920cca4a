"""Offers: read from a form, and published as the next version; earlier ones stay as promised."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request, url_for

from referral.domain.businesses import record
from referral.domain.programs import (
    Kind,
    Offer,
    OfferTerms,
    Side,
    Trigger,
    current_offers,
    find_program,
    publish_offer,
)
from referral.domain.programs.programs import ProgramEnded, ProgramState
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import Invalid, NotFound
from referral.surfaces.console.door import actor
from referral.surfaces.console.forms import Form
from referral.surfaces.console.frame import page
from referral.surfaces.web.amounts import typed_amount, typed_rate

NOTHING = "nothing"


def show(program: str, side: str) -> str:
    """Ask for the next version of one side's offer, beginning with the present one."""
    shown, chosen = find_program(g.business.id, program), _side(side)
    present = current_offers(shown.id).get(chosen)
    typed = _typed(chosen, present)
    return page("offer", program=shown, side=chosen, present=present, typed=typed, errors={})


def publish(program: str, side: str) -> Any:
    """Publish the next version of one side's offer."""
    shown, chosen = find_program(g.business.id, program), _side(side)
    form, at = Form(request.form), clock.now()
    try:
        terms = read_terms(form, chosen, shown.currency)
        if terms is None:
            form.errors.setdefault(prefixed(chosen, "kind"), "Choose what is given.")
        form.accept()
        if shown.state == ProgramState.CLOSED:
            raise ProgramEnded
        with transaction():
            offer = publish_offer(shown, terms, at=at)  # type: ignore[arg-type]
            record(
                shown.business_id,
                "offer.published",
                subject=offer.public_id,
                actor=actor(),
                at=at,
                details={"program": shown.public_id, "side": offer.side, "version": offer.version},
            )
    except Invalid as refusal:
        errors = {name.replace("_offer", "_worth"): said for name, said in refusal.fields.items()}
        present = current_offers(shown.id).get(chosen)
        shown_again = page(
            "offer", program=shown, side=chosen, present=present, typed=request.form, errors=errors
        )
        return shown_again, 422
    flash(f"Version {offer.version} holds for everybody who signs up from now on.", "success")
    return redirect(url_for("console.program", program=shown.public_id), 303)


def read_terms(form: Form, side: Side, currency: str) -> OfferTerms | None:
    """Read one side's offer from a form; None when nothing is given."""
    if form.typed.get(prefixed(side, "kind")) == NOTHING:
        return None
    kind = form.choice(prefixed(side, "kind"), Kind, asked="Choose what is given.")
    trigger = form.choice(prefixed(side, "trigger"), Trigger)
    worth = prefixed(side, "worth")
    said = form.text(worth, asked=f"Say how much the {side} gets, such as 10.00 or 10%.")
    is_rate = said.endswith("%")
    amount = form.amount(worth, currency) if said and not is_rate else None
    rate = form.rate(worth) if is_rate else None
    cap = form.amount(prefixed(side, "cap"), currency, asked=False) if is_rate else None
    terms = OfferTerms(
        side=side,
        kind=kind,
        trigger=Trigger.SIGNUP if kind is Kind.DISCOUNT else trigger,
        amount_minor=amount,
        rate_bp=rate,
        cap_minor=cap,
        person_cap_minor=form.amount(prefixed(side, "person_cap"), currency, asked=False),
        minimum_minor=form.amount(prefixed(side, "minimum"), currency, asked=False) or 0,
    )
    return terms


def prefixed(side: str, name: str) -> str:
    """Return the name of a field of one side's offer."""
    return f"{side}_{name}"


def _typed(side: Side, offer: Offer | None) -> dict[str, str]:
    if offer is None:
        start = (
            ("account_credit", "first_purchase")
            if side is Side.ADVOCATE
            else ("discount", "signup")
        )
        said = {"kind": start[0], "trigger": start[1]}
    else:
        rate = f"{typed_rate(offer.rate_bp)}%" if offer.rate_bp else ""
        said = {
            "kind": offer.kind,
            "trigger": offer.trigger,
            "worth": rate or typed_amount(offer.amount_minor, offer.currency),
            "cap": typed_amount(offer.cap_minor, offer.currency),
            "person_cap": typed_amount(offer.person_cap_minor, offer.currency),
            "minimum": typed_amount(offer.minimum_minor or None, offer.currency),
        }
    return {prefixed(side, name): value for name, value in said.items()}


def _side(text: str) -> Side:
    try:
        return Side(text)
    except ValueError:
        raise NotFound from None
