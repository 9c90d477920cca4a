"""Gifts that the business's own server fulfils: where it is, and what it said of each."""

import sqlalchemy as sa
from alembic import op

from referral.foundation.checks import replace_check
from referral.foundation.db import UTCDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_OPERATIONS = (
    "operation IN ('credit', 'debit', 'promotion_code', 'thanks', 'withdrawal', "
    "'extension', 'shortening', 'refund', 'return', "
    "'gift_code', 'gift_return', {}'donation', 'donation_withdrawal', 'choice', "
    "'transfer', 'reversal', 'store_credit', 'store_debit')"
)


def upgrade() -> None:
    """Make room; gifts that are promised already come from stocks as before."""
    op.add_column("offer", sa.Column("fulfilment", sa.String(length=40), nullable=True))
    replace_check("grant", "ck_grant_operation_known", _OPERATIONS.format("'gift_request', "))
    op.create_table(
        "gift_endpoint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(length=400), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("sealed_secret_before", sa.Text(), nullable=True),
        sa.Column("secret_before_until", UTCDateTime(), nullable=True),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("rests_until", UTCDateTime(), nullable=True),
        sa.Column("gone_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_gift_endpoint_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_endpoint")),
        sa.UniqueConstraint("business_id", name=op.f("uq_gift_endpoint_business_id")),
    )
    op.create_table(
        "gift_confirmation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=60), nullable=True),
        sa.Column("sealed_code", sa.Text(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.Column("came_at", UTCDateTime(), nullable=False),
        sa.Column("shown_at", UTCDateTime(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('fulfilled', 'refused')", name=op.f("ck_gift_confirmation_verdict_known")
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grant.id"], name=op.f("fk_gift_confirmation_grant_id_grant")
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_gift_confirmation_reward_id_reward")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"],
            ["business.id"],
            name=op.f("fk_gift_confirmation_business_id_business"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_confirmation")),
        sa.UniqueConstraint("grant_id", name=op.f("uq_gift_confirmation_grant_id")),
        sa.UniqueConstraint("reward_id", name=op.f("uq_gift_confirmation_reward_id")),
    )


def downgrade() -> None:
    """Forget them; no gift may be asked for any more."""
    op.drop_table("gift_confirmation")
    op.drop_table("gift_endpoint")
    replace_check("grant", "ck_grant_operation_known", _OPERATIONS.format(""))
    op.drop_column("offer", "fulfilment")
