"""Store credit at the counter: spent by staff for somebody who stands there, and given back."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request, url_for
from sqlalchemy.exc import IntegrityError

from referral.domain.businesses import record
from referral.domain.people import Person
from referral.domain.reports import console as lists
from referral.domain.reports.credit import find_redemption
from referral.domain.rewards import Redemption, redeem, reverse
from referral.domain.rewards.redemptions import NotEnoughCredit, RedemptionDiffers
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import Invalid, NotFound
from referral.foundation.money import Money, is_currency
from referral.surfaces.console.door import actor
from referral.surfaces.console.forms import Form
from referral.surfaces.console.people import person_page
from referral.surfaces.web.words import money

_OTHERWISE = "This reference was used for another person or amount. Give another one."


def spend(person: str) -> Any:
    """Take what somebody pays with their credit; the reference makes it happen once."""
    shown, form = lists.find_person(person), Form(request.form)
    currency = form.typed.get("currency", "")
    if not is_currency(currency):
        currency = g.business.currency
    try:
        redemption, is_new = _spent(shown, form, currency)
    except Invalid as refusal:
        return person_page(shown, request.form, refusal.fields), 422
    except NotEnoughCredit as refusal:
        left = money(refusal.left or Money(0, currency))
        said = f"Only {left} can be spent. Nothing was taken."
        return person_page(shown, request.form, {"amount": said}), 409
    except (RedemptionDiffers, IntegrityError):
        return person_page(shown, request.form, {"reference": _OTHERWISE}), 409
    paid = money(redemption)
    if is_new:
        flash(f"{shown.shown_name} paid {paid} with their credit.", "success")
    else:
        flash(f"{redemption.external_id} was paid already. Nothing was taken twice.", "warning")
    return redirect(url_for("console.person", person=shown.public_id), 303)


def undo(redemption: str) -> Any:
    """Give the credit of a cancelled order back; repeating it gives nothing twice."""
    return _given_back(find_redemption(redemption))


def undo_at_counter(redemption: str) -> Any:
    """Give back what somebody on the team has taken; what a server took is not found here."""
    found = find_redemption(redemption)
    if not found.is_at_counter:
        raise NotFound
    return _given_back(found)


def _given_back(found: Redemption) -> Any:
    at = clock.now()
    with transaction():
        reversal, is_new = reverse(found, actor=actor(), at=at)
        if is_new:
            _note(found, "credit.reversed")
    if not is_new:
        flash("This was given back already. Nothing was changed.", "warning")
    elif reversal.expired_minor or reversal.repaid_minor:
        gone = money(reversal.expired_minor + reversal.repaid_minor, found.currency)
        flash(f"Given back. Of it, {gone} had ended or paid for a refund.", "success")
    else:
        flash(f"{money(found)} can be spent again.", "success")
    return redirect(url_for("console.person", person=found.person.public_id), 303)


def _spent(person: Person, form: Form, currency: str) -> tuple[Redemption, bool]:
    amount = form.amount("amount", currency)
    if amount == 0:
        form.errors["amount"] = "Write an amount above zero."
    reference = form.text("reference", asked="Give the number of the order or the receipt.")
    note = form.text("note") or None
    form.accept()
    with transaction():
        price = Money(amount or 0, currency)
        redemption, is_new = redeem(
            person, reference, price, actor=actor(), at=clock.now(), note=note
        )
        if is_new:
            _note(redemption, "credit.redeemed")
    return redemption, is_new


def _note(redemption: Redemption, action: str) -> None:
    record(
        redemption.business_id,
        action,
        subject=redemption.person.public_id,
        actor=actor(),
        at=clock.now(),
        details={
            "redemption": redemption.public_id,
            "amount_minor": redemption.amount_minor,
            "currency": redemption.currency,
        },
    )
