"""What each person was given in a year, who comes near a threshold, and whose form is on file."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, g, redirect, request, url_for

from referral.domain import journey
from referral.domain.reports import console as lists
from referral.domain.reports.totals import Total, totals_of
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import NotFound
from referral.surfaces.console.door import actor
from referral.surfaces.console.exporting import Cell, download
from referral.surfaces.console.frame import page

FIRST_YEAR = 2020
_HEAD = (
    "person", "external_id", "name", "country", "kind", "currency", "given_minor", "back_minor",
    "on_file",
)  # fmt: skip


def show() -> str:
    """Show a year's totals; without one asked for, this year's."""
    year = _year(request.args.get("year"))
    return page(
        "totals",
        totals=totals_of(year),
        year=year,
        years=[(str(one), str(one)) for one in _years()],
    )


def export() -> Response:
    """Download a year's totals."""
    year = _year(request.form.get("year"))
    rows = [_row(one) for one in totals_of(year)]
    return download(f"totals-{year}", _HEAD, rows, subject=g.business.public_id)


def keep() -> Any:
    """Note that somebody's form for a year is on file."""
    person, year = (
        lists.find_person(request.form.get("person", "")),
        _year(request.form.get("year")),
    )
    with transaction():
        journey.keep_form(person, year, actor=actor(), at=clock.now())
    flash(f"The form of {person.shown_name} for {year} is on file.", "success")
    return redirect(url_for("console.payout_totals", year=year), 303)


def _row(one: Total) -> list[Cell]:
    return [
        one.person.public_id,
        one.person.external_id,
        one.person.name,
        one.country,
        one.kind,
        one.currency,
        one.given_minor,
        one.back_minor,
        "yes" if one.is_on_file else "no",
    ]


def _years() -> list[int]:
    return list(range(clock.now().year, FIRST_YEAR - 1, -1))


def _year(text: str | None) -> int:
    """Read a year; raises NotFound for one there cannot be anything of."""
    if not text:
        return clock.now().year
    if not (text.isascii() and text.isdigit() and len(text) == 4) or int(text) not in _years():
        raise NotFound
    return int(text)
