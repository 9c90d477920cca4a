"""Lists of rates as banks publish them: one row a day, one column a currency, or one rate a row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import StringIO

from referral.domain.currencies.rates import RateTerms
from referral.foundation.errors import Invalid
from referral.foundation.money import is_currency

_WITHOUT_RATE = ("", "n/a", "-")
_ROW_EACH = {"base", "quote", "rate", "date"}


def read_list(text: str, *, base: str, source: str) -> Iterator[RateTerms]:
    """Read a list of rates; raises Invalid naming the line that cannot be read.

    Understood are the European Central Bank's files (`Date,USD,JPY,…`, each in units for one
    `base`; `N/A` is no rate) and rows of `base,quote,rate,date` with an optional `source`.
    """
    rows = csv.reader(StringIO(text.removeprefix("\ufeff")))
    head = [cell.strip().lower() for cell in next(rows, [])]
    if set(head) >= _ROW_EACH:
        read = _row_each
    elif head[:1] == ["date"]:
        read = _column_each
    else:
        raise Invalid(fields={"file": "The first line names the columns: Date and currencies."})
    for number, row in enumerate(rows, 2):
        cells = {name: cell.strip() for name, cell in zip(head, row, strict=False) if name}
        if any(cells.values()):
            for one in read(cells, base, source, number):
                _check(one, number)
                yield one


def _row_each(cells: dict[str, str], base: str, source: str, number: int) -> Iterator[RateTerms]:
    yield RateTerms(
        base=cells["base"].lower(),
        quote=cells.get("quote", "").lower(),
        rate=cells.get("rate", ""),
        day=_day(cells.get("date", ""), number),
        source=cells.get("source") or source,
    )


def _column_each(cells: dict[str, str], base: str, source: str, number: int) -> Iterator[RateTerms]:
    day = _day(cells.pop("date", ""), number)
    for quote, rate in cells.items():
        if rate.lower() in _WITHOUT_RATE or quote == base or not is_currency(quote):
            continue
        yield RateTerms(base=base, quote=quote, rate=rate, day=day, source=source)


def _check(told: RateTerms, number: int) -> None:
    """Raise Invalid naming the line, and the currencies where it has many; days are not judged."""
    try:
        told.check(today=told.day)
    except Invalid as refusal:
        said = " ".join(refusal.fields.values())
        pair = f"{told.base} to {told.quote}"
        raise Invalid(fields={"file": f"Line {number}, {pair}: {said}"}) from None


def _day(text: str, number: int) -> date:
    for form in ("%Y-%m-%d%z", "%d %B %Y%z"):
        try:
            return datetime.strptime(f"{text}+0000", form).astimezone(UTC).date()
        except ValueError:
            continue
    raise Invalid(fields={"file": f"Line {number}: write the day as 2026-11-20."})
