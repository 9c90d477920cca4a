"""Indexes by which a long ledger is read, and comparisons with the provider and what they found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from referral.foundation.db import UTCDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Make room; the worker plans the first comparison of each business that is connected.

    The index of entries by account grows by their order.
    """
    op.create_index(
        op.f("ix_ledger_account_business_id_holder"), "ledger_account", ["business_id", "holder"]
    )
    op.create_index(
        op.f("ix_ledger_transaction_program_id_at"), "ledger_transaction", ["program_id", "at"]
    )
    op.create_index(op.f("ix_ledger_entry_account_id_id"), "ledger_entry", ["account_id", "id"])
    op.drop_index(op.f("ix_ledger_entry_account_id"), table_name="ledger_entry")
    op.create_table(
        "reconciliation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=True),
        sa.Column("began_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=100), nullable=True),
        sa.Column("sums", _JSON, nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("last_error", sa.String(length=400), nullable=True),
        sa.Column("dead_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "stage IN ('acts', 'invoices', 'sessions', 'refunds')",
            name=op.f("ck_reconciliation_stage_known"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_reconciliation_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
        sa.UniqueConstraint(
            "business_id", "is_open", name=op.f("uq_reconciliation_business_id_is_open")
        ),
    )
    op.create_index(op.f("ix_reconciliation_due_at"), "reconciliation", ["due_at"])
    op.create_index(
        op.f("ix_reconciliation_business_id_ended_at"),
        "reconciliation",
        ["business_id", "ended_at"],
    )
    op.create_table(
        "difference",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reward", sa.String(length=60), nullable=True),
        sa.Column("object_id", sa.String(length=200), nullable=True),
        sa.Column("customer_id", sa.String(length=100), nullable=True),
        sa.Column("ours_minor", sa.BigInteger(), nullable=True),
        sa.Column("theirs_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('missing_there', 'unknown_here', 'amount', 'purchase_unknown',"
            " 'purchase_amount', 'refund_unknown')",
            name=op.f("ck_difference_kind_known"),
        ),
        *(
            sa.CheckConstraint(
                f"{column} BETWEEN -1000000000000 AND 1000000000000"
                f" AND {column} = CAST({column} AS BIGINT)",
                name=op.f(f"ck_difference_{column}_whole"),
            )
            for column in ("ours_minor", "theirs_minor")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_difference_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["reconciliation.id"], name=op.f("fk_difference_run_id_reconciliation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_difference")),
    )
    op.create_index(op.f("ix_difference_run_id"), "difference", ["run_id"])
    op.create_index(
        op.f("ix_difference_business_id_run_id_id"), "difference", ["business_id", "run_id", "id"]
    )


def downgrade() -> None:
    """Forget what was compared, and go back to the index there was."""
    op.drop_table("difference")
    op.drop_table("reconciliation")
    op.create_index(op.f("ix_ledger_entry_account_id"), "ledger_entry", ["account_id"])
    op.drop_index(op.f("ix_ledger_entry_account_id_id"), table_name="ledger_entry")
    op.drop_index(op.f("ix_ledger_transaction_program_id_at"), table_name="ledger_transaction")
    op.drop_index(op.f("ix_ledger_account_business_id_holder"), table_name="ledger_account")
