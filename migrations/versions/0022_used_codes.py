"""When it was found that a discount's code was used."""

import sqlalchemy as sa
from alembic import op

from referral.foundation.db import UTCDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room; a code used before is found at its person's next purchase, or at its end."""
    op.add_column("reward", sa.Column("used_at", UTCDateTime(), nullable=True))


def downgrade() -> None:
    """Forget it; Stripe still knows."""
    op.drop_column("reward", "used_at")
