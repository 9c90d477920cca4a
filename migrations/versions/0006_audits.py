"""Audits that were made, and what each found in which business."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from referral.foundation.db import UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Make room; the worker makes the first audit as soon as it runs."""
    op.create_table(
        "audit_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=True),
        sa.Column("began_at", UTCDateTime(), nullable=True),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("counts", _JSON, nullable=False),
        sa.Column("at_large", sa.Integer(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("last_error", sa.String(length=400), nullable=True),
        sa.Column("dead_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_run")),
        sa.UniqueConstraint("is_open", name=op.f("uq_audit_run_is_open")),
    )
    op.create_index(op.f("ix_audit_run_due_at"), "audit_run", ["due_at"])
    op.create_index(op.f("ix_audit_run_ended_at"), "audit_run", ["ended_at"])
    op.create_table(
        "audit_finding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("invariant", sa.String(length=20), nullable=False),
        sa.Column("is_violation", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_audit_finding_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["audit_run.id"], name=op.f("fk_audit_finding_run_id_audit_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_finding")),
    )
    op.create_index(
        op.f("ix_audit_finding_business_id_run_id"), "audit_finding", ["business_id", "run_id"]
    )
    op.create_index(op.f("ix_audit_finding_run_id"), "audit_finding", ["run_id"])


def downgrade() -> None:
    """Forget what was found."""
    op.drop_table("audit_finding")
    op.drop_table("audit_run")
