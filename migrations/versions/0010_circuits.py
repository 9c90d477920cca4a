"""Whose Stripe is left alone for a while, and what endpoints' secrets were and were not."""

import sqlalchemy as sa
from alembic import op

from referral.foundation.db import UTCDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room; every circuit is closed."""
    op.create_table(
        "stripe_circuit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("counted_from", UTCDateTime(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=True),
        sa.Column("try_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_stripe_circuit_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_circuit")),
        sa.UniqueConstraint("business_id", name=op.f("uq_stripe_circuit_business_id")),
    )
    op.add_column("stripe_connection", sa.Column("sealed_secret_before", sa.Text(), nullable=True))
    op.add_column("stripe_connection", sa.Column("secret_before_until", UTCDateTime()))
    op.add_column("stripe_connection", sa.Column("refused_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    """Forget which circuits are open, and the secrets before."""
    op.drop_column("stripe_connection", "refused_at")
    op.drop_column("stripe_connection", "secret_before_until")
    op.drop_column("stripe_connection", "sealed_secret_before")
    op.drop_table("stripe_circuit")
