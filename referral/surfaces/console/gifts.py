"""Stocks of gift codes: what is left, adding codes from a file, and when a stock counts as low."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import flash, g, redirect, request, url_for
from sqlalchemy.exc import IntegrityError

from referral.domain.businesses import record
from referral.domain.reports.gifts import codes_of
from referral.domain.rewards.gift_files import (
    MOST_CODES,
    import_codes,
    prepare_codes,
    read_codes,
)
from referral.domain.rewards.gift_stock import (
    Count,
    GiftStock,
    check_low_at,
    counts,
    find_stock,
    open_stock,
    stocks,
)
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from referral.foundation.money import is_currency
from referral.surfaces.console.door import actor
from referral.surfaces.console.forms import Form
from referral.surfaces.console.frame import page
from referral.surfaces.web.amounts import NO_CURRENCY
from referral.surfaces.web.words import count

CODES = "codes"
MOST_BYTES = 1024 * 1024
_CHANGED = "Somebody added some of these codes in the same moment. Nothing was taken: look again."


def show_all() -> str:
    """List the stocks with what is left in each."""
    known = counts(clock.now().date())
    return page("gifts", stocks=[(one, known.get(one.id, Count())) for one in stocks()])


def show(stock: str) -> str:
    """Show one stock with its newest codes, of each no more than its end."""
    return _one(find_stock(stock), {}, {})


def show_new() -> str:
    """Ask for a new stock and its first codes."""
    typed = {"currency": g.business.currency.upper(), "low_at": "10"}
    return page("gift_new", typed=typed, errors={}, most=MOST_CODES)


def open_new() -> Any:
    """Open a stock with its first codes; both or neither."""
    at, form = clock.now(), _form()
    currency = form.text("currency", asked="Which currency?", longest=3).lower()
    is_known = is_currency(currency)
    if currency and not is_known:
        form.errors.setdefault("currency", NO_CURRENCY)
    value = form.amount("value", currency if is_known else g.business.currency)
    name = form.text("name", asked="Give the stock a name people understand.")
    low_at = form.whole("low_at", check_low_at)
    try:
        lines = _lines(form, at=at)
        form.accept()
        rows = prepare_codes(lines, at=at)
        with transaction():
            stock = open_stock(
                g.business.id,
                name,
                value_minor=value or 0,
                currency=currency,
                low_at=low_at,
                at=at,
            )
            _record("gift_stock.opened", stock, at, low_at=low_at)
            taken = import_codes(stock, lines, rows, at=at)
            _record("gift_codes.imported", stock, at, codes=taken)
    except Invalid as refusal:
        return _again(refusal.fields), 422
    except IntegrityError:
        return _again({CODES: _CHANGED}), 422
    return _added(stock, taken)


def add_codes(stock: str) -> Any:
    """Add codes to a stock, all or none; what waited for one goes on by itself."""
    shown, at, form = find_stock(stock), clock.now(), _form()
    try:
        lines = _lines(form, at=at)
        form.accept()
        rows = prepare_codes(lines, at=at)
        with transaction():
            taken = import_codes(shown, lines, rows, at=at)
            _record("gift_codes.imported", shown, at, codes=taken)
    except Invalid as refusal:
        return _one(find_stock(stock), request.form, refusal.fields), 422
    except IntegrityError:
        return _one(find_stock(stock), request.form, {CODES: _CHANGED}), 422
    return _added(shown, taken)


def change_warning(stock: str) -> Any:
    """Change from how many codes on staff are told that the stock runs low."""
    shown, at, form = find_stock(stock), clock.now(), Form(request.form)
    low_at = form.whole("low_at", check_low_at)
    if form.errors:
        return _one(shown, request.form, form.errors), 422
    with transaction():
        before, shown.low_at, shown.warned_at = shown.low_at, low_at, None
        session.flush()
        _record("gift_stock.edited", shown, at, low_at=[before, low_at])
    flash("Saved.", "success")
    return redirect(url_for("console.gift_stock", stock=shown.public_id), 303)


def _form() -> Form:
    """Read a form with as many codes as a file may have; beyond that it is refused as too large."""
    request.max_form_memory_size = MOST_BYTES
    return Form(request.form)


def _lines(form: Form, *, at: datetime) -> list[Any]:
    """Read the codes of a form, typed or as a file; what is wrong with them stands beside both."""
    try:
        return read_codes(_text(form), on=at.date())
    except Invalid as refusal:
        form.errors |= refusal.fields
        return []


def _text(form: Form) -> str:
    sent = request.files.get("file")
    typed = form.typed.get(CODES, "")
    if sent is None or not sent.filename:
        return typed
    if typed.strip():
        raise Invalid(fields={CODES: "Type the codes or choose a file, not both."})
    try:
        text: str = sent.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(fields={CODES: "This file is no plain text. Save it as CSV first."}) from None
    return text


def _record(action: str, stock: GiftStock, at: datetime, **details: Any) -> None:
    record(
        g.business.id,
        action,
        subject=stock.public_id,
        actor=actor(),
        at=at,
        details={"name": stock.name, **details},
    )


def _added(stock: GiftStock, taken: int) -> Any:
    flash(f"{count(taken, 'code')} added. What waited for one goes on by itself.", "success")
    return redirect(url_for("console.gift_stock", stock=stock.public_id), 303)


def _again(errors: dict[str, str]) -> str:
    return page("gift_new", typed=request.form, errors=errors, most=MOST_CODES)


def _one(stock: GiftStock, typed: Mapping[str, str], errors: dict[str, str]) -> str:
    after = request.args.get("after")
    found = codes_of(stock, after)
    url = url_for("console.gift_stock", stock=stock.public_id)
    return page(
        "gift_stock",
        stock=stock,
        left=counts(clock.now().date()).get(stock.id, Count()),
        codes=found.rows,
        next_url=f"{url}?after={found.next}" if found.next else None,
        first_url=url if after else None,
        today=clock.now().date(),
        typed=typed,
        errors=errors,
        most=MOST_CODES,
    )
