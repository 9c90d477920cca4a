"""Renewals, milestones and steps by the number of friends; exchange rates, and who waits for one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from referral.foundation.checks import replace_check
from referral.foundation.db import UTCDateTime
from referral.foundation.guards import append_only_statements

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_DUE = (
    ("due_at", UTCDateTime(), True),
    ("attempts", sa.Integer(), False),
    ("lease_until", UTCDateTime(), True),
    ("lease_token", sa.Uuid(), True),
    ("last_error", sa.String(400), True),
    ("dead_at", UTCDateTime(), True),
)


def upgrade() -> None:
    """Make room for the new forms of an offer and for what they count and convert."""
    for name in ("times", "milestone_every", "milestone_at"):
        op.add_column("offer", sa.Column(name, sa.Integer(), nullable=True))
    steps = sa.JSON().with_variant(JSONB(), "postgresql")
    op.add_column("offer", sa.Column("steps", steps, nullable=True))
    _allow("signup", "first_purchase", "purchase", "renewal", "milestone")
    op.add_column(
        "purchase",
        sa.Column("is_renewal", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    _make_exchange_rate()
    _make_awaited_rate()
    _make_qualification()


def downgrade() -> None:
    """Take the room back; offers of the new forms must not be there any more."""
    op.drop_table("qualification")
    op.drop_table("awaited_rate")
    op.drop_table("exchange_rate")
    if op.get_bind().dialect.name == "postgresql":
        for act in ("update", "delete"):
            op.execute(f"DROP FUNCTION exchange_rate_no_{act}()")
    op.drop_column("purchase", "is_renewal")
    _allow("signup", "first_purchase", "purchase")
    for name in ("steps", "milestone_at", "milestone_every", "times"):
        op.drop_column("offer", name)


def _allow(*triggers: str) -> None:
    listed = ", ".join(f"'{one}'" for one in triggers)
    replace_check("offer", "ck_offer_trigger_known", f"trigger IN ({listed})")


def _make_exchange_rate() -> None:
    op.create_table(
        "exchange_rate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("base", sa.String(3), nullable=False),
        sa.Column("quote", sa.String(3), nullable=False),
        sa.Column("rate", sa.String(30), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("base <> quote", name=op.f("ck_exchange_rate_two_currencies")),
        *_owned("exchange_rate"),
        sa.UniqueConstraint(
            "business_id", "base", "quote", "day",
            name=op.f("uq_exchange_rate_business_id_base_quote_day"),
        ),
    )  # fmt: skip
    for statement in append_only_statements("exchange_rate", op.get_bind().dialect.name):
        op.execute(statement)


def _make_awaited_rate() -> None:
    op.create_table(
        "awaited_rate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("base", sa.String(3), nullable=False),
        sa.Column("quote", sa.String(3), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("met_at", UTCDateTime(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        *_due(),
        *_owned("awaited_rate"),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_awaited_rate_purchase_id_purchase")
        ),
        sa.UniqueConstraint("purchase_id", "quote", name=op.f("uq_awaited_rate_purchase_id_quote")),
    )
    op.create_index(op.f("ix_awaited_rate_due_at"), "awaited_rate", ["due_at"])


def _make_qualification() -> None:
    op.create_table(
        "qualification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("advocate_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("counted_at", UTCDateTime(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        *_due(),
        *_owned("qualification"),
        sa.CheckConstraint(
            "(place IS NULL) = (counted_at IS NULL)",
            name=op.f("ck_qualification_counted_with_place"),
        ),
        sa.CheckConstraint(
            "place IS NULL OR place > 0", name=op.f("ck_qualification_place_positive")
        ),
        sa.ForeignKeyConstraint(
            ["advocate_id"], ["person.id"], name=op.f("fk_qualification_advocate_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_qualification_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_qualification_referral_id_referral")
        ),
        sa.UniqueConstraint(
            "program_id", "advocate_id", "place",
            name=op.f("uq_qualification_program_id_advocate_id_place"),
        ),
        sa.UniqueConstraint("referral_id", name=op.f("uq_qualification_referral_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_qualification_due_at"), "qualification", ["due_at"])


def _due() -> list[sa.Column]:
    return [sa.Column(name, kind, nullable=empty) for name, kind, empty in _DUE]


def _owned(table: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f(f"fk_{table}_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]
