"""The database itself refuses what must never happen, whoever writes (I-12, I-13, I-19, I-20)."""

from contextlib import suppress

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from referral.domain.reports.auditor.schema import _APPEND_ONLY
from referral.domain.rewards.states import MOVES, RewardState
from referral.foundation.db import db
from referral.foundation.ids import new_key
from tests.audit.planting import find, table

pytestmark = pytest.mark.usefixtures("told")


def test_no_kept_row_is_changed_or_deleted() -> None:
    for model in _APPEND_ONLY:
        rows = table(model.__tablename__)
        column = next(one for one in rows.c if not one.primary_key and not one.foreign_keys)
        for statement in (update(rows).values({column.name: column}), delete(rows)):
            with pytest.raises(DBAPIError, match="append only"), db.engine.begin() as connection:
                connection.execute(statement)


def test_a_reward_only_moves_forward() -> None:
    rewards = table("reward")
    with db.engine.connect() as connection:
        found = connection.execute(select(rewards.c.state, rewards.c.id))
        present = {state: key for state, key in found}
    refused = [
        (before, after)
        for before in present
        for after in RewardState
        if after != before and after not in MOVES.get(RewardState(before), frozenset())
    ]
    assert len(refused) > 20
    for before, after in refused:
        change = update(rewards).where(rewards.c.id == present[before]).values(state=after)
        with pytest.raises(DBAPIError, match="only moves forward"), db.engine.begin() as connection:
            connection.execute(change)


@pytest.mark.parametrize("amount", ["1.5", "'ten'", "1000000000001", "-1000000000001"])
def test_no_amount_but_a_whole_number_in_range_is_kept(amount: str) -> None:
    with db.engine.connect() as connection:
        kept = find(connection, "refund")
    changed = text(f"UPDATE refund SET amount_minor = {amount}")
    with suppress(DBAPIError), db.engine.begin() as connection:
        connection.execute(changed)
    with db.engine.connect() as connection:
        now = find(connection, "refund", id=kept.id).amount_minor
    rounded = 2  # PostgreSQL rounds on the way in; nothing but a whole number is ever kept.
    assert type(now) is int
    assert now == kept.amount_minor or (amount == "1.5" and now == rounded)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("reward", {"state": "lost"}),
        ("reward", {"clawback_minor": -1}),
        ("reward", {"owed_minor": 10**9}),
        ("program", {"committed_minor": -1}),
        ("program", {"committed_minor": 10**15 + 1}),
        ("program", {"budget_minor": 10**15 + 1}),
        ("ledger_account", {"balance_minor": -(10**15) - 1}),
        ("allowance", {"taken_minor": 10**15 + 1}),
        ("reward", {"amount_minor": 10**12 + 1}),
        ("program", {"hold_days": 366}),
        ("grant", {"operation": "gift"}),
        ("dispute", {"outcome": "maybe"}),
    ],
)
def test_no_value_out_of_range_is_kept(name: str, wrong: dict[str, object]) -> None:
    with pytest.raises(DBAPIError), db.engine.begin() as connection:
        connection.execute(update(table(name)).values(**wrong))


@pytest.mark.parametrize(
    "name", ["purchase_key", "refund", "dispute", "reward", "grant", "referral", "signup"]
)
def test_what_happens_once_is_kept_once(name: str) -> None:
    with db.engine.connect() as connection:
        row = find(connection, name)
    with pytest.raises(DBAPIError), db.engine.begin() as connection:
        connection.execute(insert(table(name)).values(**{**row._mapping, "id": new_key()}))
