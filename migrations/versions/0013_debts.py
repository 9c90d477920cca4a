"""What ended a debt: a later reward that settled it, or somebody who forgave it."""

import sqlalchemy as sa
from alembic import op

from referral.foundation.checks import replace_check
from referral.foundation.db import UTCDateTime
from referral.foundation.guards import append_only_statements

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_PARTS = ("netted_minor", "settled_minor", "forgiven_minor")
_CLAWBACK = (
    "clawback_minor BETWEEN 0 AND amount_minor"
    " AND withheld_minor >= 0 AND debited_minor >= 0 AND owed_minor >= 0"
    " AND withheld_minor + debited_minor + owed_minor <= clawback_minor"
)
_DEBTS = (
    " AND settled_minor >= 0 AND forgiven_minor >= 0 AND netted_minor >= 0"
    " AND settled_minor + forgiven_minor <= owed_minor"
    " AND withheld_minor + netted_minor <= amount_minor"
)
_LIMIT = 10**12


def upgrade() -> None:
    """Make room; every debt of today stands until a later reward settles it."""
    for name in _PARTS:
        column = sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        op.add_column("reward", column)
    replace_check("reward", "ck_reward_clawback_within_amount", _CLAWBACK + _DEBTS)
    op.create_table(
        "debt_settlement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("debt_id", sa.Uuid(), nullable=False),
        sa.Column("paid_by_id", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("actor_kind", sa.String(length=40), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            f"amount_minor BETWEEN -{_LIMIT} AND {_LIMIT}"
            " AND amount_minor = CAST(amount_minor AS BIGINT)",
            name=op.f("ck_debt_settlement_amount_minor_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_debt_settlement_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["debt_id"], ["reward.id"], name=op.f("fk_debt_settlement_debt_id_reward")
        ),
        sa.ForeignKeyConstraint(
            ["paid_by_id"], ["reward.id"], name=op.f("fk_debt_settlement_paid_by_id_reward")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debt_settlement")),
    )
    for name in ("debt_id", "paid_by_id"):
        op.create_index(op.f(f"ix_debt_settlement_{name}"), "debt_settlement", [name])
    for statement in append_only_statements("debt_settlement", op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Forget it; no debt may be settled or forgiven any more."""
    op.drop_table("debt_settlement")
    if op.get_bind().dialect.name == "postgresql":
        for act in ("update", "delete"):
            op.execute(f"DROP FUNCTION debt_settlement_no_{act}()")
    replace_check("reward", "ck_reward_clawback_within_amount", _CLAWBACK)
    for name in reversed(_PARTS):
        op.drop_column("reward", name)
