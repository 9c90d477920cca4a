"""The console says whether the books are right, and lets staff have them checked now."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from referral.domain.businesses import Business, Role, across_businesses
from referral.domain.programs import Program
from referral.domain.reports import audits
from referral.domain.reports.auditor.asking import PREFIXES
from referral.domain.reports.audits import AuditRun
from referral.foundation import clock, due
from referral.foundation.db import db, session, transaction
from referral.surfaces.console import books
from referral.surfaces.web.backlog import backlog
from referral.worker import work_all
from tests.cast import Shop, open_shop
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post
from tests.stories.trade import later
from tests.web.test_metrics import numbers

BOOKS = "/console/books"


def audit() -> None:
    """Let the worker audit the books."""
    with transaction():
        audits.audit_soon(at=clock.now())
    session.remove()
    with later(61):
        work_all()
    session.remove()


def break_budget(shop: Shop) -> None:
    with transaction():
        session.execute(
            update(Program)
            .where(Program.id == shop.program.id)
            .values(committed_minor=7)
            .execution_options(**across_businesses())
        )


def test_before_the_first_audit_it_says_so(desk: Desk) -> None:
    assert "Not checked yet" in check_page(desk.client.get(BOOKS))


def test_a_clean_audit_is_shown_with_what_was_checked(desk: Desk) -> None:
    audit()
    text = check_page(desk.client.get(BOOKS))
    assert "All promises hold" in text
    assert "The entries of each movement sum to nothing" in text
    assert "The next check is at" in text
    assert "in the books" not in check_page(desk.client.get("/console"))


def test_what_is_wrong_is_named_with_its_page_and_on_the_overview(desk: Desk) -> None:
    break_budget(desk.shop)
    audit()
    text = check_page(desk.client.get(BOOKS))
    assert "7 of the budget is committed and its rewards hold 0." in text
    assert f'href="/console/programs/{desk.shop.program.public_id}"' in text
    assert "thing is wrong in the books" in check_page(desk.client.get("/console"))


def test_another_business_sees_nothing_of_it(desk: Desk, staff: Callable[..., FlaskClient]) -> None:
    break_budget(desk.shop)
    audit()
    charlie = staff(open_shop("Old Books", at=clock.now()), "charlie", Role.OWNER)
    text = check_page(charlie.get(BOOKS))
    assert "All promises hold" in text
    assert desk.shop.program.public_id not in text


def test_what_concerns_the_installation_is_only_counted(desk: Desk) -> None:
    audit()
    with transaction():
        session.execute(update(AuditRun).where(AuditRun.is_open.is_(None)).values(at_large=2))
    text = check_page(desk.client.get(BOOKS))
    assert "2 findings concern the installation as a whole" in text
    assert "Something is wrong" in text


def test_check_now_makes_it_due_and_the_page_shows_the_wait(desk: Desk) -> None:
    answer = post(desk.client, f"{BOOKS}/audit", BOOKS)
    assert (answer.status_code, answer.location) == (303, BOOKS)
    assert "A check waits for a worker." in check_page(desk.client.get(BOOKS))
    run = audits.open_audit()
    assert run is not None
    with transaction():
        due.claim(AuditRun, run.id, at=clock.now())
    text = check_page(desk.client.get(BOOKS))
    assert "being checked now" in text
    assert "Check now" not in text


def test_nobody_having_looked_for_hours_is_a_warning(desk: Desk) -> None:
    audit()
    long_ago = clock.now() - timedelta(hours=4, minutes=5)
    with transaction():
        done = update(AuditRun).where(AuditRun.is_open.is_(None))
        session.execute(done.values(ended_at=long_ago))
        session.execute(update(Business).values(created_at=long_ago - timedelta(days=1)))
    assert "Nobody has looked for a while" in check_page(desk.client.get(BOOKS))
    text = check_page(desk.client.get("/console"))
    assert "<strong>4</strong> hours since the books were last checked" in text


@pytest.mark.parametrize(("role", "may"), [(Role.SUPPORT, False), (Role.FINANCE, True)])
def test_who_handles_money_may_have_them_checked(desk: Desk, role: Role, may: bool) -> None:
    desk.become(role)
    assert ("Check now" in check_page(desk.client.get(BOOKS))) is may


def test_prometheus_reads_the_last_audit(desk: Desk) -> None:
    before = numbers(backlog(at=clock.now()).decode())
    assert "referral_audit_violations" not in before
    break_budget(desk.shop)
    audit()
    last = audits.last_audit()
    assert last is not None and last.ended_at is not None
    found = numbers(backlog(at=last.ended_at + timedelta(minutes=5)).decode())
    assert found["referral_audit_violations"] == 1
    assert found["referral_audit_age_seconds"] == 300
    assert found["referral_audit_duration_seconds"] == last.took.total_seconds()


def test_all_work_has_words_or_an_id_people_can_look_up() -> None:
    tables = db.metadata.sorted_tables
    work = {table.name for table in tables if "dead_at" in table.c}
    assert work - set(PREFIXES) == set(books.WORK)
