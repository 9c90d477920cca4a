"""The audit runs every hour, survives a kill, and tells each business of its own books only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from referral.domain.businesses import across_businesses, within
from referral.domain.programs import Program
from referral.domain.reports import audits
from referral.domain.reports.auditor import Violation
from referral.domain.reports.auditor.owners import owners
from referral.domain.reports.audits import AuditFinding, AuditRun
from referral.foundation import clock, due
from referral.foundation.db import session, transaction
from referral.foundation.ids import public_id
from referral.worker import work_all
from referral.worker.audits import LONGEST_STEP, audit_books
from referral.worker.tidying import tidy
from tests.cast import Shop, open_shop
from tests.stories.trade import later

HOUR_S = 3600


@pytest.fixture
def shop(app: Flask) -> Shop:
    """A shop that opened just now."""
    return open_shop(at=clock.now())


def break_budget(shop: Shop) -> None:
    """Plant an error: something is committed that no reward holds."""
    with transaction():
        session.execute(
            update(Program)
            .where(Program.id == shop.program.id)
            .values(committed_minor=7)
            .execution_options(**across_businesses())
        )


def audit_at(seconds: int = 0) -> AuditRun:
    """Let the worker tidy and work so much later; return the last audit."""
    session.remove()
    with later(seconds):
        tidy(at=clock.now())
        work_all()
    session.remove()
    last = audits.last_audit()
    assert last is not None
    return last


def count(model: type) -> int:
    query = select(func.count()).select_from(model).execution_options(**across_businesses())
    return session.scalar(query) or 0


def test_the_books_are_audited_every_hour(shop: Shop) -> None:
    first = audit_at()
    assert (first.violations, first.at_large, first.is_open) == (0, 0, None)
    assert len(first.counts) > 30
    assert audit_at(HOUR_S - 60).id == first.id
    assert audit_at(HOUR_S + 60).id != first.id


def test_one_audit_waits_at_most_however_often_one_is_asked_for(shop: Shop) -> None:
    """F-52."""
    audit_at()
    for _ in range(3):
        with transaction():
            audits.audit_soon(at=clock.now())
    waiting = audits.open_audit()
    last = audits.last_audit()
    assert count(AuditRun) == 2
    assert waiting is not None and last is not None and last.ended_at is not None
    assert waiting.due_at == last.ended_at + audits.REST


def test_each_business_learns_of_its_own_books_only(shop: Shop) -> None:
    break_budget(shop)
    mine, program = shop.business.id, shop.program.public_id
    other = open_shop("Old Books", at=clock.now()).business.id
    last = audit_at()
    assert (last.violations, last.at_large) == (1, 0)
    with within(mine):
        (found,) = audits.findings_of(last)
        assert (found.invariant, found.subject) == ("I-14", program)
        assert found.is_violation
    with within(other):
        assert audits.findings_of(last) == []


def test_late_work_is_a_finding_and_no_violation(shop: Shop) -> None:
    shop.customer("alice")
    with within(shop.business.id):
        shop.signup("bob", token=shop.click(shop.link_of(shop.customer("anna"))))
    session.remove()
    with later(3 * HOUR_S):
        from referral.domain.reports.auditor import audit

        late = audit(clock.now()).warnings
    whose = owners(late)
    assert set(whose.values()) == {shop.business.id}
    assert {one.subject for one in late} == set(whose)


def test_whose_a_finding_is_can_be_told_from_any_subject(shop: Shop) -> None:
    business = shop.business
    subjects = [
        shop.program.public_id,
        f"{shop.program.public_id[:-1]}",
        f"program {shop.program.id}",
        f"purchase_key {business.id}, in_1",
        f"signup {shop.program.id}, {shop.program.id}, x",
        "trigger reward_state_forward",
        "ledger_entry in xxx",
        public_id("rwd", shop.program.id),
    ]
    found = owners(Violation("I-1", subject, "") for subject in subjects)
    assert found == dict.fromkeys([subjects[0], *subjects[2:5]], business.id)


def test_a_worker_that_was_killed_is_replaced_and_keeps_nothing_twice(shop: Shop) -> None:
    break_budget(shop)
    at = clock.now()
    with transaction():
        audits.plan_audit(at=at)
    run = audits.open_audit()
    assert run is not None
    with transaction():
        killed = due.claim(AuditRun, run.id, at=at)
        assert killed is not None
        due.hold_on(AuditRun, run.id, killed, until=at + LONGEST_STEP)
    session.remove()
    assert work_all(rounds=1) == 0
    with later(int(LONGEST_STEP.total_seconds()) + 1):
        work_all()
    assert count(AuditFinding) == 1
    with pytest.raises(due.LeaseLost):
        audit_books(run.id, killed)
    session.remove()
    assert (count(AuditFinding), count(AuditRun)) == (1, 2)


def test_an_audit_that_was_given_up_is_tried_again_an_hour_later(shop: Shop) -> None:
    """F-52."""
    with transaction():
        audits.plan_audit(at=clock.now())
        session.execute(update(AuditRun).values(dead_at=clock.now(), attempts=8))
    session.remove()
    work_all()
    assert audits.last_audit() is None
    assert audit_at().violations == 0


def test_old_audits_are_forgotten(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audits, "KEPT", 2)
    break_budget(shop)
    for hours in range(4):
        audit_at(hours * (HOUR_S + 60))
    assert (count(AuditRun), count(AuditFinding)) == (3, 2)


def test_an_audit_waits_an_hour_after_the_last(shop: Shop) -> None:
    last = audit_at()
    waiting = audits.open_audit()
    assert waiting is not None and last.ended_at is not None
    assert waiting.due_at == last.ended_at + timedelta(hours=1)
