"""Who made an API key."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room; of keys there are already nobody knows it."""
    op.add_column("api_key", sa.Column("made_by", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Forget it; the record still tells."""
    op.drop_column("api_key", "made_by")
