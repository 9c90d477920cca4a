"""Since when a gift server has given nothing but faults."""

import sqlalchemy as sa
from alembic import op

from referral.foundation.db import UTCDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room; the days are counted from the next fault."""
    op.add_column("gift_endpoint", sa.Column("failing_since", UTCDateTime(), nullable=True))


def downgrade() -> None:
    """Forget it; a server that was given up stays so until its address is saved anew."""
    op.drop_column("gift_endpoint", "failing_since")
