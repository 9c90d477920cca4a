"""Charities: the list people choose from, what each is owed, and marking that as paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Response, flash, g, redirect, request, url_for

from referral.domain.businesses import record
from referral.domain.reports.donations import Given, donations
from referral.domain.rewards.charities import (
    Charity,
    TotalChanged,
    add_charity,
    charities,
    find_charity,
    mark_paid,
    set_active,
    set_default,
    totals,
)
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import Invalid
from referral.foundation.money import Money, is_currency
from referral.surfaces.console.door import actor
from referral.surfaces.console.exporting import BATCH, Cell, download, in_batches, utc
from referral.surfaces.console.forms import Form
from referral.surfaces.console.frame import page, refused
from referral.surfaces.web.words import count, money

_HEAD = (
    "donation", "charity", "person", "name", "reward", "amount_minor", "currency", "given_utc",
    "paid_utc", "reference",
)  # fmt: skip
_STATES = {
    "active": "People can choose it.",
    "inactive": "Nobody can choose it any more. What was chosen stays.",
    "default": "It takes what nobody chooses a charity for.",
    "no_default": "What nobody chooses a charity for waits now.",
}


def show() -> str:
    """List the charities with what each is owed and was paid."""
    return _page({}, {})


def add() -> Any:
    """Put a charity on the list."""
    form, at = Form(request.form), clock.now()
    name = form.text("name", asked="Say what the charity is called.")
    website = form.text("website", asked="Where can people read about it?", longest=400)
    try:
        form.accept()
        with transaction():
            charity = add_charity(g.business.id, name, website, at=at)
            _record("charity.added", charity, at)
    except Invalid as refusal:
        return _page(request.form, refusal.fields), 422
    flash(f"{charity.name} is on the list.", "success")
    return redirect(url_for("console.charities"), 303)


def change(charity: str) -> Any:
    """Let people choose a charity or not, or make it the default."""
    shown, at, state = find_charity(charity), clock.now(), request.form.get("state", "")
    if state not in _STATES:
        flash("Choose what should change.", "error")
        return show(), 422
    try:
        with transaction():
            if state in ("active", "inactive"):
                set_active(shown, is_active=state == "active", at=at)
            else:
                set_default(shown if state == "default" else None)
            _record("charity.changed", shown, at, state=state)
    except Invalid as refusal:
        flash(next(iter(refusal.fields.values())), "error")
        return show(), 422
    flash(f"{shown.name}: {_STATES[state]}", "success")
    return redirect(url_for("console.charities"), 303)


def pay(charity: str) -> Any:
    """Mark what a charity is owed in a currency as paid, if it is still what was seen."""
    shown, form, at = find_charity(charity), Form(request.form), clock.now()
    name = f"reference-{shown.public_id}"
    reference = form.text(name, asked="Write the reference of the payment.")
    total = _total(form)
    try:
        form.accept()
        with transaction():
            number = mark_paid(shown, total, reference=reference, at=at)
            _record("charity.paid", shown, at, reference=reference, donations=number)
    except Invalid as refusal:
        return _page(request.form, refusal.fields), 422
    except TotalChanged as moved:
        return refused(moved, show)
    said = f"{money(total)} to {shown.name} marked as paid: {count(number, 'donation')}."
    flash(said, "success")
    return redirect(url_for("console.charities"), 303)


def export() -> Response:
    """Download every donation, the newest first."""
    return download(
        "donations",
        _HEAD,
        in_batches(lambda after: donations(after, limit=BATCH), _rows),
        subject=g.business.public_id,
    )


def _rows(given: Sequence[Given]) -> list[list[Cell]]:
    return [
        [
            donation.public_id,
            charity.name,
            person.public_id,
            person.shown_name,
            reward.public_id,
            donation.amount_minor - donation.withdrawn_minor,
            donation.currency,
            utc(donation.at),
            utc(donation.paid_at) if donation.paid_at else None,
            donation.reference,
        ]
        for donation, charity, reward, person in given
    ]


def _total(form: Form) -> Money:
    """Read the amount that was on the page when it was marked as paid."""
    amount, currency = form.typed.get("amount", ""), form.typed.get("currency", "")
    is_whole = amount.isascii() and amount.isdigit() and len(amount) <= 13
    if not is_whole or not is_currency(currency):
        raise TotalChanged
    return Money(int(amount), currency)


def _record(action: str, charity: Charity, at: datetime, **details: Any) -> None:
    record(
        g.business.id,
        action,
        subject=charity.public_id,
        actor=actor(),
        at=at,
        details={"name": charity.name, **details},
    )


def _page(typed: Mapping[str, str], errors: dict[str, str]) -> str:
    known = totals()
    listed = [(one, known.get(one.id, [])) for one in charities()]
    return page("charities", charities=listed, typed=typed, errors=errors)
