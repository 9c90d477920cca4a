"""Free periods of a subscription, parts of own payments, and codes that are withdrawn."""

import sqlalchemy as sa
from alembic import op

from referral.foundation.checks import replace_check

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KINDS = "'account_credit', 'discount', 'recognition'"
_MORE_KINDS = "'free_period', 'refund'"
_OPERATIONS = "'credit', 'debit', 'promotion_code', 'thanks'"
_MORE_OPERATIONS = "'withdrawal', 'extension', 'shortening', 'refund', 'return'"


def upgrade() -> None:
    """Let an offer be time or money back."""
    op.add_column("offer", sa.Column("periods", sa.Integer(), nullable=True))
    _allow(f"{_KINDS}, {_MORE_KINDS}", f"{_OPERATIONS}, {_MORE_OPERATIONS}")


def downgrade() -> None:
    """Allow what was there before; offers and acts of the new kinds must be gone."""
    _allow(_KINDS, _OPERATIONS)
    op.drop_column("offer", "periods")


def _allow(kinds: str, operations: str) -> None:
    replace_check("offer", "ck_offer_kind_known", f"kind IN ({kinds})")
    replace_check("grant", "ck_grant_operation_known", f"operation IN ({operations})")
