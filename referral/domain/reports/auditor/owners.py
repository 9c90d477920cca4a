"""Whose a finding is: the business a row named by an audit belongs to, where it is one's."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator

from sqlalchemy import select

from referral.domain.businesses import across_businesses
from referral.domain.reports.auditor.asking import PREFIXES
from referral.domain.reports.auditor.report import Violation
from referral.foundation.db import db, session
from referral.foundation.errors import NotFound
from referral.foundation.ids import parse_public_id

_PUBLIC = re.compile(r"\b([a-z]{3})_[0-9a-z]{26}\b")
_KEY = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_FIRST_OF_KEYS = ("business", "program", "offer", "reward")
"""What the first column of a unique key leads to, where a subject is the values of one."""


def owners(found: Iterable[Violation]) -> dict[str, uuid.UUID]:
    """Return the business of each subject that is one's, in one query for each table."""
    wanted: dict[str, dict[uuid.UUID, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in found:
        for table, key in _named_in(one.subject):
            wanted[table][key].add(one.subject)
    known: dict[str, uuid.UUID] = {}
    for table, keys in wanted.items():
        for key, business_id in _businesses_of(table, list(keys)):
            known |= dict.fromkeys(keys[key], business_id)
    return known


def _named_in(subject: str) -> Iterator[tuple[str, uuid.UUID]]:
    """Yield the rows a subject may name; the last of a table's own says whose it is."""
    tables = {prefix: table for table, prefix in PREFIXES.items()}
    for found in _PUBLIC.finditer(subject):
        if found[1] in tables:
            try:
                yield tables[found[1]], parse_public_id(found[1], found[0])
            except NotFound:
                continue
    for text in _KEY.findall(subject):
        for table in (*_FIRST_OF_KEYS, subject.partition(" ")[0]):
            if table in db.metadata.tables:
                yield table, uuid.UUID(text)


def _businesses_of(table: str, keys: list[uuid.UUID]) -> Iterator[tuple[uuid.UUID, uuid.UUID]]:
    rows = db.metadata.tables[table]
    whose = rows.c.id if table == "business" else rows.c.get("business_id")
    if whose is None:
        return
    query = select(rows.c.id, whose).where(rows.c.id.in_(keys))
    yield from session.execute(query.execution_options(**across_businesses()))
