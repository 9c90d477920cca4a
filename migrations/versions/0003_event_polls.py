"""Where each business is in looking for events that did not reach us."""

import sqlalchemy as sa
from alembic import op

from referral.foundation.db import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room; the worker adds a row for each business that is connected."""
    op.create_table(
        "event_poll",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("seen_until", UTCDateTime(), nullable=False),
        sa.Column("looked_at", UTCDateTime(), nullable=True),
        sa.Column("began_at", UTCDateTime(), nullable=True),
        sa.Column("page_after", sa.String(length=100), nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("last_error", sa.String(length=400), nullable=True),
        sa.Column("dead_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_event_poll_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_poll")),
        sa.UniqueConstraint("business_id", name=op.f("uq_event_poll_business_id")),
    )
    op.create_index(op.f("ix_event_poll_due_at"), "event_poll", ["due_at"])


def downgrade() -> None:
    """Forget how far each look came."""
    op.drop_index(op.f("ix_event_poll_due_at"), table_name="event_poll")
    op.drop_table("event_poll")
