"""The record of who did what: append only, chained, the newest first."""

from __future__ import annotations

from flask import request, url_for
from sqlalchemy import select

from referral.domain.businesses import AuditEntry
from referral.foundation.db import session
from referral.surfaces.console.frame import page

PAGE = 50


def show() -> str:
    """List the record, by its running number."""
    query = select(AuditEntry).order_by(AuditEntry.number.desc()).limit(PAGE + 1)
    before = request.args.get("after", "")
    if before.isascii() and before.isdigit() and len(before) < 10:
        query = query.where(AuditEntry.number < int(before))
    rows = session.scalars(query).all()
    shown = rows[:PAGE]
    last = shown[-1].number if len(rows) > PAGE else None
    return page(
        "audit",
        entries=[(entry, _words(entry)) for entry in shown],
        next_url=url_for("console.audit", after=last) if last else None,
        first_url=url_for("console.audit") if before else None,
    )


def _words(entry: AuditEntry) -> str:
    """Write the details of an entry as one line."""
    return " · ".join(
        f"{name.replace('_', ' ').capitalize()}: {_change(value)}"
        for name, value in entry.details.items()
    )


def _change(value: object) -> str:
    if isinstance(value, list) and len(value) == 2:
        before, after = (str(one) if one not in (None, "") else "nothing" for one in value)
        return f"{before} → {after}"
    return str(value)
