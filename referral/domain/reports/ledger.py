"""The ledger as staff read it: accounts, their entries, a movement, and what each adds up to.

Every figure is the kept entries' own sum, so that page, statement and export cannot differ.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, case, func, literal, select, union_all
from sqlalchemy.orm import contains_eager, joinedload

from referral.domain.people import Person
from referral.domain.programs import Program
from referral.domain.rewards import (
    Account,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    Reward,
)
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.foundation.money import Money

PAGE = 50
Row = TypeVar("Row")
_ORDER = {account: place for place, account in enumerate(Account)}


@dataclass(frozen=True, slots=True)
class Leaf(Generic[Row]):
    """One page of a list, and the key its next page goes on after."""

    rows: Sequence[Row]
    next: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What accounts of one name hold together: of one person each, or the program's own."""

    program_id: uuid.UUID
    name: str
    balance: Money
    holders: int
    account_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment on, until just before another; open at either end."""

    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[Any]:
        """Return what a movement's moment must satisfy."""
        at, said = LedgerTransaction.at, []
        if self.since:
            said.append(at >= self.since)
        if self.until:
            said.append(at < self.until)
        return said


@dataclass(frozen=True, slots=True)
class Line:
    """One account over a period: what it held before, what came in, what went out, what it holds.

    `gone` is what left it, as a positive amount.
    """

    name: str
    opening: Money
    come: Money
    gone: Money
    closing: Money


def standings() -> list[Standing]:
    """Add up the accounts of every program, by program, currency and name; two queries."""
    personal = (
        select(
            LedgerAccount.program_id,
            LedgerAccount.name,
            LedgerAccount.currency,
            func.sum(LedgerAccount.balance_minor),
            func.count(),
        )
        .where(LedgerAccount.holder != "")
        .group_by(LedgerAccount.program_id, LedgerAccount.name, LedgerAccount.currency)
    )
    own = select(LedgerAccount).where(LedgerAccount.holder == "")
    found = [
        Standing(one.program_id, one.name, _money(one.balance_minor, one.currency), 0, one.id)
        for one in session.scalars(own)
    ]
    found += [
        Standing(program_id, name, _money(total, currency), holders)
        for program_id, name, currency, total, holders in session.execute(personal)
    ]
    return sorted(found, key=lambda one: (one.balance.currency, _place(one.name)))


def holders(
    program: Program, name: str, after: uuid.UUID | None
) -> Leaf[tuple[LedgerAccount, Person]]:
    """List the accounts of one name that hold something, each with its person; two queries.

    They go by their holder, as their index does.
    """
    query = select(LedgerAccount).where(
        LedgerAccount.program_id == program.id,
        LedgerAccount.currency == program.currency,
        LedgerAccount.name == name,
        LedgerAccount.holder > (str(after) if after else ""),
        LedgerAccount.balance_minor != 0,
    )
    found = session.scalars(query.order_by(LedgerAccount.holder).limit(PAGE + 1)).all()
    ids = [uuid.UUID(one.holder) for one in found[:PAGE]]
    people = {one.id: one for one in session.scalars(select(Person).where(Person.id.in_(ids)))}
    rows = [(one, people[key]) for one, key in zip(found, ids, strict=False)]
    return Leaf(rows, ids[-1] if len(found) > PAGE else None)


def find_account(key: uuid.UUID) -> LedgerAccount:
    """Return an account of the business at work; raises NotFound."""
    return _found(session.scalar(select(LedgerAccount).where(LedgerAccount.id == key)))


def find_movement(key: uuid.UUID) -> LedgerTransaction:
    """Return a movement of the business at work; raises NotFound."""
    return _found(session.scalar(select(LedgerTransaction).where(LedgerTransaction.id == key)))


def holder_of(account: LedgerAccount) -> Person | None:
    """Return whose account it is, or None for the program's own."""
    if not account.holder:
        return None
    return session.scalar(select(Person).where(Person.id == uuid.UUID(account.holder)))


def entries_of_movement(movement: LedgerTransaction) -> Sequence[LedgerEntry]:
    """List the sides of a movement with their accounts; they sum to nothing."""
    query = (
        select(LedgerEntry)
        .where(LedgerEntry.transaction_id == movement.id)
        .options(joinedload(LedgerEntry.account))
        .order_by(LedgerEntry.id)
    )
    return session.scalars(query).all()


def entries_of_account(
    account: LedgerAccount, period: Period, after: uuid.UUID | None, *, limit: int = PAGE
) -> Leaf[LedgerEntry]:
    """List the entries of an account with their movements, the newest first."""
    return _entries([LedgerEntry.account_id == account.id], period, after, limit)


def entries_of_person(
    person: Person, period: Period, after: uuid.UUID | None, *, limit: int = PAGE
) -> Leaf[LedgerEntry]:
    """List the entries of all accounts of a person, the newest first."""
    return _entries([LedgerEntry.account_id.in_(_accounts_of(person))], period, after, limit)


def entries_of_program(
    program: Program, period: Period, after: uuid.UUID | None, *, limit: int = PAGE // 2
) -> Leaf[LedgerEntry]:
    """List the entries of a program's movements, so many movements at a time, the newest first."""
    moved = select(LedgerTransaction.id).where(
        LedgerTransaction.program_id == program.id, *period.conditions()
    )
    if after is not None:
        moved = moved.where(LedgerTransaction.id < after)
    moved = moved.order_by(LedgerTransaction.id.desc()).limit(limit + 1)
    keys = session.scalars(moved).all()
    query = (
        select(LedgerEntry)
        .where(LedgerEntry.transaction_id.in_(keys[:limit]))
        .options(joinedload(LedgerEntry.transaction), joinedload(LedgerEntry.account))
        .order_by(LedgerEntry.transaction_id.desc(), LedgerEntry.id.desc())
    )
    return Leaf(session.scalars(query).all(), keys[limit - 1] if len(keys) > limit else None)


def rewards_of_entries(entries: Sequence[LedgerEntry]) -> dict[uuid.UUID, Reward]:
    """Return the rewards some entries are about with their persons, in one query."""
    wanted = {one.transaction.reward_id for one in entries} - {None}
    query = select(Reward).where(Reward.id.in_(wanted)).options(joinedload(Reward.person))
    return {reward.id: reward for reward in session.scalars(query)} if wanted else {}


def statement_of_program(program: Program, period: Period) -> dict[str, list[Line]]:
    """Add up the accounts of a program over a period, by currency; one query."""
    return _statement(
        LedgerAccount.program_id == program.id,
        LedgerTransaction.program_id == program.id,
        period,
    )


def statement_of_person(person: Person, period: Period) -> dict[str, list[Line]]:
    """Add up the accounts of a person over a period, by currency; one query."""
    accounts = _accounts_of(person)
    return _statement(LedgerAccount.id.in_(accounts), LedgerEntry.account_id.in_(accounts), period)


def _statement(accounts: Any, entries: Any, period: Period) -> dict[str, list[Line]]:
    """Reckon backwards from the kept balances: only what happened since the period is read.

    It is one statement to the database, so that balances and entries are of one moment.
    """
    at, amount = LedgerTransaction.at, LedgerEntry.amount_minor
    inside = at < period.until if period.until else literal(True)
    nothing = literal(0)
    kept = select(
        LedgerAccount.currency, LedgerAccount.name, LedgerAccount.balance_minor.label("balance"),
        nothing.label("later"), nothing.label("come"), nothing.label("gone"),
    ).where(accounts)  # fmt: skip
    moved = (
        select(
            LedgerAccount.currency,
            LedgerAccount.name,
            nothing,
            case((inside, 0), else_=amount),
            case((inside & (amount > 0), amount), else_=0),
            case((inside & (amount < 0), -amount), else_=0),
        )
        .select_from(LedgerTransaction)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(entries)
    )
    if period.since:
        moved = moved.where(at >= period.since)
    all_rows = union_all(kept, moved).subquery()
    sums = [func.sum(all_rows.c[name]) for name in ("balance", "later", "come", "gone")]
    query = select(all_rows.c.currency, all_rows.c.name, *sums).group_by(
        all_rows.c.currency, all_rows.c.name
    )
    lines: dict[str, list[Line]] = {}
    for currency, name, balance, later, come, gone in session.execute(query):
        closing = int(balance) - int(later)
        opening = closing - int(come) + int(gone)
        shown = (_money(one, currency) for one in (opening, come, gone, closing))
        lines.setdefault(currency, []).append(Line(name, *shown))
    return {
        currency: sorted(found, key=lambda line: _place(line.name))
        for currency, found in sorted(lines.items())
    }


def _entries(
    conditions: list[Any], period: Period, after: uuid.UUID | None, limit: int
) -> Leaf[LedgerEntry]:
    query = (
        select(LedgerEntry)
        .join(LedgerEntry.transaction)
        .where(*conditions, *period.conditions())
        .options(contains_eager(LedgerEntry.transaction), joinedload(LedgerEntry.account))
    )
    return _leaf(query, LedgerEntry, after, limit=limit)


def _leaf(query: Select[Any], kind: Any, after: uuid.UUID | None, *, limit: int) -> Leaf[Any]:
    """Read one page by cursor, and one row more to see whether it goes on."""
    if after is not None:
        query = query.where(kind.id < after)
    rows = session.scalars(query.order_by(kind.id.desc()).limit(limit + 1)).all()
    shown = rows[:limit]
    return Leaf(shown, shown[-1].id if len(rows) > limit else None)


def _accounts_of(person: Person) -> Select[Any]:
    return select(LedgerAccount.id).where(
        LedgerAccount.business_id == person.business_id, LedgerAccount.holder == str(person.id)
    )


def _found(row: Row | None) -> Row:
    if row is None:
        raise NotFound
    return row


def _place(name: str) -> tuple[int, str]:
    return _ORDER.get(name, len(_ORDER)), name  # type: ignore[call-overload]


def _money(amount: Any, currency: str) -> Money:
    return Money(int(amount), currency)
