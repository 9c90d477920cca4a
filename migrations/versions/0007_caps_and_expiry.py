"""Caps for a day, a month and a household, when a day begins, and rewards that expire."""

import uuid
from typing import Any

import sqlalchemy as sa
from alembic import op

from referral.foundation.db import UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CAPS = ("day_cap_minor", "month_cap_minor", "household_cap_minor")
_RULED = ("program", "offer")
_WHOLE = "BETWEEN -1000000000000 AND 1000000000000"
_SCOPES = "'person', 'day', 'month', 'household'"
_HEX = "REPLACE(CAST(person_id AS VARCHAR(36)), '-', '')"
_REWARD = sa.table(
    "reward",
    *(sa.column(name, sa.Uuid()) for name in ("business_id", "program_id", "person_id")),
    *(sa.column(name, sa.String()) for name in ("state", "counted_on", "household")),
    *(
        sa.column(name, sa.BigInteger())
        for name in ("amount_minor", "withheld_minor", "debited_minor")
    ),
)
_HELD = sa.case(
    (
        _REWARD.c.state.in_(("pending", "approved", "granting")),
        _REWARD.c.amount_minor - _REWARD.c.withheld_minor,
    ),
    (
        _REWARD.c.state.in_(("granted", "reversed")),
        _REWARD.c.amount_minor - _REWARD.c.withheld_minor - _REWARD.c.debited_minor,
    ),
    else_=0,
)


def upgrade() -> None:
    """Make room; what was taken so far is counted by the days of UTC, each person by themselves."""
    for table in _RULED:
        for name in _CAPS:
            op.execute(
                f"ALTER TABLE {table} ADD COLUMN {name} BIGINT CONSTRAINT ck_{table}_{name}_whole"
                f" CHECK ({name} {_WHOLE} AND {name} = CAST({name} AS BIGINT))"
            )
        op.add_column(table, sa.Column("expire_days", sa.Integer(), nullable=True))
    zone = sa.Column("time_zone", sa.String(60), nullable=False, server_default="UTC")
    op.add_column("business", zone)
    op.add_column("person", sa.Column("household", sa.String(64), nullable=True))
    for name, length in (("counted_on", 10), ("household", 64)):
        kept = sa.Column(name, sa.String(length), nullable=False, server_default="")
        op.add_column("reward", kept)
    for name in ("expires_at", "expiry_told_at"):
        op.add_column("reward", sa.Column(name, UTCDateTime(), nullable=True))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    in_utc = "TO_CHAR(earned_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
    day = "SUBSTR(earned_at, 1, 10)" if is_sqlite else in_utc
    op.execute(f"UPDATE reward SET counted_on = {day}, household = {_HEX}")  # noqa: S608
    _count_anew()


def downgrade() -> None:
    """Count persons only, and forget the rest."""
    op.drop_table("allowance")
    op.create_table(
        "allowance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        *_the_rest(),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_allowance_person_id_person")
        ),
        sa.UniqueConstraint(
            "program_id", "person_id", name=op.f("uq_allowance_program_id_person_id")
        ),
    )
    _fill(person_id=_REWARD.c.person_id)
    for name in ("expiry_told_at", "expires_at", "household", "counted_on"):
        op.drop_column("reward", name)
    op.drop_column("person", "household")
    op.drop_column("business", "time_zone")
    for table in _RULED:
        op.drop_column(table, "expire_days")
        for name in reversed(_CAPS):
            op.drop_column(table, name)


def _count_anew() -> None:
    """Make the counts from the rewards they stand for."""
    op.drop_table("allowance")
    op.create_table(
        "allowance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        *_the_rest(),
        sa.CheckConstraint(f"scope IN ({_SCOPES})", name=op.f("ck_allowance_scope_known")),
        sa.UniqueConstraint(
            "program_id",
            "scope",
            "holder",
            "period",
            name=op.f("uq_allowance_program_id_scope_holder_period"),
        ),
    )
    person = sa.func.replace(sa.cast(_REWARD.c.person_id, sa.String(36)), "-", "")
    day, always = _REWARD.c.counted_on, sa.literal("")
    _fill(scope=sa.literal("person"), holder=person, period=always)
    _fill(scope=sa.literal("day"), holder=person, period=day)
    _fill(scope=sa.literal("month"), holder=person, period=sa.func.substr(day, 1, 7))
    _fill(scope=sa.literal("household"), holder=_REWARD.c.household, period=always)


def _fill(**what: Any) -> None:
    """Count what rewards hold, by program and by what is given."""
    by = (_REWARD.c.business_id, _REWARD.c.program_id, *what.values())
    query = sa.select(
        _REWARD.c.business_id,
        _REWARD.c.program_id,
        *(column.label(name) for name, column in what.items()),
        sa.func.sum(_HELD).label("taken_minor"),
    ).group_by(*by)
    rows = [
        {**row, "id": uuid.uuid4(), "taken_minor": int(row["taken_minor"])}
        for row in op.get_bind().execute(query).mappings()
        if row["taken_minor"]
    ]
    kinds = {"person_id": sa.Uuid()}
    counted = sa.table(
        "allowance",
        *(sa.column(name, sa.Uuid()) for name in ("id", "business_id", "program_id")),
        *(sa.column(name, kinds.get(name, sa.String())) for name in what),
        sa.column("taken_minor", sa.BigInteger()),
    )
    op.bulk_insert(counted, rows)


def _the_rest() -> list[Any]:
    return [
        sa.Column("taken_minor", sa.BigInteger(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            f"taken_minor {_WHOLE} AND taken_minor = CAST(taken_minor AS BIGINT)",
            name=op.f("ck_allowance_taken_minor_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_allowance_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_allowance_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowance")),
    ]
