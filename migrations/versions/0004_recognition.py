"""A thank-you in words: an offer without money, and the act that gives it."""

import sqlalchemy as sa
from alembic import op

from referral.foundation.checks import replace_check

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AMOUNTS = (
    "(CASE WHEN amount_minor IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN rate_bp IS NULL THEN 0 ELSE 1 END)"
    " = (CASE WHEN kind = 'recognition' THEN 0 ELSE 1 END)"
)


def upgrade() -> None:
    """Let an offer be words."""
    op.add_column("offer", sa.Column("words", sa.Text(), nullable=True))
    replace_check(
        "offer", "ck_offer_kind_known", "kind IN ('account_credit', 'discount', 'recognition')"
    )
    replace_check("offer", "ck_offer_amount_or_rate", _AMOUNTS)
    replace_check(
        "grant",
        "ck_grant_operation_known",
        "operation IN ('credit', 'debit', 'promotion_code', 'thanks')",
    )


def downgrade() -> None:
    """Allow money only; an offer that is words must not be there any more."""
    replace_check(
        "grant",
        "ck_grant_operation_known",
        "operation IN ('credit', 'debit', 'promotion_code')",
    )
    replace_check("offer", "ck_offer_amount_or_rate", "(amount_minor IS NULL) <> (rate_bp IS NULL)")
    replace_check("offer", "ck_offer_kind_known", "kind IN ('account_credit', 'discount')")
    op.drop_column("offer", "words")
