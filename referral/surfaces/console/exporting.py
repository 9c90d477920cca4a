"""Tables as CSV files: streamed a batch at a time, safe in a spreadsheet, and put on record."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Response, g, stream_with_context

from referral.domain.businesses import record, within
from referral.domain.reports.ledger import Leaf
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.surfaces.console.door import actor

BATCH = 1000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a cell for a formula (OWASP: CSV injection)."""

Cell = str | int | None


def download(
    name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]], *, subject: str
) -> Response:
    """Answer with a CSV file, after writing down who took it; `subject` is what it is about."""
    with transaction():
        record(
            g.business.id,
            "books.exported",
            subject=subject,
            actor=actor(),
            at=clock.now(),
            details={"file": name},
        )
    answer = Response(stream_with_context(_lines([head], rows)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def in_batches(
    fetch: Callable[[uuid.UUID | None], Leaf[Any]], write: Callable[[Sequence[Any]], list[Any]]
) -> Iterator[Sequence[Cell]]:
    """Yield what `write` makes of each batch; each is read by itself, so that nothing waits."""
    business_id, after = g.business.id, None
    while True:
        with within(business_id):
            leaf = fetch(after)
            lines = write(leaf.rows)
            session.commit()
            session.expunge_all()
        yield from lines
        after = leaf.next
        if after is None:
            return


def utc(moment: datetime) -> str:
    """Write a moment as every file does: in UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def safe(cell: Cell) -> str:
    """Write a cell so that no spreadsheet runs it: text that looks like a formula is quoted.

    >>> safe("=1+1"), safe(-5), safe("Anna"), safe(None)
    ("'=1+1", '-5', 'Anna', '')
    """
    if isinstance(cell, int):
        return str(cell)
    text = cell or ""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _lines(head: Sequence[Sequence[Cell]], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Yield the file line by line, after the mark by which spreadsheets know UTF-8."""
    yield "\N{ZERO WIDTH NO-BREAK SPACE}"
    for part in (head, rows):
        for row in part:
            line = io.StringIO()
            csv.writer(line).writerow([safe(cell) for cell in row])
            yield line.getvalue()
