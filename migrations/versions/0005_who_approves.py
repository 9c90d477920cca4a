"""Who must approve a reward: nobody below an amount, one person, or two, and who did."""

import sqlalchemy as sa
from alembic import op

from referral.foundation.db import UTCDateTime
from referral.foundation.guards import append_only_statements

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_AMOUNTS = ("automatic_below_minor", "second_person_from_minor")
_COUNTS = ("approvals_needed", "approvals_given")


def upgrade() -> None:
    """Make room; what waits for staff today needs one person, as it did."""
    for name in _AMOUNTS:
        op.execute(
            f"ALTER TABLE program ADD COLUMN {name} BIGINT"
            f" CONSTRAINT ck_program_{name}_whole CHECK ({name} BETWEEN"
            f" -1000000000000 AND 1000000000000 AND {name} = CAST({name} AS BIGINT))"
        )
    for name in _COUNTS:
        column = sa.Column(name, sa.Integer(), nullable=False, server_default="0")
        op.add_column("reward", column)
    op.execute(
        "UPDATE reward SET approvals_needed = 1 WHERE state = 'pending' AND kind <> 'discount'"
        " AND program_id IN (SELECT id FROM program WHERE approval = 'staff')"
    )
    op.create_table(
        "reward_approval",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("actor_key", sa.String(length=60), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_kind", sa.String(length=40), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_reward_approval_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_reward_approval_reward_id_reward")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward_approval")),
        sa.UniqueConstraint(
            "reward_id", "number", name=op.f("uq_reward_approval_reward_id_number")
        ),
        sa.UniqueConstraint(
            "reward_id", "actor_key", name=op.f("uq_reward_approval_reward_id_actor_key")
        ),
    )
    for statement in append_only_statements("reward_approval", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Forget the policy and who approved."""
    op.drop_table("reward_approval")
    if op.get_bind().dialect.name == "postgresql":
        for act in ("update", "delete"):
            op.execute(f"DROP FUNCTION reward_approval_no_{act}()")
    for name in reversed(_COUNTS):
        op.drop_column("reward", name)
    for name in reversed(_AMOUNTS):
        op.drop_column("program", name)
