"""The ledger: accounts of each program, their entries, one movement, and statements to keep."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Response, g, request, url_for

from referral.domain.people import Person
from referral.domain.programs import Program, find_program
from referral.domain.reports import console as lists
from referral.domain.reports import ledger
from referral.domain.reports.ledger import Leaf, Line, Period
from referral.domain.rewards import Account, LedgerEntry, Reward
from referral.domain.rewards.ledger import PERSONAL, Movement
from referral.foundation import clock
from referral.foundation.errors import NotFound
from referral.foundation.ids import public_id
from referral.surfaces.console.exporting import BATCH, Cell, download, in_batches, utc
from referral.surfaces.console.frame import page

ACCOUNTS = {
    Account.EXTERNAL: "From outside",
    Account.BUDGET: "Left to promise",
    Account.RESERVED: "Promised, hold not over",
    Account.PAYABLE: "Approved, not given yet",
    Account.GRANTED: "Given",
    Account.CLAWBACK_DUE: "Debts of people",
}
MOVEMENTS = {
    Movement.FUND: "Budget set",
    Movement.RESERVE: "Promised",
    Movement.APPROVE: "Approved",
    Movement.GRANT: "Given",
    Movement.RELEASE: "Changed before it was given",
    Movement.REVERSE: "Taken back",
    Movement.NET: "Settled a debt",
    Movement.FORGIVE: "Debt forgiven",
    Movement.EXPIRE: "Expired unused",
}
Statement = dict[str, list[Line]]
_ENTRY_HEAD = (
    "moment_utc", "movement", "what", "account", "program", "person", "reward", "amount_minor",
    "balance_after_minor", "currency",
)  # fmt: skip
_LINE_HEAD = ("currency", "account", "opening_minor", "in_minor", "out_minor", "closing_minor")


def account_words(name: str) -> str:
    """Say what an account holds."""
    return ACCOUNTS[Account(name)]


def kind_words(kind: str) -> str:
    """Say what a movement was."""
    return MOVEMENTS[Movement(kind)]


def show() -> str:
    """Show what the accounts of every program hold."""
    standings = ledger.standings()
    return _page(
        "ledger",
        programs=[
            (program, [one for one in standings if one.program_id == program.id])
            for program in lists.programs()
        ],
    )


def show_holders(program: str, name: str) -> str:
    """List whose accounts of one name hold something."""
    if name not in PERSONAL:
        raise NotFound
    shown = _program(program)
    leaf = ledger.holders(shown, name, _after())
    return _page("ledger_holders", program=shown, name=name, **_paged(leaf))


def show_account(key: uuid.UUID) -> str:
    """List the entries of one account."""
    account, (period, dates) = ledger.find_account(key), _period(this_month=False)
    leaf = ledger.entries_of_account(account, period, _after())
    return _page(
        "ledger_account",
        account=account,
        program=_program_of(account.program_id),
        holder=ledger.holder_of(account),
        dates=dates,
        rewards=ledger.rewards_of_entries(leaf.rows),
        **_paged(leaf),
    )


def show_movement(key: uuid.UUID) -> str:
    """Show one movement with its sides and the reward it was for."""
    movement = ledger.find_movement(key)
    reward = movement.reward_id and lists.find_reward(public_id(Reward.prefix, movement.reward_id))
    return _page(
        "ledger_movement",
        movement=movement,
        entries=ledger.entries_of_movement(movement),
        program=_program_of(movement.program_id),
        reward=reward,
    )


def show_person(person: str) -> str:
    """Show the statement of one person."""
    shown, (period, dates) = lists.find_person(person), _period()
    leaf = ledger.entries_of_person(shown, period, _after())
    statement = ledger.statement_of_person(shown, period)
    return _statement(leaf, statement, dates, person=shown)


def show_program(program: str) -> str:
    """Show the statement of one program."""
    shown, (period, dates) = _program(program), _period()
    leaf = ledger.entries_of_program(shown, period, _after())
    statement = ledger.statement_of_program(shown, period)
    return _statement(leaf, statement, dates, program=shown)


def export_account(key: uuid.UUID) -> Response:
    """Download the entries of an account."""
    account, (period, _) = ledger.find_account(key), _period(this_month=False)
    subject = g.business.public_id if not account.holder else _person_id(account.holder)
    return _export(
        f"entries-{account.name}",
        lambda after: ledger.entries_of_account(account, period, after, limit=BATCH),
        subject=subject,
    )


def export_person(person: str) -> Response:
    """Download the movements of a person."""
    shown, (period, _) = lists.find_person(person), _period()
    return _export(
        "person-movements",
        lambda after: ledger.entries_of_person(shown, period, after, limit=BATCH),
        subject=shown.public_id,
    )


def export_program(program: str) -> Response:
    """Download the movements of a program."""
    shown, (period, _) = _program(program), _period()
    return _export(
        "program-movements",
        lambda after: ledger.entries_of_program(shown, period, after, limit=BATCH),
        subject=shown.public_id,
    )


def export_person_sums(person: str) -> Response:
    """Download the sums of a person's statement."""
    shown, (period, _) = lists.find_person(person), _period()
    statement = ledger.statement_of_person(shown, period)
    return _export_sums("person-statement", statement, subject=shown.public_id)


def export_program_sums(program: str) -> Response:
    """Download the sums of a program's statement."""
    shown, (period, _) = _program(program), _period()
    statement = ledger.statement_of_program(shown, period)
    return _export_sums("program-statement", statement, subject=shown.public_id)


def _page(template: str, **shown: Any) -> str:
    return page(template, account_words=account_words, kind_words=kind_words, **shown)


def _statement(
    leaf: Leaf[LedgerEntry], statement: Statement, dates: dict[str, str], **about: Any
) -> str:
    return _page(
        "ledger_statement",
        statement=statement,
        dates=dates,
        rewards=ledger.rewards_of_entries(leaf.rows),
        **{"person": None, "program": None, **about},
        **_paged(leaf),
    )


def _paged(leaf: Leaf[Any]) -> dict[str, Any]:
    asked = {**(request.view_args or {}), **request.args.to_dict()}
    asked.pop("after", None)
    here = str(request.endpoint)
    return {
        "rows": leaf.rows,
        "next_url": url_for(here, **asked, after=leaf.next) if leaf.next else None,
        "first_url": url_for(here, **asked) if "after" in request.args else None,
    }


def _after() -> uuid.UUID | None:
    try:
        return uuid.UUID(request.args["after"]) if "after" in request.args else None
    except ValueError:
        return None


def _period(*, this_month: bool = True) -> tuple[Period, dict[str, str]]:
    """Return the period asked for, in whole days of UTC, and its days as a form shows them.

    Without one asked for it is the month so far, or everything.
    """
    today = _today()
    first = today.replace(day=1) if this_month and not _asked("from", "to") else None
    since, until = _day("from") or first, _day("to")
    period = Period(_midnight(since), _midnight(until, after=True))
    days = {"from": since, "to": until}
    return period, {name: on.isoformat() if on else "" for name, on in days.items()}


def _asked(*names: str) -> bool:
    return any(name in request.values for name in names)


def _today() -> date:
    return clock.now().astimezone(UTC).date()


def _day(name: str) -> date | None:
    """Return the day that was chosen; one that is none, or out of reach, chooses nothing."""
    try:
        chosen = date.fromisoformat(request.values.get(name, "")[:10])
    except ValueError:
        return None
    return chosen if 2000 <= chosen.year <= 2200 else None


def _midnight(on: date | None, *, after: bool = False) -> datetime | None:
    if on is None:
        return None
    return datetime(on.year, on.month, on.day, tzinfo=UTC) + timedelta(days=int(after))


def _program(text: str) -> Program:
    return find_program(g.business.id, text)


def _program_of(key: uuid.UUID) -> Program:
    return next(one for one in lists.programs() if one.id == key)


def _person_id(holder: str) -> str:
    return public_id(Person.prefix, uuid.UUID(holder))


def _export(
    name: str, fetch: Callable[[uuid.UUID | None], Leaf[LedgerEntry]], *, subject: str
) -> Response:
    programs = {one.id: one.name for one in lists.programs()}

    def write(entries: Sequence[LedgerEntry]) -> list[list[Cell]]:
        rewards = ledger.rewards_of_entries(entries)
        return [_row(one, programs, rewards) for one in entries]

    return download(name, _ENTRY_HEAD, in_batches(fetch, write), subject=subject)


def _row(
    entry: LedgerEntry, programs: dict[uuid.UUID, str], rewards: dict[uuid.UUID, Reward]
) -> list[Cell]:
    movement, account = entry.transaction, entry.account
    reward = rewards.get(movement.reward_id) if movement.reward_id else None
    return [
        utc(movement.at),
        str(movement.id),
        movement.kind,
        account.name,
        programs.get(account.program_id),
        reward.person.public_id if reward else None,
        reward.public_id if reward else None,
        entry.amount_minor,
        entry.balance_after_minor,
        movement.currency,
    ]


def _export_sums(name: str, statement: Statement, *, subject: str) -> Response:
    rows: list[list[Cell]] = [
        [currency, line.name, *(one.amount_minor for one in _sums(line))]
        for currency, lines in statement.items()
        for line in lines
    ]
    return download(name, _LINE_HEAD, rows, subject=subject)


def _sums(line: Line) -> tuple[Any, ...]:
    return line.opening, line.come, line.gone, line.closing
