"""Codes as a file lists them: read whole, checked whole, and kept whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update

from referral.domain.rewards.gift_stock import GiftCode, GiftStock, fingerprint_of
from referral.domain.rewards.grants import Waiting
from referral.domain.rewards.waking import wake_waiting_for
from referral.foundation.crypto import seal
from referral.foundation.db import session
from referral.foundation.errors import Invalid
from referral.foundation.ids import new_key
from referral.foundation.text import plain

MOST_CODES = 10_000
SHORTEST, LONGEST = 6, 100
_MOST_SAID = 20
_AT_ONCE = 500
_HEADS = ("code", "codes")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One code of a file, with its last day if it has one."""

    number: int
    code: str
    expires_on: date | None


def read_codes(text: str, *, on: date) -> list[Line]:
    """Read one code on each line, with its last day (2027-12-31) after a comma if it has one.

    A semicolon or a tab parts them too, and a first line that says `code` is a heading. Raises
    Invalid with every line that cannot be taken: too short, spaces, past its day, repeated.
    """
    lines: list[Line] = []
    wrong: dict[int, str] = {}
    first: dict[str, int] = {}
    for number, cells in _rows(text):
        if not lines and not wrong and cells[0].lower() in _HEADS:
            continue
        line, problem = _read(number, cells, on=on)
        if problem is None and line.code in first:
            problem = f"repeats line {first[line.code]}"
        if problem is not None:
            wrong[number] = problem
            continue
        first[line.code] = number
        lines.append(line)
    if len(lines) > MOST_CODES:
        raise Invalid(fields={"codes": f"At most {MOST_CODES:,} codes at a time."})
    _refuse(wrong)
    if not lines:
        raise Invalid(fields={"codes": "Give at least one code, each on a line of its own."})
    return lines


def prepare_codes(lines: Sequence[Line], *, at: datetime) -> list[Row]:
    """Seal codes and say what will be kept of them; slow for many, so before any transaction."""
    return [
        {
            "id": new_key(),
            "sealed": seal(line.code),
            "fingerprint": fingerprint_of(line.code),
            "last_four": line.code[-4:] if len(line.code) >= 2 * 4 else line.code[-2:],
            "expires_on": line.expires_on,
            "imported_at": at,
        }
        for line in lines
    ]


def import_codes(
    stock: GiftStock, lines: Sequence[Line], rows: Sequence[Row], *, at: datetime
) -> int:
    """Put all codes into a stock, or none: raises Invalid with the lines that are known already.

    What waited for a code is tried at once, and staff will be told anew when it runs low.
    """
    known = _known(row["fingerprint"] for row in rows)
    _refuse({
        line.number: "is in a stock already"
        for line, row in zip(lines, rows, strict=True)
        if row["fingerprint"] in known
    })  # fmt: skip
    wake_waiting_for(Waiting.OUT_OF_STOCK, at=at)
    whose = {"stock_id": stock.id, "business_id": stock.business_id}
    session.execute(insert(GiftCode), [{**row, **whose} for row in rows])
    session.execute(
        update(GiftStock)
        .where(GiftStock.id == stock.id)
        .values(warned_at=None)
        .execution_options(synchronize_session=False)
    )
    session.refresh(stock)
    return len(rows)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that say anything, with their numbers, cut into cells."""
    for number, line in enumerate(text.splitlines(), start=1):
        parted = line.replace(";", ",").replace("\t", ",").lstrip("\ufeff")
        cells = [cell.strip() for cell in next(csv.reader([parted]), [])]
        if any(cells):
            yield number, cells


def _read(number: int, cells: Sequence[str], *, on: date) -> tuple[Line, str | None]:
    code, *rest = cells
    day = rest[0] if rest else ""
    line = Line(number, code, None)
    if len(code) < SHORTEST or len(code) > LONGEST:
        return (
            line,
            f"has a code of {len(code)}, where {SHORTEST} to {LONGEST} characters are right",
        )
    if plain(code) != code or " " in code:
        return line, "has a code with spaces or unseen characters in it"
    if any(rest[1:]):
        return line, "has more than a code and a day"
    if not day:
        return line, None
    try:
        expires_on = date.fromisoformat(day)
    except ValueError:
        return line, f"has {day[:20]} where a day such as 2027-12-31 should be"
    problem = f"was valid until {day}" if expires_on < on else None
    return Line(number, code, expires_on), problem


def _known(fingerprints: Iterable[str]) -> set[str]:
    asked = list(fingerprints)
    known: set[str] = set()
    for start in range(0, len(asked), _AT_ONCE):
        part = asked[start : start + _AT_ONCE]
        known |= set(
            session.scalars(select(GiftCode.fingerprint).where(GiftCode.fingerprint.in_(part)))
        )
    return known


def _refuse(wrong: Mapping[int, str]) -> None:
    """Raise Invalid naming the lines, never the codes on them."""
    if not wrong:
        return
    said = [f"Line {number} {problem}." for number, problem in list(wrong.items())[:_MOST_SAID]]
    if len(wrong) > _MOST_SAID:
        said.append(f"{len(wrong) - _MOST_SAID:,} more lines have a problem.")
    raise Invalid(fields={"codes": "Nothing was taken. " + " ".join(said)})
