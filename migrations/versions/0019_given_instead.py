"""What is given instead of credit, thanks written to one person, and codes that end."""

import sqlalchemy as sa
from alembic import op

from referral.foundation.db import UTCDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room; no offer names anything yet."""
    op.add_column("offer", sa.Column("fallback_kind", sa.String(40), nullable=True))
    op.add_column("offer", sa.Column("fallback_days", sa.Integer(), nullable=True))
    op.add_column(
        "offer", sa.Column("own_words", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("reward", sa.Column("fell_back_at", UTCDateTime(), nullable=True))
    op.add_column("offer", sa.Column("discount_days", sa.Integer(), nullable=True))
    op.execute(
        "ALTER TABLE offer ADD COLUMN discount_minimum_minor BIGINT"
        " CONSTRAINT ck_offer_discount_minimum_minor_whole CHECK (discount_minimum_minor BETWEEN"
        " -1000000000000 AND 1000000000000"
        " AND discount_minimum_minor = CAST(discount_minimum_minor AS BIGINT))"
    )
    op.add_column(
        "offer",
        sa.Column("first_order_only", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("reward", sa.Column("words", sa.Text(), nullable=True))
    op.add_column("reward", sa.Column("words_by", sa.String(200), nullable=True))
    for name in ("use_by", "use_told_at", "lapsed_at"):
        op.add_column("reward", sa.Column(name, UTCDateTime(), nullable=True))


def downgrade() -> None:
    """Forget it; what became something else stays that."""
    for name in ("lapsed_at", "use_told_at", "use_by"):
        op.drop_column("reward", name)
    op.drop_column("reward", "words_by")
    op.drop_column("reward", "words")
    op.drop_column("reward", "fell_back_at")
    for name in ("first_order_only", "discount_minimum_minor", "discount_days", "own_words"):
        op.drop_column("offer", name)
    op.drop_column("offer", "fallback_days")
    op.drop_column("offer", "fallback_kind")
