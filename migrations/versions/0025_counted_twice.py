"""What was paid once and counts as two purchases here is a difference."""

import sqlalchemy as sa
from alembic import op

from referral.foundation.checks import replace_check

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_KINDS = (
    "kind IN ('missing_there', 'unknown_here', 'amount', 'purchase_unknown',"
    " 'purchase_amount', 'refund_unknown'{})"
)


def upgrade() -> None:
    """Make room for the other purchase, and for the sum of both."""
    op.add_column("difference", sa.Column("purchase", sa.String(60), nullable=True))
    replace_check("difference", "ck_difference_kind_known", _KINDS.format(", 'purchase_twice'"))
    _bound(10**15)


def downgrade() -> None:
    """Forget those differences; the next comparison finds only the others."""
    op.execute("DELETE FROM difference WHERE kind = 'purchase_twice'")
    _bound(10**12)
    replace_check("difference", "ck_difference_kind_known", _KINDS.format(""))
    op.drop_column("difference", "purchase")


def _bound(limit_minor: int) -> None:
    for column in ("ours_minor", "theirs_minor"):
        replace_check(
            "difference",
            f"ck_difference_{column}_whole",
            f"{column} BETWEEN -{limit_minor} AND {limit_minor}"
            f" AND {column} = CAST({column} AS BIGINT)",
        )
