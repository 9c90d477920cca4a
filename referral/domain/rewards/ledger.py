"""Double entry: where every minor unit of reward money is, append only, summing to nothing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.domain.businesses import Owned
from referral.domain.programs import Program
from referral.domain.rewards.rewards import Reward
from referral.foundation.db import (
    Currency,
    Key,
    MinorSum,
    Model,
    Moment,
    Short,
    one_of,
    session,
    whole_sum,
)
from referral.foundation.guards import append_only
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once


class Account(StrEnum):
    """The accounts of a program and currency; the last four but one have one per person."""

    EXTERNAL = "external"
    BUDGET = "budget"
    RESERVED = "reserved"
    PAYABLE = "payable"
    GRANTED = "granted"
    CLAWBACK_DUE = "clawback_due"


class Movement(StrEnum):
    """What money moved for."""

    FUND = "fund"
    RESERVE = "reserve"
    APPROVE = "approve"
    GRANT = "grant"
    RELEASE = "release"
    REVERSE = "reverse"
    NET = "net"
    FORGIVE = "forgive"
    EXPIRE = "expire"


PERSONAL = frozenset({Account.PAYABLE, Account.GRANTED, Account.CLAWBACK_DUE})


class LedgerAccount(Owned, Model):
    """One account with its balance, kept in the same commit as its entries (I-14)."""

    __table_args__ = (
        UniqueConstraint("program_id", "currency", "name", "holder"),
        one_of("name", Account),
        Index(None, "business_id", "holder"),
        *whole_sum("balance_minor"),
    )

    id: Mapped[Key]
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("program.id"))
    currency: Mapped[Currency]
    name: Mapped[Short]
    holder: Mapped[str] = mapped_column(String(36))
    balance_minor: Mapped[MinorSum] = mapped_column(default=0)


class LedgerTransaction(Owned, Model):
    """One movement of money and what it was for; append only."""

    __table_args__ = (
        Index(None, "reward_id"),
        Index(None, "program_id", "id"),
        Index(None, "program_id", "at"),
    )

    id: Mapped[Key]
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("program.id"))
    currency: Mapped[Currency]
    reward_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("reward.id"))
    kind: Mapped[Short]
    at: Mapped[Moment]


class LedgerEntry(Owned, Model):
    """One side of a movement and the balance it left, in minor units; append only.

    A program is funded with the sum of many rewards, or its budget, in one movement.
    """

    __table_args__ = (
        Index(None, "account_id", "id"),
        *whole_sum("amount_minor", "balance_after_minor"),
    )

    id: Mapped[Key]
    transaction_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("ledger_transaction.id"), index=True
    )
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("ledger_account.id"))
    amount_minor: Mapped[MinorSum]
    balance_after_minor: Mapped[MinorSum]

    transaction: Mapped[LedgerTransaction] = relationship()
    account: Mapped[LedgerAccount] = relationship()


append_only(LedgerTransaction)
append_only(LedgerEntry)


class Unbalanced(Exception):
    """The entries of a movement do not sum to nothing (I-9)."""


def transfer(
    reward: Reward,
    kind: Movement,
    *,
    source: Account,
    lines: Mapping[Account, int],
    at: datetime,
) -> None:
    """Move money of a reward out of one account into others; nothing is written for nothing."""
    total = sum(lines.values())
    moved = {account: amount for account, amount in lines.items() if amount}
    if total:
        moved[source] = moved.get(source, 0) - total
    if moved:
        _post(
            reward.business_id,
            reward.program_id,
            reward.currency,
            moved,
            kind=kind,
            holder=reward.person_id,
            reward_id=reward.id,
            at=at,
        )


def fund(program: Program, *, at: datetime, needed_minor: int = 0) -> None:
    """Bring the budget account in line with the program's budget, from outside or back there.

    A program without a budget is given what is needed, so that no reservation ever leaves the
    account below nothing (I-25). Locks the program.
    """
    session.flush()
    session.refresh(program, ["budget_minor"], with_for_update={"key_share": True})
    standing = _standing(program)
    if program.budget_minor is None:
        change = max(0, needed_minor - standing.get(Account.BUDGET, 0))
    else:
        change = program.budget_minor + standing.get(Account.EXTERNAL, 0)
    if change:
        _post(
            program.business_id,
            program.id,
            program.currency,
            {Account.EXTERNAL: -change, Account.BUDGET: change},
            kind=Movement.FUND,
            holder=None,
            reward_id=None,
            at=at,
        )


def _standing(program: Program) -> dict[str, int]:
    """Return the balances of a program's own accounts, by name."""
    query = select(LedgerAccount.name, LedgerAccount.balance_minor).where(
        LedgerAccount.program_id == program.id,
        LedgerAccount.currency == program.currency,
        LedgerAccount.holder == "",
    )
    return {name: balance for name, balance in session.execute(query)}


def _post(
    business_id: uuid.UUID,
    program_id: uuid.UUID,
    currency: str,
    lines: Mapping[Account, int],
    *,
    kind: Movement,
    holder: uuid.UUID | None,
    reward_id: uuid.UUID | None,
    at: datetime,
) -> None:
    if sum(lines.values()) != 0:
        raise Unbalanced(f"{kind}: {dict(lines)}")
    entry = LedgerTransaction(
        id=new_key(),
        business_id=business_id,
        program_id=program_id,
        currency=currency,
        reward_id=reward_id,
        kind=kind,
        at=at,
    )
    session.add(entry)
    session.flush()
    for account in sorted(lines):
        whose = str(holder) if account in PERSONAL and holder else ""
        account_id = _account(business_id, program_id, currency, account, whose)
        balance_after_minor = session.scalars(
            update(LedgerAccount)
            .where(LedgerAccount.id == account_id)
            .values(balance_minor=LedgerAccount.balance_minor + lines[account])
            .returning(LedgerAccount.balance_minor)
            .execution_options(synchronize_session=False)
        ).one()
        session.add(
            LedgerEntry(
                business_id=business_id,
                transaction_id=entry.id,
                account_id=account_id,
                amount_minor=lines[account],
                balance_after_minor=balance_after_minor,
            )
        )
    session.flush()


def _account(
    business_id: uuid.UUID, program_id: uuid.UUID, currency: str, name: Account, holder: str
) -> uuid.UUID:
    query = select(LedgerAccount.id).where(
        LedgerAccount.program_id == program_id,
        LedgerAccount.currency == currency,
        LedgerAccount.name == name,
        LedgerAccount.holder == holder,
    )
    found = session.scalar(query)
    if found is None:
        insert_once(
            LedgerAccount,
            {
                "id": new_key(),
                "business_id": business_id,
                "program_id": program_id,
                "currency": currency,
                "name": name,
                "holder": holder,
                "balance_minor": 0,
            },
        )
        found = session.scalars(query).one()
    return found
