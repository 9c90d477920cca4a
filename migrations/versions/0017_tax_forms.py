"""Whose form for a year is on file."""

import sqlalchemy as sa
from alembic import op

from referral.foundation.db import UTCDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room; nothing is on file yet."""
    op.create_table(
        "tax_form",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_tax_form_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_tax_form_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_form")),
        sa.UniqueConstraint("person_id", "year", name=op.f("uq_tax_form_person_id_year")),
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_table("tax_form")
