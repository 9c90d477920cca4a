"""What an audit prints, and what it only warns of."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from referral.domain.reports.auditor import Violation, audit
from referral.domain.reports.auditor.report import MOST_KEPT, Report
from tests.audit.planted import LATER
from tests.audit.planting import change, find, table, unguarded


def test_a_sound_database_is_said_to_hold(told: Flask) -> None:
    lines = list(audit(LATER).lines())
    assert lines[0].startswith("Audit of 2026-12-31 12:00:00 UTC: 21 signups,")
    assert "I-9   holds     The entries of each movement sum to nothing" in "\n".join(lines)
    assert lines[-1].startswith("0 violations, ")


def test_a_violation_is_printed_with_its_row(told: Flask) -> None:
    with unguarded() as connection:
        program = find(connection, "program", state="closed")
        change(connection, "program", program.id, committed_minor=1)
    report = audit(LATER)
    (violation,) = report.violations
    assert (violation.invariant, violation.subject[:4]) == ("I-14", "prg_")
    assert f"violation: {violation}" in list(report.lines())
    assert report.counts["I-14"] == 1


def test_very_many_violations_are_counted_and_not_all_listed() -> None:
    report = Report(LATER, {"I-1": "Each event is kept once."})
    for number in range(MOST_KEPT + 7):
        report.add(Violation("I-1", f"event {number}", "It is kept twice."))
    assert (report.counts["I-1"], len(report.violations)) == (MOST_KEPT + 7, MOST_KEPT)


def test_an_audit_changes_nothing(told: Flask) -> None:
    def everything() -> list[object]:
        with unguarded() as connection:
            return [
                connection.execute(select(table(name)).order_by(table(name).c.id)).all()
                for name in ("reward", "ledger_account", "grant", "audit_entry", "program")
            ]

    before = everything()
    audit(LATER)
    assert everything() == before


def test_work_that_waits_too_long_is_a_warning(told: Flask) -> None:
    with unguarded() as connection:
        notice = find(connection, "notice")
        change(connection, "notice", notice.id, dead_at=LATER, last_error="no such mailbox")
    report = audit(LATER)
    kinds = {(one.invariant, one.subject.split()[0][:6], one.said[:15]) for one in report.warnings}
    assert ("dead", "notice", "It was given up") in kinds
    assert ("late", "notice", "It has been due") in kinds


def test_a_grant_whose_outcome_stays_unknown_is_a_warning(told: Flask) -> None:
    with unguarded() as connection:
        line = find(connection, "reward_move", to_state="granting")
        change(connection, "reward", line.reward_id, state="granting")
        change(connection, "reward_move", line.id, at=LATER - timedelta(minutes=16))
    late = {one.said[:21] for one in audit(LATER).warnings if one.subject.startswith("rwd_")}
    assert "It has been granting " in late
    earlier = audit(LATER - timedelta(minutes=2))
    assert not any(one.said.startswith("It has been granting") for one in earlier.warnings)
