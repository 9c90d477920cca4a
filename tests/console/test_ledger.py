"""The ledger is read account by account, and every figure is the same wherever it stands."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from referral.domain.businesses import AuditEntry, Role, across_businesses, within
from referral.domain.reports import ledger
from referral.domain.reports.given import given_to
from referral.domain.reports.ledger import Line, Period
from referral.domain.reports.portal import sums_of
from referral.domain.rewards import Account, LedgerAccount, LedgerTransaction, Reward
from referral.domain.rewards.ledger import Movement
from referral.foundation import clock
from referral.foundation.db import session
from referral.foundation.money import Money
from referral.surfaces.console import exporting
from referral.surfaces.console import ledger as pages
from tests.audit.stories import refer, work
from tests.cast import Shop, open_shop
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post, token
from tests.provider import Provider

LEDGER = "/console/ledger"
FRAME = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")


def live(shop: Shop) -> Shop:
    """Let a shop have given three credits, taken part of one back, and hold a fourth."""
    bought = [refer(shop, "alice", name) for name in ("bob", "ben", "bea")]
    shop.later(days=31)
    provider = Provider()
    work(shop, provider)
    shop.refund(bought[0], 3000)
    work(shop, provider)
    refer(shop, "alice", "bill")
    return shop


@pytest.fixture
def lived(desk: Desk) -> Desk:
    """Olive at the desk of a shop that has lived for a month."""
    live(desk.shop)
    return desk


def alice_of(shop: Shop) -> str:
    return shop.customer("alice").public_id


def account(shop: Shop, name: str) -> LedgerAccount:
    with within(shop.business.id):
        query = select(LedgerAccount).where(LedgerAccount.name == name)
        found = session.scalars(query).one()
    session.commit()
    return found


def rows_of(client: FlaskClient, path: str, **typed: str) -> list[dict[str, str]]:
    """Return what a download holds."""
    form = {"csrf_token": token(client.get("/console/account")), **typed}
    answer = client.post(path, data=form, buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="')
    return list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the statements sent, without those that only begin or end a transaction."""
    sent: list[str] = []

    def note(connection, cursor, statement, *_):
        if not statement.lstrip().upper().startswith(FRAME):
            sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_every_account_of_each_program_is_shown_with_its_balance(lived: Desk) -> None:
    text = check_page(lived.client.get(LEDGER))
    for words in ("From outside", "Left to promise", "Given", "Promised, hold not over"):
        assert words in text
    assert "€27.50" in text
    assert "-€37.50" in text


def test_an_account_lists_its_entries_with_their_rewards(lived: Desk) -> None:
    path = f"{LEDGER}/accounts/{account(lived.shop, 'granted').id}"
    text = check_page(lived.client.get(path))
    assert text.count("Taken back</a>") == 1
    assert text.count(">Given</a>") == 3
    assert '<a href="/console/rewards/rwd_' in text


def test_entries_are_paged_and_narrowed_to_days(
    lived: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, everything = account(lived.shop, "granted"), Period()
    first_day = lived.shop.now - timedelta(days=20)
    with within(lived.shop.business.id):
        leaf = ledger.entries_of_account(found, everything, None, limit=3)
        rest = ledger.entries_of_account(found, everything, leaf.next, limit=3)
        assert (len(leaf.rows), len(rest.rows), rest.next) == (3, 1, None)
        assert ledger.entries_of_account(found, Period(until=first_day), None).rows == []
        assert len(ledger.entries_of_account(found, Period(since=first_day), None).rows) == 4
    session.commit()
    day = (lived.shop.now - timedelta(days=40)).date()
    text = check_page(lived.client.get(f"{LEDGER}/accounts/{found.id}?from=2020-01-01&to={day}"))
    assert "Nothing moved in these days" in text


def test_a_movement_shows_its_sides_and_its_reward(lived: Desk) -> None:
    with within(lived.shop.business.id):
        query = select(LedgerTransaction).where(LedgerTransaction.kind == "reverse")
        movement = session.scalars(query).one()
    text = check_page(lived.client.get(f"{LEDGER}/movements/{movement.id}"))
    assert "-€2.50" in text
    assert "€10.00 for Alice" in text


def test_a_statement_says_what_was_before_and_after(lived: Desk) -> None:
    shop = lived.shop
    person, month_ago = shop.customer("alice"), shop.now - timedelta(days=15)
    with within(shop.business.id):
        (lines,) = ledger.statement_of_person(person, Period(since=month_ago)).values()
        before = ledger.statement_of_person(person, Period(until=month_ago))
    given = next(line for line in lines if line.name == "granted")
    eur = [Money(amount, "eur") for amount in (0, 3000, 250, 2750)]
    assert given == Line("granted", *eur)
    assert {line.closing.amount_minor for line in before["eur"]} == {0}


def test_the_statement_of_a_program_adds_up_in_any_period(lived: Desk) -> None:
    shop = lived.shop
    middle = shop.now - timedelta(days=15)
    for period in (Period(), Period(since=middle), Period(until=middle)):
        with within(shop.business.id):
            (lines,) = ledger.statement_of_program(shop.program, period).values()
        assert sum(line.closing.amount_minor for line in lines) == 0
        assert sum(line.opening.amount_minor for line in lines) == 0
        for line in lines:
            moved = line.opening + line.come - line.gone
            assert moved == line.closing
    text = check_page(lived.client.get(f"{LEDGER}/programs/{shop.program.public_id}"))
    assert "Statement of Friends" in text


def test_two_currencies_never_meet_in_one_sum(lived: Desk) -> None:
    shop = lived.shop
    with within(shop.business.id):
        statement = ledger.statement_of_person(shop.customer("alice"), Period())
    assert list(statement) == ["eur"]
    for currency, lines in statement.items():
        assert {line.closing.currency for line in lines} == {currency}


def test_what_somebody_was_given_is_one_number_everywhere(lived: Desk) -> None:
    """I-43: portal, console, statement and export."""
    shop = lived.shop
    person = shop.customer("alice")
    with within(shop.business.id):
        in_portal = sums_of(person.id)[0].given
        in_lists = given_to([person.id])[person.id]
        lines = ledger.statement_of_person(person, Period())["eur"]
    assert in_portal == Money(2750, "eur")
    assert in_lists == [in_portal]
    assert next(line for line in lines if line.name == "granted").closing == in_portal
    assert "€27.50" in check_page(lived.client.get(f"/console/people/{person.public_id}"))
    path = f"{LEDGER}/people/{person.public_id}"
    exported = {
        row["account"]: row["closing_minor"]
        for row in rows_of(lived.client, f"{path}/sums", **{"from": "2020-01-01", "to": ""})
    }
    assert exported["granted"] == "2750"
    moved = rows_of(lived.client, path, **{"from": "2020-01-01", "to": ""})
    assert sum(int(row["amount_minor"]) for row in moved if row["account"] == "granted") == 2750


def test_a_download_is_whole_and_on_record(lived: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("referral.surfaces.console.ledger.BATCH", 2)
    program = lived.shop.program.public_id
    typed = {"from": "2020-01-01", "to": ""}
    rows = rows_of(lived.client, f"{LEDGER}/programs/{program}", **typed)
    with within(lived.shop.business.id):
        leaf = ledger.entries_of_program(lived.shop.program, Period(), None, limit=1000)
    assert len(rows) == len(leaf.rows) > 10
    assert sum(int(row["amount_minor"]) for row in rows) == 0
    query = select(AuditEntry).order_by(AuditEntry.number.desc()).limit(1)
    entry = session.scalars(query.execution_options(**across_businesses())).one()
    assert (entry.action, entry.subject, entry.actor_name) == ("books.exported", program, "Olive")
    assert "Downloaded from the books" in check_page(lived.client.get("/console/audit"))


def test_no_cell_is_a_formula() -> None:
    assert [exporting.safe(one) for one in ("=1", "+1", "-1", "@a", "\tx", "plain", -1)] == [
        "'=1", "'+1", "'-1", "'@a", "'\tx", "plain", "-1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.VIEWER, 403), (Role.SUPPORT, 403), (Role.FINANCE, 200), (Role.MANAGER, 200)],
)
def test_the_ledger_is_for_those_who_handle_money(lived: Desk, role: Role, status: int) -> None:
    lived.become(role)
    assert lived.client.get(LEDGER).status_code == status


def test_charlie_finds_nothing_of_another_business(
    lived: Desk, staff: Callable[..., FlaskClient]
) -> None:
    shop = lived.shop
    alice, own = alice_of(shop), account(shop, "budget").id
    with within(shop.business.id):
        movement = session.scalars(select(LedgerTransaction).limit(1)).one().id
        assert session.scalars(select(Reward.id)).first()
    program = shop.program.public_id
    charlie = staff(open_shop("Old Books", at=clock.now()), "charlie", Role.OWNER)
    for path in (
        f"accounts/{own}", f"movements/{movement}", f"people/{alice}", f"programs/{program}",
        f"programs/{program}/accounts/payable",
    ):  # fmt: skip
        assert charlie.get(f"{LEDGER}/{path}").status_code == 404
    for path in (f"accounts/{own}", f"people/{alice}", f"programs/{program}"):
        assert post(charlie, f"{LEDGER}/{path}").status_code == 404
    assert "€" not in check_page(charlie.get(LEDGER))


@pytest.mark.parametrize("asked", ["?after=x", "?from=never&to=0001-01-01", "?from=9999-12-31"])
def test_a_wrong_address_is_answered_with_the_page(lived: Desk, asked: str) -> None:
    check_page(lived.client.get(f"{LEDGER}/programs/{lived.shop.program.public_id}{asked}"))
    check_page(lived.client.get(f"{LEDGER}/accounts/{account(lived.shop, 'budget').id}{asked}"))


def test_an_account_that_is_nobodys_is_not_found(lived: Desk) -> None:
    program = lived.shop.program.public_id
    assert lived.client.get(f"{LEDGER}/programs/{program}/accounts/budget").status_code == 404
    text = check_page(lived.client.get(f"{LEDGER}/programs/{program}/accounts/granted"))
    assert "Alice" in text
    text = check_page(lived.client.get(f"{LEDGER}/programs/{program}/accounts/payable"))
    assert "Nobody's account holds anything" in text or "Nobody&#39;s account" in text


def test_pages_cost_the_same_statements_however_much_there_is(lived: Desk) -> None:
    shop = lived.shop
    paths = [
        LEDGER,
        f"{LEDGER}/accounts/{account(shop, 'budget').id}",
        f"{LEDGER}/programs/{shop.program.public_id}?from=2020-01-01",
        f"{LEDGER}/people/{alice_of(shop)}?from=2020-01-01",
        f"{LEDGER}/programs/{shop.program.public_id}/accounts/granted",
    ]
    first = [_cost(lived, path) for path in paths]
    for name in ("carol", "dora", "emma"):
        refer(shop, "anna", name)
    assert [_cost(lived, path) for path in paths] == first
    assert max(first) <= 12


def _cost(desk: Desk, path: str) -> int:
    desk.client.get(path)
    with statements() as sent:
        check_page(desk.client.get(path))
    return len(sent)


def test_every_account_and_movement_has_words() -> None:
    assert set(pages.ACCOUNTS) == set(Account)
    assert set(pages.MOVEMENTS) == set(Movement)
