"""Where the objects are that a restored database does not know."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room; the next comparison fills it."""
    kept = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    places = sa.Column("places", kept, nullable=False, server_default="[]")
    op.add_column("recovery", places)


def downgrade() -> None:
    """Forget it; what is unknown is still kept by name."""
    op.drop_column("recovery", "places")
