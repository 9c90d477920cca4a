"""Exchange rates: what waits for one, entering one, and those that were told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import flash, g, redirect, request, url_for
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import record
from referral.domain.currencies import ExchangeRate, RateDiffers, RateTerms
from referral.domain.rewards.awaiting import awaited_rates
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from referral.surfaces.console.door import actor
from referral.surfaces.console.forms import Form
from referral.surfaces.console.frame import page, refused

_MOST = 100


def show() -> str:
    """Show the rates, and the purchases that wait for one."""
    return _page({"date": clock.now().date().isoformat()}, {})


def add() -> Any:
    """Keep a rate; what waited for it is judged again."""
    form, at = Form(request.form), clock.now()
    try:
        terms = _read(form)
        form.check(lambda: terms.check(today=at.date()))
        form.accept()
        with transaction():
            [(rate, is_new)] = journey.tell_rates(g.business, [terms], at=at)
            if is_new:
                record(
                    g.business.id,
                    "rate.told",
                    subject=rate.public_id,
                    actor=actor(),
                    at=at,
                    details={"rate": f"1 {rate.base} = {rate.rate} {rate.quote}",
                             "day": rate.day.isoformat(), "source": rate.source},
                )  # fmt: skip
    except Invalid as refusal:
        return _page(request.form, refusal.fields), 422
    except RateDiffers as refusal:
        return refused(refusal, show)
    flash("The rate is kept. What waited for it is judged now.", "success")
    return redirect(url_for("console.rates"), 303)


def _read(form: Form) -> RateTerms:
    try:
        day = date.fromisoformat(form.typed.get("date", "").strip())
    except ValueError:
        day = clock.now().date()
        form.errors["date"] = "Give a day, such as 2026-11-20."
    return RateTerms(
        base=form.text("base", asked="Which currency? Such as USD.").lower(),
        quote=form.text("quote", asked="Which currency? Such as EUR.").lower(),
        rate=form.text("rate", asked="Write the rate, such as 0.9231.").replace(",", "."),
        day=day,
        source=form.text("source", asked="Say where the rate is from."),
    )


def _page(typed: Mapping[str, str], errors: dict[str, str]) -> str:
    query = select(ExchangeRate).order_by(ExchangeRate.day.desc(), ExchangeRate.id.desc())
    return page(
        "rates",
        rates=session.scalars(query.limit(_MOST)).all(),
        awaited=session.execute(awaited_rates().limit(_MOST)).all(),
        typed=typed,
        errors=errors,
    )
