"""The record of who did what: no entry cut out, edited or put in (I-39)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from sqlalchemy import Connection, select

from referral.domain.businesses import AuditEntry, Business
from referral.domain.reports.auditor.asking import named
from referral.domain.reports.auditor.report import Violation


def check(connection: Connection) -> Iterator[Violation]:
    """Follow each business's chain from its first entry to the head that was kept."""
    heads: dict[uuid.UUID, tuple[int, str]] = {}
    table = AuditEntry.__table__
    query = select(table).order_by(table.c.business_id, table.c.number)
    for row in connection.execution_options(yield_per=2000).execute(query):
        entry = AuditEntry(**row._mapping)
        number, head = heads.get(entry.business_id, (0, ""))
        subject = named("audit_entry", entry.id)
        if entry.number != number + 1 or entry.previous != head:
            yield Violation("I-39", subject, f"Entry {entry.number} does not follow {number}.")
        if entry.digest != entry.expected_digest():
            yield Violation("I-39", subject, f"Entry {entry.number} was changed.")
        heads[entry.business_id] = (entry.number, entry.digest)
    kept = select(Business.id, Business.audit_count, Business.audit_head)
    for business in connection.execute(kept):
        if heads.get(business.id, (0, "")) != (business.audit_count, business.audit_head):
            said = f"Its record does not end with entry {business.audit_count}."
            yield Violation("I-39", named("business", business.id), said)
