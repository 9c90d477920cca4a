"""Whose Stripe key it is: the provider's own id of the account a business connected."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave room for the account's id; it is learned when somebody connects again."""
    op.add_column("stripe_connection", sa.Column("account_id", sa.String(100), nullable=True))


def downgrade() -> None:
    """Forget the account's id."""
    op.drop_column("stripe_connection", "account_id")
