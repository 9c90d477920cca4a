"""What is given instead of credit to somebody who is no customer; thanks written to one person."""

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
    op.add_column("reward", sa.Column("words", sa.Text(), nullable=True))
    op.add_column("reward", sa.Column("words_by", sa.String(200), nullable=True))


def downgrade() -> None:
    """Forget it; what became something else stays that."""
    op.drop_column("reward", "words_by")
    op.drop_column("reward", "words")
    op.drop_column("reward", "fell_back_at")
    op.drop_column("offer", "own_words")
    op.drop_column("offer", "fallback_days")
    op.drop_column("offer", "fallback_kind")
