"""Gift codes in stocks, charities with what they are owed, and what people choose."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from referral.foundation.checks import replace_check
from referral.foundation.db import UTCDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_KINDS_BEFORE = "'account_credit', 'discount', 'recognition', 'free_period', 'refund'"
_KINDS = f"{_KINDS_BEFORE}, 'gift', 'charity', 'choice'"
_OPERATIONS_BEFORE = (
    "'credit', 'debit', 'promotion_code', 'thanks', 'withdrawal', "
    "'extension', 'shortening', 'refund', 'return'"
)
_OPERATIONS = (
    f"{_OPERATIONS_BEFORE}, 'gift_code', 'gift_return', 'donation', 'donation_withdrawal', 'choice'"
)


def upgrade() -> None:
    """Make room for stocks and their codes, charities, donations and choices."""
    choices = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("offer", sa.Column("choices", choices, nullable=True))
    op.add_column("offer", sa.Column("choose_within_days", sa.Integer(), nullable=True))
    replace_check("offer", "ck_offer_kind_known", f"kind IN ({_KINDS})")
    replace_check("grant", "ck_grant_operation_known", f"operation IN ({_OPERATIONS})")
    op.create_table(
        "gift_stock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("low_at", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("warned_at", UTCDateTime(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("value_minor > 0", name=op.f("ck_gift_stock_value_positive")),
        sa.CheckConstraint("low_at >= 0", name=op.f("ck_gift_stock_low_not_negative")),
        sa.CheckConstraint(
            "value_minor BETWEEN -1000000000000 AND 1000000000000"
            " AND value_minor = CAST(value_minor AS BIGINT)",
            name=op.f("ck_gift_stock_value_minor_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_gift_stock_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_stock")),
        sa.UniqueConstraint("business_id", "name", name=op.f("uq_gift_stock_business_id_name")),
    )
    op.create_index(
        op.f("ix_gift_stock_business_id_currency_value_minor"),
        "gift_stock",
        ["business_id", "currency", "value_minor"],
    )
    op.create_table(
        "gift_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stock_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("imported_at", UTCDateTime(), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=True),
        sa.Column("given_at", UTCDateTime(), nullable=True),
        sa.Column("shown_at", UTCDateTime(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "reward_id IS NOT NULL OR shown_at IS NULL", name=op.f("ck_gift_code_shown_is_given")
        ),
        sa.ForeignKeyConstraint(
            ["stock_id"], ["gift_stock.id"], name=op.f("fk_gift_code_stock_id_gift_stock")
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_gift_code_reward_id_reward")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_gift_code_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_code")),
        sa.UniqueConstraint(
            "business_id", "fingerprint", name=op.f("uq_gift_code_business_id_fingerprint")
        ),
        sa.UniqueConstraint("reward_id", name=op.f("uq_gift_code_reward_id")),
    )
    op.create_index(
        op.f("ix_gift_code_stock_id_reward_id_expires_on"),
        "gift_code",
        ["stock_id", "reward_id", "expires_on"],
    )
    op.create_table(
        "charity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("website", sa.String(length=400), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_charity_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charity")),
        sa.UniqueConstraint("business_id", "name", name=op.f("uq_charity_business_id_name")),
    )
    op.create_table(
        "donation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("charity_id", sa.Uuid(), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("paid_at", UTCDateTime(), nullable=True),
        sa.Column("reference", sa.String(length=200), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "withdrawn_minor BETWEEN 0 AND amount_minor", name=op.f("ck_donation_withdrawn_within")
        ),
        sa.CheckConstraint(
            "(paid_at IS NULL) = (reference IS NULL)",
            name=op.f("ck_donation_paid_with_reference"),
        ),
        sa.CheckConstraint(
            "amount_minor BETWEEN -1000000000000 AND 1000000000000"
            " AND amount_minor = CAST(amount_minor AS BIGINT)",
            name=op.f("ck_donation_amount_minor_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["charity_id"], ["charity.id"], name=op.f("fk_donation_charity_id_charity")
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_donation_reward_id_reward")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_donation_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_donation")),
        sa.UniqueConstraint("reward_id", name=op.f("uq_donation_reward_id")),
    )
    op.create_index(
        op.f("ix_donation_charity_id_currency_paid_at"),
        "donation",
        ["charity_id", "currency", "paid_at"],
    )
    op.create_table(
        "choice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("charity_id", sa.Uuid(), nullable=True),
        sa.Column("actor_kind", sa.String(length=40), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_choice_reward_id_reward")
        ),
        sa.ForeignKeyConstraint(
            ["charity_id"], ["charity.id"], name=op.f("fk_choice_charity_id_charity")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_choice_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_choice")),
    )
    op.create_index(op.f("ix_choice_reward_id"), "choice", ["reward_id"])


def downgrade() -> None:
    """Forget them; an offer of these kinds must not be there any more."""
    op.drop_table("choice")
    op.drop_table("donation")
    op.drop_table("charity")
    op.drop_table("gift_code")
    op.drop_table("gift_stock")
    replace_check("grant", "ck_grant_operation_known", f"operation IN ({_OPERATIONS_BEFORE})")
    replace_check("offer", "ck_offer_kind_known", f"kind IN ({_KINDS_BEFORE})")
    op.drop_column("offer", "choose_within_days")
    op.drop_column("offer", "choices")
