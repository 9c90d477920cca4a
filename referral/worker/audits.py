"""The audit, every hour: what it finds is kept for the business it concerns."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta

import structlog

from referral.domain.reports.auditor.report import Report, Violation
from referral.domain.reports.audits import AuditFinding, AuditRun, complete_audit
from referral.foundation import clock, due
from referral.foundation.db import session, transaction

MOST_KEPT = 1000
"""How many violations of one invariant are kept."""

LONGEST_STEP = timedelta(minutes=10)
"""How long one group of checks may take; a worker that was killed is replaced after it."""

log = structlog.get_logger("referral.worker")


def audit_books(key: uuid.UUID, token: uuid.UUID) -> None:
    """Audit the books of every business, and keep what was found; a kill begins it anew."""
    from referral.domain.reports.auditor import audit

    began_at = clock.now()
    _hold_on(key, token)
    with transaction():
        run = session.get_one(AuditRun, key)
        run.began_at = began_at
    report = audit(began_at, most_kept=MOST_KEPT, between=lambda: _hold_on(key, token))
    at = clock.now()
    with transaction():
        violations, warnings = _kept(report.violations, True), _kept(report.warnings, False)
        complete_audit(
            run,
            token,
            counts=report.counts,
            findings=[*violations, *warnings],
            at_large=len(report.violations) - len(violations),
            at=at,
        )
    _tell(report, seconds=(at - began_at).total_seconds())


def _hold_on(key: uuid.UUID, token: uuid.UUID) -> None:
    with transaction():
        due.hold_on(AuditRun, key, token, until=clock.now() + LONGEST_STEP)


def _kept(found: Iterable[Violation], is_violation: bool) -> list[AuditFinding]:
    """Return what concerns one business, for that business."""
    from referral.domain.reports.auditor.owners import owners

    found = list(found)
    whose = owners(found)
    return [
        AuditFinding(
            business_id=whose[one.subject],
            invariant=one.invariant,
            is_violation=is_violation,
            subject=one.subject[:300],
            said=one.said,
        )
        for one in found
        if one.subject in whose
    ]


def _tell(report: Report, *, seconds: float) -> None:
    found = {
        "violations": sum(report.counts.values()),
        "warnings": len(report.warnings),
        "checked": len(report.promises),
        "seconds": round(seconds, 1),
    }
    if report.broken:
        log.error("books_are_wrong", broken=",".join(sorted(report.broken)), **found)
    else:
        log.info("books_audited", **found)
