"""Money paid out: where a person is paid, the smallest payout, and the acts that send it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from referral.foundation.checks import replace_check
from referral.foundation.db import UTCDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KINDS = (
    "'account_credit', 'discount', 'recognition', 'free_period', 'refund', "
    "'gift', 'charity', 'choice'"
)
_OPERATIONS = (
    "'credit', 'debit', 'promotion_code', 'thanks', 'withdrawal', "
    "'extension', 'shortening', 'refund', 'return', "
    "'gift_code', 'gift_return', 'donation', 'donation_withdrawal', 'choice'"
)


def upgrade() -> None:
    """Let money be an offer, and keep where each person is paid."""
    op.execute(
        "ALTER TABLE offer ADD COLUMN minimum_payout_minor BIGINT"
        " CONSTRAINT ck_offer_minimum_payout_minor_whole CHECK (minimum_payout_minor BETWEEN"
        " -1000000000000 AND 1000000000000"
        " AND minimum_payout_minor = CAST(minimum_payout_minor AS BIGINT))"
    )
    op.add_column("grant", sa.Column("gathered_at", UTCDateTime(), nullable=True))
    replace_check("offer", "ck_offer_kind_known", f"kind IN ({_KINDS}, 'cash')")
    replace_check(
        "grant",
        "ck_grant_operation_known",
        f"operation IN ({_OPERATIONS}, 'transfer', 'reversal')",
    )
    op.create_table(
        "payee",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.String(length=100), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("can_be_paid", sa.Boolean(), nullable=False),
        sa.Column("payouts_enabled", sa.Boolean(), nullable=False),
        sa.Column(
            "needs", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("disabled_reason", sa.String(length=100), nullable=True),
        sa.Column("deadline", UTCDateTime(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("read_at", UTCDateTime(), nullable=True),
        sa.Column("left_at", UTCDateTime(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_payee_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_payee_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payee")),
        sa.UniqueConstraint(
            "business_id", "account_id", name=op.f("uq_payee_business_id_account_id")
        ),
    )
    op.create_index(op.f("ix_payee_person_id"), "payee", ["person_id"])
    op.create_table(
        "stripe_balance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("available_minor", sa.BigInteger(), nullable=False),
        sa.Column("read_at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_stripe_balance_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_balance")),
        sa.UniqueConstraint(
            "business_id", "currency", name=op.f("uq_stripe_balance_business_id_currency")
        ),
    )


def downgrade() -> None:
    """Forget it again; offers and acts of money paid out must not be there any more."""
    op.drop_table("stripe_balance")
    op.drop_index(op.f("ix_payee_person_id"), table_name="payee")
    op.drop_table("payee")
    replace_check("grant", "ck_grant_operation_known", f"operation IN ({_OPERATIONS})")
    replace_check("offer", "ck_offer_kind_known", f"kind IN ({_KINDS})")
    op.drop_column("grant", "gathered_at")
    op.drop_column("offer", "minimum_payout_minor")
