"""Offers: read from a form, and published as the next version; earlier ones stay as promised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, g, redirect, request, url_for

from referral.domain.businesses import record
from referral.domain.programs import (
    Fulfilment,
    Kind,
    Offer,
    OfferTerms,
    Program,
    Side,
    Step,
    Trigger,
    check_server,
    current_offers,
    find_program,
    publish_offer,
)
from referral.domain.programs.kinds import (
    CHOOSABLE,
    LONGEST_CHOICE_DAYS,
    MONEY,
    MOST_PERIODS,
    MOST_WORDS,
    OF_FIXED_WORTH,
)
from referral.domain.programs.programs import ProgramEnded, ProgramState
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import Invalid, NotFound
from referral.surfaces.console.counting import (
    has_wrong_step,
    read_counting,
    read_steps,
    typed_counting,
)
from referral.surfaces.console.door import actor
from referral.surfaces.console.forms import Form
from referral.surfaces.console.frame import page, refused
from referral.surfaces.web.amounts import example, typed_amount, typed_rate

NOTHING = "nothing"
LEAST_CHOICES = 2
GIVEN = "Choose what is given."
UNCAPPED = "A share off an order has no most: no checkout would hold to it. Leave it empty."


def show(program: str, side: str) -> str:
    """Ask for the next version of one side's offer, beginning with the present one."""
    shown, chosen = find_program(g.business.id, program), _side(side)
    return _page(shown, chosen, _typed(chosen, current_offers(shown.id).get(chosen)), {})


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
        shown = find_program(g.business.id, program)
        return _page(shown, chosen, request.form, refusal.fields), 422
    except ProgramEnded as refusal:
        return refused(refusal, lambda: show(program, side))
    flash(f"Version {offer.version} holds for everybody who signs up from now on.", "success")
    return redirect(url_for("console.program", program=shown.public_id), 303)


def read_terms(form: Form, side: Side, currency: str) -> OfferTerms | None:
    """Read one side's offer from a form, with every problem of it; None when nothing is given."""
    if form.typed.get(prefixed(side, "kind")) == NOTHING:
        return None
    kind = form.choice(prefixed(side, "kind"), Kind, asked=GIVEN)
    trigger = form.choice(prefixed(side, "trigger"), Trigger)
    if kind is Kind.RECOGNITION:
        return _read_thanks(form, side, trigger, currency)
    worth = prefixed(side, "worth")
    such = example(currency)
    said = form.text(worth, asked=f"Write an amount such as {such}, or a share such as 10%.")
    is_rate = said.endswith("%")
    amount = form.amount(worth, currency) if said and not is_rate else None
    rate = form.rate(worth) if is_rate else None
    first = Step(1, amount, rate)
    steps = read_steps(form, side, currency, first) if side is Side.ADVOCATE else ()
    cap = form.amount(prefixed(side, "cap"), currency, asked=False) if is_rate else None
    if kind is Kind.DISCOUNT and cap is not None:
        form.errors[prefixed(side, "cap")], cap = UNCAPPED, None
    person_cap = form.amount(prefixed(side, "person_cap"), currency, asked=False)
    if amount == 0:
        form.errors[worth] = "Write an amount above zero."
    if rate and kind in MONEY and trigger is Trigger.SIGNUP:
        form.errors[worth] = "A signup has no price to share: write an amount."
    if rate and kind in OF_FIXED_WORTH:
        form.errors[worth] = "A gift has one worth: write an amount."
    if kind is Kind.FREE_PERIOD and is_rate:
        form.errors[worth] = "A free period is booked at an amount: write what it is worth to you."
    may_fall_back = kind is Kind.ACCOUNT_CREDIT
    instead, instead_days = _read_fallback(form, side) if may_fall_back else (None, None)
    pays, is_kept = Kind.CASH in (kind, instead), Kind.STORE_CREDIT in (kind, instead)
    payout = prefixed(side, "payout")
    payout_minor = form.amount(payout, currency, asked=False) if pays else None
    life = prefixed(side, "credit_life_days")
    has_life = is_kept and form.typed.get(life, "").strip()
    for name, limit in (("cap", cap), ("person_cap", person_cap), ("payout", payout_minor)):
        if limit == 0:
            form.errors[prefixed(side, name)] = "Write an amount above zero, or leave it empty."
    choices, days = _read_choices(form, side) if kind is Kind.CHOICE else ((), None)
    if rate and Kind.GIFT in choices:
        form.errors[worth] = "A gift has one worth: write an amount, or leave gifts out."
    terms = OfferTerms(
        side=side,
        kind=kind,
        trigger=trigger,
        amount_minor=amount,
        rate_bp=rate,
        cap_minor=cap or None,
        person_cap_minor=person_cap or None,
        periods=_read_periods(form, side) if kind is Kind.FREE_PERIOD else None,
        minimum_minor=form.amount(prefixed(side, "minimum"), currency, asked=False) or 0,
        choices=choices,
        choose_within_days=days,
        minimum_payout_minor=payout_minor or None,
        credit_life_days=form.days(life) if has_life else None,
        fulfilment=_read_fulfilment(form, side) if Kind.GIFT in (kind, instead, *choices) else None,
        **(_read_discount(form, side, currency) if kind is Kind.DISCOUNT else {}),
        fallback_kind=instead,
        fallback_days=instead_days,
        steps=steps,
        **read_counting(form, side, trigger),
    )
    if _parts_fit(form, terms, currency):
        form.check(lambda: terms.check(currency), beside={f"{side}_offer": worth})
    form.check(
        lambda: check_server(g.business.id, terms),
        beside={f"{side}_offer": prefixed(side, "fulfilment")},
    )
    return terms


def _parts_fit(form: Form, terms: OfferTerms, currency: str) -> bool:
    """Check each part of an offer beside its own fields; tell whether the whole can be checked."""
    side = terms.side
    rules = {
        "credit_life_days": terms.check_life,
        "discount_days": lambda: terms.check_discount(currency),
        "instead_days": terms.check_fallback,
        "choices": terms.check_choices,
    }
    if not has_wrong_step(form, side):
        rules["step_1_friends"] = terms.check_steps
    fits = [
        form.check(rule, beside={f"{side}_offer": prefixed(side, name)})
        for name, rule in rules.items()
    ]
    return all(fits) and not has_wrong_step(form, side)


def _read_fulfilment(form: Form, side: Side) -> Fulfilment:
    name = prefixed(side, "fulfilment")
    return form.choice(name, Fulfilment) if form.typed.get(name) else Fulfilment.STOCK


def _read_discount(form: Form, side: Side, currency: str) -> dict[str, Any]:
    """Read for how long a code may be used, on which orders, and by whom."""
    days, least = prefixed(side, "discount_days"), prefixed(side, "discount_minimum")
    least_minor = form.amount(least, currency, asked=False)
    if least_minor == 0:
        form.errors[least] = "Write an amount above zero, or leave it empty."
    return {
        "discount_days": form.days(days) if form.typed.get(days, "").strip() else None,
        "discount_minimum_minor": least_minor,
        "first_order_only": form.typed.get(prefixed(side, "first_order_only")) == "yes",
    }


def _read_fallback(form: Form, side: Side) -> tuple[Kind | None, int | None]:
    """Read what is given instead to who is no customer, and after how many days."""
    if not form.typed.get(prefixed(side, "instead")):
        return None, None
    kind = form.choice(prefixed(side, "instead"), Kind)
    name = prefixed(side, "instead_days")
    return kind, form.days(name) if form.typed.get(name, "").strip() else None


def _read_choices(form: Form, side: Side) -> tuple[tuple[Kind, ...], int | None]:
    """Read which kinds may be chosen, and within how many days; empty is without an end."""
    chosen = tuple(
        kind for kind in CHOOSABLE if form.typed.get(prefixed(side, f"choice_{kind}")) == "yes"
    )
    if len(chosen) < LEAST_CHOICES:
        form.errors[prefixed(side, "choices")] = "Tick at least two."
    name = prefixed(side, "choose_days")
    days = form.days(name) if form.typed.get(name, "").strip() else None
    if days is not None and name not in form.errors and not 1 <= days <= LONGEST_CHOICE_DAYS:
        form.errors[name] = f"Write 1 to {LONGEST_CHOICE_DAYS} days, or leave it empty."
    return chosen, None if name in form.errors else days


def _read_thanks(form: Form, side: Side, trigger: Trigger, currency: str) -> OfferTerms:
    name = prefixed(side, "words")
    words = form.text(name, asked="Write the thank-you in your own words.", longest=MOST_WORDS)
    terms = OfferTerms(
        side=side,
        kind=Kind.RECOGNITION,
        trigger=trigger,
        words=words,
        own_words=form.typed.get(prefixed(side, "own_words")) == "yes",
        **read_counting(form, side, trigger),
    )
    form.check(lambda: terms.check(currency), beside={f"{side}_offer": name})
    return terms


def _read_periods(form: Form, side: Side) -> int | None:
    name = prefixed(side, "periods")
    said = form.text(name)
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and 1 <= int(said) <= MOST_PERIODS):
        form.errors[name] = f"Write a whole number from 1 to {MOST_PERIODS}."
        return None
    return int(said)


def prefixed(side: str, name: str) -> str:
    """Return the name of a field of one side's offer."""
    return f"{side}_{name}"


def _page(program: Program, side: Side, typed: Mapping[str, str], errors: dict[str, str]) -> str:
    present = current_offers(program.id).get(side)
    return page("offer", program=program, side=side, present=present, typed=typed, errors=errors)


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
            "payout": typed_amount(offer.minimum_payout_minor, offer.currency),
            **typed_counting(offer),
            "words": offer.words or "",
            "own_words": "yes" if offer.own_words else "",
            "periods": str(offer.periods or ""),
            "choose_days": str(offer.choose_within_days or ""),
            **{f"choice_{kind}": "yes" for kind in offer.choices or []},
            "credit_life_days": str(offer.credit_life_days or ""),
            "fulfilment": offer.fulfilled_by or "",
            "discount_days": str(offer.discount_days or ""),
            "discount_minimum": typed_amount(offer.discount_minimum_minor, offer.currency),
            "first_order_only": "yes" if offer.first_order_only else "",
            "instead": offer.fallback_kind or "",
            "instead_days": "" if offer.fallback_days is None else str(offer.fallback_days),
        }
    return {prefixed(side, name): value for name, value in said.items()}


def _side(text: str) -> Side:
    try:
        return Side(text)
    except ValueError:
        raise NotFound from None
