"""The main job: businesses, people, programs, links, attribution, purchases, rewards."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from referral.foundation.db import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Triggers that keep append-only rows and the way of a reward.
GUARDS = {
    "sqlite": (
        "CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'audit_entry is append only'); END",
        "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'audit_entry is append only'); END",
        "CREATE TRIGGER offer_no_update BEFORE UPDATE ON offer FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'offer is append only'); END",
        "CREATE TRIGGER offer_no_delete BEFORE DELETE ON offer FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'offer is append only'); END",
        "CREATE TRIGGER touch_no_update BEFORE UPDATE ON touch FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'touch is append only'); END",
        "CREATE TRIGGER touch_no_delete BEFORE DELETE ON touch FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'touch is append only'); END",
        "CREATE TRIGGER referral_no_update BEFORE UPDATE ON referral FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'referral is append only'); END",
        "CREATE TRIGGER referral_no_delete BEFORE DELETE ON referral FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'referral is append only'); END",
        "CREATE TRIGGER reward_state_forward BEFORE UPDATE OF state ON reward FOR EACH ROW WHEN (OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN ('approved>cancelled', 'approved>denied', 'approved>expired', 'approved>granting', 'granted>reversed', 'granting>failed', 'granting>granted', 'pending>approved', 'pending>cancelled', 'pending>denied', 'pending>expired')) BEGIN SELECT RAISE(ABORT, 'reward.state only moves forward'); END",
        "CREATE TRIGGER hold_no_update BEFORE UPDATE ON hold FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'hold is append only'); END",
        "CREATE TRIGGER hold_no_delete BEFORE DELETE ON hold FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'hold is append only'); END",
        "CREATE TRIGGER ledger_transaction_no_update BEFORE UPDATE ON ledger_transaction FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'ledger_transaction is append only'); END",
        "CREATE TRIGGER ledger_transaction_no_delete BEFORE DELETE ON ledger_transaction FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'ledger_transaction is append only'); END",
        "CREATE TRIGGER reward_move_no_update BEFORE UPDATE ON reward_move FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'reward_move is append only'); END",
        "CREATE TRIGGER reward_move_no_delete BEFORE DELETE ON reward_move FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'reward_move is append only'); END",
        "CREATE TRIGGER hold_release_no_update BEFORE UPDATE ON hold_release FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'hold_release is append only'); END",
        "CREATE TRIGGER hold_release_no_delete BEFORE DELETE ON hold_release FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'hold_release is append only'); END",
        "CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'ledger_entry is append only'); END",
        "CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry FOR EACH ROW BEGIN SELECT RAISE(ABORT, 'ledger_entry is append only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_entry_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit_entry is append only'; END $$",
        "CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_entry_no_update()",
        "CREATE FUNCTION audit_entry_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit_entry is append only'; END $$",
        "CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_entry_no_delete()",
        "CREATE FUNCTION offer_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'offer is append only'; END $$",
        "CREATE TRIGGER offer_no_update BEFORE UPDATE ON offer FOR EACH ROW EXECUTE FUNCTION offer_no_update()",
        "CREATE FUNCTION offer_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'offer is append only'; END $$",
        "CREATE TRIGGER offer_no_delete BEFORE DELETE ON offer FOR EACH ROW EXECUTE FUNCTION offer_no_delete()",
        "CREATE FUNCTION touch_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'touch is append only'; END $$",
        "CREATE TRIGGER touch_no_update BEFORE UPDATE ON touch FOR EACH ROW EXECUTE FUNCTION touch_no_update()",
        "CREATE FUNCTION touch_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'touch is append only'; END $$",
        "CREATE TRIGGER touch_no_delete BEFORE DELETE ON touch FOR EACH ROW EXECUTE FUNCTION touch_no_delete()",
        "CREATE FUNCTION referral_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'referral is append only'; END $$",
        "CREATE TRIGGER referral_no_update BEFORE UPDATE ON referral FOR EACH ROW EXECUTE FUNCTION referral_no_update()",
        "CREATE FUNCTION referral_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'referral is append only'; END $$",
        "CREATE TRIGGER referral_no_delete BEFORE DELETE ON referral FOR EACH ROW EXECUTE FUNCTION referral_no_delete()",
        "CREATE FUNCTION reward_state_forward() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'reward.state only moves forward'; END $$",
        "CREATE TRIGGER reward_state_forward BEFORE UPDATE OF state ON reward FOR EACH ROW WHEN (OLD.state <> NEW.state AND (OLD.state || '>' || NEW.state) NOT IN ('approved>cancelled', 'approved>denied', 'approved>expired', 'approved>granting', 'granted>reversed', 'granting>failed', 'granting>granted', 'pending>approved', 'pending>cancelled', 'pending>denied', 'pending>expired')) EXECUTE FUNCTION reward_state_forward()",
        "CREATE FUNCTION hold_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hold is append only'; END $$",
        "CREATE TRIGGER hold_no_update BEFORE UPDATE ON hold FOR EACH ROW EXECUTE FUNCTION hold_no_update()",
        "CREATE FUNCTION hold_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hold is append only'; END $$",
        "CREATE TRIGGER hold_no_delete BEFORE DELETE ON hold FOR EACH ROW EXECUTE FUNCTION hold_no_delete()",
        "CREATE FUNCTION ledger_transaction_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ledger_transaction is append only'; END $$",
        "CREATE TRIGGER ledger_transaction_no_update BEFORE UPDATE ON ledger_transaction FOR EACH ROW EXECUTE FUNCTION ledger_transaction_no_update()",
        "CREATE FUNCTION ledger_transaction_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ledger_transaction is append only'; END $$",
        "CREATE TRIGGER ledger_transaction_no_delete BEFORE DELETE ON ledger_transaction FOR EACH ROW EXECUTE FUNCTION ledger_transaction_no_delete()",
        "CREATE FUNCTION reward_move_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'reward_move is append only'; END $$",
        "CREATE TRIGGER reward_move_no_update BEFORE UPDATE ON reward_move FOR EACH ROW EXECUTE FUNCTION reward_move_no_update()",
        "CREATE FUNCTION reward_move_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'reward_move is append only'; END $$",
        "CREATE TRIGGER reward_move_no_delete BEFORE DELETE ON reward_move FOR EACH ROW EXECUTE FUNCTION reward_move_no_delete()",
        "CREATE FUNCTION hold_release_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hold_release is append only'; END $$",
        "CREATE TRIGGER hold_release_no_update BEFORE UPDATE ON hold_release FOR EACH ROW EXECUTE FUNCTION hold_release_no_update()",
        "CREATE FUNCTION hold_release_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hold_release is append only'; END $$",
        "CREATE TRIGGER hold_release_no_delete BEFORE DELETE ON hold_release FOR EACH ROW EXECUTE FUNCTION hold_release_no_delete()",
        "CREATE FUNCTION ledger_entry_no_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ledger_entry is append only'; END $$",
        "CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_entry_no_update()",
        "CREATE FUNCTION ledger_entry_no_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'ledger_entry is append only'; END $$",
        "CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_entry_no_delete()",
    ),
}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "business",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("site_url", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("audit_count", sa.Integer(), nullable=False),
        sa.Column("audit_head", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business")),
        sa.UniqueConstraint("slug", name=op.f("uq_business_slug")),
    )
    op.create_table(
        "operator",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_digest", sa.String(length=400), nullable=True),
        sa.Column("sealed_totp", sa.String(length=400), nullable=True),
        sa.Column("totp_confirmed_at", UTCDateTime(), nullable=True),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator")),
        sa.UniqueConstraint("email", name=op.f("uq_operator_email")),
    )
    op.create_table(
        "user_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=True),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('person', 'operator')", name=op.f("ck_user_session_kind_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_user_session_digest")),
    )
    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_user_session_kind_subject_id"), ["kind", "subject_id"], unique=False
        )

    op.create_table(
        "api_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_api_call_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_call")),
        sa.UniqueConstraint(
            "business_id", "endpoint", "key", name=op.f("uq_api_call_business_id_endpoint_key")
        ),
    )
    with op.batch_alter_table("api_call", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_api_call_business_id_at"), ["business_id", "at"], unique=False
        )

    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("lookup", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('secret', 'publishable')", name=op.f("ck_api_key_kind_known")),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_api_key_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("lookup", name=op.f("uq_api_key_lookup")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor_kind", sa.String(length=40), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column(
            "details", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_audit_entry_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint(
            "business_id", "number", name=op.f("uq_audit_entry_business_id_number")
        ),
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "role IN ('owner', 'manager', 'finance', 'support', 'viewer')",
            name=op.f("ck_membership_role_known"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_membership_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operator.id"], name=op.f("fk_membership_operator_id_operator")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "operator_id", "business_id", name=op.f("uq_membership_operator_id_business_id")
        ),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("once_key", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("last_error", sa.String(length=400), nullable=True),
        sa.Column("dead_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_notice_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("once_key", name=op.f("uq_notice_once_key")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_due_at"), ["due_at"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("first_seen_at", UTCDateTime(), nullable=False),
        sa.Column("known_since", UTCDateTime(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_person_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("business_id", "email", name=op.f("uq_person_business_id_email")),
        sa.UniqueConstraint(
            "business_id", "external_id", name=op.f("uq_person_business_id_external_id")
        ),
    )
    op.create_table(
        "program",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("landing_url", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("touch_rule", sa.String(length=40), nullable=False),
        sa.Column("approval", sa.String(length=40), nullable=False),
        sa.Column("click_window_days", sa.Integer(), nullable=False),
        sa.Column("qualify_window_days", sa.Integer(), nullable=False),
        sa.Column("hold_days", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("budget_minor", sa.BigInteger(), nullable=True),
        sa.Column("committed_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "approval IN ('automatic', 'staff')", name=op.f("ck_program_approval_known")
        ),
        sa.CheckConstraint(
            "state IN ('active', 'paused', 'closed')", name=op.f("ck_program_state_known")
        ),
        sa.CheckConstraint(
            "touch_rule IN ('first', 'last')", name=op.f("ck_program_touch_rule_known")
        ),
        sa.CheckConstraint(
            "budget_minor BETWEEN -1000000000000 AND 1000000000000 AND budget_minor = CAST(budget_minor AS BIGINT)",
            name=op.f("ck_program_budget_minor_whole"),
        ),
        sa.CheckConstraint(
            "click_window_days BETWEEN 1 AND 730", name=op.f("ck_program_click_window_range")
        ),
        sa.CheckConstraint("committed_minor >= 0", name=op.f("ck_program_committed_not_negative")),
        sa.CheckConstraint(
            "committed_minor BETWEEN -1000000000000 AND 1000000000000 AND committed_minor = CAST(committed_minor AS BIGINT)",
            name=op.f("ck_program_committed_minor_whole"),
        ),
        sa.CheckConstraint("hold_days BETWEEN 0 AND 365", name=op.f("ck_program_hold_days_range")),
        sa.CheckConstraint(
            "qualify_window_days BETWEEN 1 AND 730", name=op.f("ck_program_qualify_window_range")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_program_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_program")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operator.id"], name=op.f("fk_recovery_code_operator_id_operator")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recovery_code_operator_id"), ["operator_id"], unique=False
        )

    op.create_table(
        "setup_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operator.id"], name=op.f("fk_setup_link_operator_id_operator")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setup_link")),
        sa.UniqueConstraint("digest", name=op.f("uq_setup_link_digest")),
    )
    with op.batch_alter_table("setup_link", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_setup_link_operator_id"), ["operator_id"], unique=False
        )

    op.create_table(
        "sign_in_challenge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_digest", sa.String(length=64), nullable=False),
        sa.Column("link_digest", sa.String(length=64), nullable=False),
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("device", sa.String(length=120), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_sign_in_challenge_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_challenge")),
        sa.UniqueConstraint("browser_digest", name=op.f("uq_sign_in_challenge_browser_digest")),
        sa.UniqueConstraint("link_digest", name=op.f("uq_sign_in_challenge_link_digest")),
    )
    with op.batch_alter_table("sign_in_challenge", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sign_in_challenge_address_hash_asked_at"),
            ["address_hash", "asked_at"],
            unique=False,
        )

    op.create_table(
        "site",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_site_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("business_id", "origin", name=op.f("uq_site_business_id_origin")),
    )
    op.create_table(
        "stripe_connection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_key", sa.Text(), nullable=False),
        sa.Column("sealed_webhook_secret", sa.Text(), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("is_practice", sa.Boolean(), nullable=False),
        sa.Column("changed_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_stripe_connection_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_connection")),
        sa.UniqueConstraint("business_id", name=op.f("uq_stripe_connection_business_id")),
    )
    op.create_table(
        "stripe_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.String(length=100), nullable=False),
        sa.Column("type", sa.String(length=100), nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("read_at", UTCDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=200), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("last_error", sa.String(length=400), nullable=True),
        sa.Column("dead_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_stripe_event_business_id_business")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_event")),
        sa.UniqueConstraint(
            "business_id", "event_id", name=op.f("uq_stripe_event_business_id_event_id")
        ),
    )
    with op.batch_alter_table("stripe_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stripe_event_business_id_id"), ["business_id", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_stripe_event_due_at"), ["due_at"], unique=False)

    op.create_table(
        "allowance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("taken_minor", sa.BigInteger(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "taken_minor BETWEEN -1000000000000 AND 1000000000000 AND taken_minor = CAST(taken_minor AS BIGINT)",
            name=op.f("ck_allowance_taken_minor_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_allowance_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_allowance_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_allowance_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowance")),
        sa.UniqueConstraint(
            "program_id", "person_id", name=op.f("uq_allowance_program_id_person_id")
        ),
    )
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=36), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "name IN ('external', 'budget', 'reserved', 'payable', 'granted', 'clawback_due')",
            name=op.f("ck_ledger_account_name_known"),
        ),
        sa.CheckConstraint(
            "balance_minor BETWEEN -1000000000000 AND 1000000000000 AND balance_minor = CAST(balance_minor AS BIGINT)",
            name=op.f("ck_ledger_account_balance_minor_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_ledger_account_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_ledger_account_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint(
            "program_id",
            "currency",
            "name",
            "holder",
            name=op.f("uq_ledger_account_program_id_currency_name_holder"),
        ),
    )
    op.create_table(
        "link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_link_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_link_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_link_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("code", name=op.f("uq_link_code")),
        sa.UniqueConstraint(
            "program_id", "person_id", "source", name=op.f("uq_link_program_id_person_id_source")
        ),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_person_id"), ["person_id"], unique=False)

    op.create_table(
        "offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("rate_bp", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("cap_minor", sa.BigInteger(), nullable=True),
        sa.Column("person_cap_minor", sa.BigInteger(), nullable=True),
        sa.Column("minimum_minor", sa.BigInteger(), nullable=False),
        sa.Column("hold_days", sa.Integer(), nullable=False),
        sa.Column("published_at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('account_credit', 'discount')", name=op.f("ck_offer_kind_known")
        ),
        sa.CheckConstraint("side IN ('advocate', 'friend')", name=op.f("ck_offer_side_known")),
        sa.CheckConstraint(
            "trigger IN ('signup', 'first_purchase', 'purchase')",
            name=op.f("ck_offer_trigger_known"),
        ),
        sa.CheckConstraint(
            "(amount_minor IS NULL) <> (rate_bp IS NULL)", name=op.f("ck_offer_amount_or_rate")
        ),
        sa.CheckConstraint(
            "amount_minor BETWEEN -1000000000000 AND 1000000000000 AND amount_minor = CAST(amount_minor AS BIGINT)",
            name=op.f("ck_offer_amount_minor_whole"),
        ),
        sa.CheckConstraint(
            "amount_minor IS NULL OR amount_minor > 0", name=op.f("ck_offer_amount_positive")
        ),
        sa.CheckConstraint(
            "cap_minor BETWEEN -1000000000000 AND 1000000000000 AND cap_minor = CAST(cap_minor AS BIGINT)",
            name=op.f("ck_offer_cap_minor_whole"),
        ),
        sa.CheckConstraint(
            "minimum_minor BETWEEN -1000000000000 AND 1000000000000 AND minimum_minor = CAST(minimum_minor AS BIGINT)",
            name=op.f("ck_offer_minimum_minor_whole"),
        ),
        sa.CheckConstraint(
            "person_cap_minor BETWEEN -1000000000000 AND 1000000000000 AND person_cap_minor = CAST(person_cap_minor AS BIGINT)",
            name=op.f("ck_offer_person_cap_minor_whole"),
        ),
        sa.CheckConstraint(
            "rate_bp IS NULL OR rate_bp BETWEEN 1 AND 10000", name=op.f("ck_offer_rate_range")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_offer_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_offer_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer")),
        sa.UniqueConstraint(
            "program_id", "side", "version", name=op.f("uq_offer_program_id_side_version")
        ),
    )
    op.create_table(
        "purchase",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("occurred_at", UTCDateTime(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("charge_refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "base_minor BETWEEN -1000000000000 AND 1000000000000 AND base_minor = CAST(base_minor AS BIGINT)",
            name=op.f("ck_purchase_base_minor_whole"),
        ),
        sa.CheckConstraint(
            "gross_minor >= 0 AND tax_minor >= 0", name=op.f("ck_purchase_not_negative")
        ),
        sa.CheckConstraint(
            "gross_minor BETWEEN -1000000000000 AND 1000000000000 AND gross_minor = CAST(gross_minor AS BIGINT)",
            name=op.f("ck_purchase_gross_minor_whole"),
        ),
        sa.CheckConstraint(
            "refunded_minor BETWEEN -1000000000000 AND 1000000000000 AND refunded_minor = CAST(refunded_minor AS BIGINT)",
            name=op.f("ck_purchase_refunded_minor_whole"),
        ),
        sa.CheckConstraint(
            "tax_minor BETWEEN -1000000000000 AND 1000000000000 AND tax_minor = CAST(tax_minor AS BIGINT)",
            name=op.f("ck_purchase_tax_minor_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_purchase_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_purchase_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase")),
    )
    with op.batch_alter_table("purchase", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_purchase_person_id_occurred_at"),
            ["person_id", "occurred_at"],
            unique=False,
        )

    op.create_table(
        "stripe_customer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.String(length=100), nullable=False),
        sa.Column("is_ours", sa.Boolean(), nullable=False),
        sa.Column("tied_at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_stripe_customer_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_stripe_customer_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_customer")),
        sa.UniqueConstraint(
            "business_id", "customer_id", name=op.f("uq_stripe_customer_business_id_customer_id")
        ),
    )
    with op.batch_alter_table("stripe_customer", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_stripe_customer_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "click",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("device", sa.String(length=40), nullable=False),
        sa.Column("referrer_host", sa.String(length=200), nullable=True),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_click_business_id_business")
        ),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_click_link_id_link")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_click")),
    )
    with op.batch_alter_table("click", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_click_link_id_at"), ["link_id", "at"], unique=False)

    op.create_table(
        "dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('open', 'won', 'lost')", name=op.f("ck_dispute_outcome_known")
        ),
        sa.CheckConstraint(
            "amount_minor BETWEEN -1000000000000 AND 1000000000000 AND amount_minor = CAST(amount_minor AS BIGINT)",
            name=op.f("ck_dispute_amount_minor_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_dispute_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_dispute_purchase_id_purchase")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint(
            "business_id", "external_id", name=op.f("uq_dispute_business_id_external_id")
        ),
    )
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dispute_purchase_id"), ["purchase_id"], unique=False)

    op.create_table(
        "purchase_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_purchase_key_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_purchase_key_purchase_id_purchase")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_key")),
        sa.UniqueConstraint("business_id", "key", name=op.f("uq_purchase_key_business_id_key")),
    )
    with op.batch_alter_table("purchase_key", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_purchase_key_purchase_id"), ["purchase_id"], unique=False
        )

    op.create_table(
        "refund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("has_failed", sa.Boolean(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "amount_minor BETWEEN -1000000000000 AND 1000000000000 AND amount_minor = CAST(amount_minor AS BIGINT)",
            name=op.f("ck_refund_amount_minor_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_refund_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_refund_purchase_id_purchase")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint(
            "business_id", "external_id", name=op.f("uq_refund_business_id_external_id")
        ),
    )
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refund_purchase_id"), ["purchase_id"], unique=False)

    op.create_table(
        "touch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("friend_id", sa.Uuid(), nullable=False),
        sa.Column("advocate_id", sa.Uuid(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("click_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("said", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('staff', 'code', 'coupon', 'click', 'stated')",
            name=op.f("ck_touch_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["advocate_id"], ["person.id"], name=op.f("fk_touch_advocate_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_touch_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["person.id"], name=op.f("fk_touch_friend_id_person")
        ),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_touch_link_id_link")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_touch_program_id_program")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touch")),
    )
    with op.batch_alter_table("touch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_touch_advocate_id"), ["advocate_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_touch_friend_id"), ["friend_id"], unique=False)

    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("advocate_id", sa.Uuid(), nullable=False),
        sa.Column("friend_id", sa.Uuid(), nullable=False),
        sa.Column("touch_id", sa.Uuid(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("qualify_by", UTCDateTime(), nullable=False),
        sa.Column("advocate_offer_id", sa.Uuid(), nullable=True),
        sa.Column("friend_offer_id", sa.Uuid(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["advocate_id"], ["person.id"], name=op.f("fk_referral_advocate_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["advocate_offer_id"], ["offer.id"], name=op.f("fk_referral_advocate_offer_id_offer")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_referral_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["person.id"], name=op.f("fk_referral_friend_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["friend_offer_id"], ["offer.id"], name=op.f("fk_referral_friend_offer_id_offer")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_referral_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["touch_id"], ["touch.id"], name=op.f("fk_referral_touch_id_touch")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
        sa.UniqueConstraint(
            "program_id", "friend_id", name=op.f("uq_referral_program_id_friend_id")
        ),
    )
    with op.batch_alter_table("referral", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_referral_advocate_id_at"), ["advocate_id", "at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_referral_friend_id"), ["friend_id"], unique=False)

    op.create_table(
        "reward",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("purchase_id", sa.Uuid(), nullable=True),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("slot", sa.String(length=60), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "inputs", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=True),
        sa.Column("earned_at", UTCDateTime(), nullable=False),
        sa.Column("expected_at", UTCDateTime(), nullable=False),
        sa.Column("settled_at", UTCDateTime(), nullable=True),
        sa.Column("awaits_staff", sa.Boolean(), nullable=False),
        sa.Column("open_holds", sa.Integer(), nullable=False),
        sa.Column("clawback_minor", sa.BigInteger(), nullable=False),
        sa.Column("withheld_minor", sa.BigInteger(), nullable=False),
        sa.Column("debited_minor", sa.BigInteger(), nullable=False),
        sa.Column("owed_minor", sa.BigInteger(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("last_error", sa.String(length=400), nullable=True),
        sa.Column("dead_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("side IN ('advocate', 'friend')", name=op.f("ck_reward_side_known")),
        sa.CheckConstraint(
            "state IN ('pending', 'approved', 'granting', 'granted', 'reversed', 'denied', 'cancelled', 'expired', 'failed')",
            name=op.f("ck_reward_state_known"),
        ),
        sa.CheckConstraint(
            "amount_minor >= 0 AND open_holds >= 0", name=op.f("ck_reward_not_negative")
        ),
        sa.CheckConstraint(
            "amount_minor BETWEEN -1000000000000 AND 1000000000000 AND amount_minor = CAST(amount_minor AS BIGINT)",
            name=op.f("ck_reward_amount_minor_whole"),
        ),
        sa.CheckConstraint(
            "clawback_minor BETWEEN -1000000000000 AND 1000000000000 AND clawback_minor = CAST(clawback_minor AS BIGINT)",
            name=op.f("ck_reward_clawback_minor_whole"),
        ),
        sa.CheckConstraint(
            "clawback_minor BETWEEN 0 AND amount_minor AND withheld_minor >= 0 AND debited_minor >= 0 AND owed_minor >= 0 AND withheld_minor + debited_minor + owed_minor <= clawback_minor",
            name=op.f("ck_reward_clawback_within_amount"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_reward_business_id_business")
        ),
        sa.ForeignKeyConstraint(["offer_id"], ["offer.id"], name=op.f("fk_reward_offer_id_offer")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_reward_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_reward_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"], ["purchase.id"], name=op.f("fk_reward_purchase_id_purchase")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_reward_referral_id_referral")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward")),
        sa.UniqueConstraint(
            "offer_id", "person_id", "slot", name=op.f("uq_reward_offer_id_person_id_slot")
        ),
    )
    with op.batch_alter_table("reward", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_reward_business_id_state_id"),
            ["business_id", "state", "id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_reward_due_at"), ["due_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_reward_person_id_id"), ["person_id", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_reward_purchase_id"), ["purchase_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reward_referral_id"), ["referral_id"], unique=False)

    op.create_table(
        "signup",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=True),
        sa.Column(
            "circumstances",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
        ),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('referred', 'refused', 'unreferred')", name=op.f("ck_signup_outcome_known")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_signup_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_signup_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_signup_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_signup_referral_id_referral")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signup")),
        sa.UniqueConstraint(
            "program_id",
            "person_id",
            "fingerprint",
            name=op.f("uq_signup_program_id_person_id_fingerprint"),
        ),
    )
    with op.batch_alter_table("signup", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signup_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_signup_program_id_at"), ["program_id", "at"], unique=False
        )

    op.create_table(
        "grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.String(length=40), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("waits_for", sa.String(length=40), nullable=True),
        sa.Column(
            "parameters", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column("first_sent_at", UTCDateTime(), nullable=True),
        sa.Column("server_errors", sa.Integer(), nullable=False),
        sa.Column("object_id", sa.String(length=100), nullable=True),
        sa.Column(
            "details", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column("proof", sa.String(length=400), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("settled_at", UTCDateTime(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("last_error", sa.String(length=400), nullable=True),
        sa.Column("dead_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(
            "operation IN ('credit', 'debit', 'promotion_code')",
            name=op.f("ck_grant_operation_known"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'done', 'failed', 'replaced')",
            name=op.f("ck_grant_state_known"),
        ),
        sa.CheckConstraint(
            "amount_minor BETWEEN -1000000000000 AND 1000000000000 AND amount_minor = CAST(amount_minor AS BIGINT)",
            name=op.f("ck_grant_amount_minor_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_grant_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_grant_reward_id_reward")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant")),
        sa.UniqueConstraint(
            "business_id", "object_id", name=op.f("uq_grant_business_id_object_id")
        ),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_grant_idempotency_key")),
        sa.UniqueConstraint(
            "reward_id", "operation", "attempt", name=op.f("uq_grant_reward_id_operation_attempt")
        ),
    )
    with op.batch_alter_table("grant", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_grant_business_id_state"), ["business_id", "state"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_grant_due_at"), ["due_at"], unique=False)

    op.create_table(
        "hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("actor_kind", sa.String(length=40), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('staff', 'dispute', 'stated_name', 'wrong_answer')",
            name=op.f("ck_hold_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_hold_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_hold_reward_id_reward")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hold_reward_id"), ["reward_id"], unique=False)

    op.create_table(
        "ledger_transaction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"],
            ["business.id"],
            name=op.f("fk_ledger_transaction_business_id_business"),
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_ledger_transaction_program_id_program")
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_ledger_transaction_reward_id_reward")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transaction")),
    )
    with op.batch_alter_table("ledger_transaction", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ledger_transaction_program_id_id"), ["program_id", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_ledger_transaction_reward_id"), ["reward_id"], unique=False
        )

    op.create_table(
        "reward_move",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("from_state", sa.String(length=40), nullable=True),
        sa.Column("to_state", sa.String(length=40), nullable=False),
        sa.Column("actor_kind", sa.String(length=40), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_reward_move_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["reward_id"], ["reward.id"], name=op.f("fk_reward_move_reward_id_reward")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reward_move")),
    )
    with op.batch_alter_table("reward_move", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_reward_move_reward_id_id"), ["reward_id", "id"], unique=False
        )

    op.create_table(
        "hold_release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("actor_kind", sa.String(length=40), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_hold_release_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["hold_id"], ["hold.id"], name=op.f("fk_hold_release_hold_id_hold")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_release")),
        sa.UniqueConstraint("hold_id", name=op.f("uq_hold_release_hold_id")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("balance_after_minor", sa.BigInteger(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "amount_minor BETWEEN -1000000000000 AND 1000000000000 AND amount_minor = CAST(amount_minor AS BIGINT)",
            name=op.f("ck_ledger_entry_amount_minor_whole"),
        ),
        sa.CheckConstraint(
            "balance_after_minor BETWEEN -1000000000000 AND 1000000000000 AND balance_after_minor = CAST(balance_after_minor AS BIGINT)",
            name=op.f("ck_ledger_entry_balance_after_minor_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["ledger_account.id"],
            name=op.f("fk_ledger_entry_account_id_ledger_account"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["business.id"], name=op.f("fk_ledger_entry_business_id_business")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["ledger_transaction.id"],
            name=op.f("fk_ledger_entry_transaction_id_ledger_transaction"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
    )
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_ledger_entry_account_id"), ["account_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_ledger_entry_transaction_id"), ["transaction_id"], unique=False
        )
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(sa.DDL(statement.replace("%", "%%")))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_entry_transaction_id"))
        batch_op.drop_index(batch_op.f("ix_ledger_entry_account_id"))

    op.drop_table("ledger_entry")
    op.drop_table("hold_release")
    with op.batch_alter_table("reward_move", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reward_move_reward_id_id"))

    op.drop_table("reward_move")
    with op.batch_alter_table("ledger_transaction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ledger_transaction_reward_id"))
        batch_op.drop_index(batch_op.f("ix_ledger_transaction_program_id_id"))

    op.drop_table("ledger_transaction")
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hold_reward_id"))

    op.drop_table("hold")
    with op.batch_alter_table("grant", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_grant_due_at"))
        batch_op.drop_index(batch_op.f("ix_grant_business_id_state"))

    op.drop_table("grant")
    with op.batch_alter_table("signup", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_signup_program_id_at"))
        batch_op.drop_index(batch_op.f("ix_signup_person_id"))

    op.drop_table("signup")
    with op.batch_alter_table("reward", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reward_referral_id"))
        batch_op.drop_index(batch_op.f("ix_reward_purchase_id"))
        batch_op.drop_index(batch_op.f("ix_reward_person_id_id"))
        batch_op.drop_index(batch_op.f("ix_reward_due_at"))
        batch_op.drop_index(batch_op.f("ix_reward_business_id_state_id"))

    op.drop_table("reward")
    with op.batch_alter_table("referral", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_referral_friend_id"))
        batch_op.drop_index(batch_op.f("ix_referral_advocate_id_at"))

    op.drop_table("referral")
    with op.batch_alter_table("touch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_touch_friend_id"))
        batch_op.drop_index(batch_op.f("ix_touch_advocate_id"))

    op.drop_table("touch")
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refund_purchase_id"))

    op.drop_table("refund")
    with op.batch_alter_table("purchase_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_purchase_key_purchase_id"))

    op.drop_table("purchase_key")
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dispute_purchase_id"))

    op.drop_table("dispute")
    with op.batch_alter_table("click", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_click_link_id_at"))

    op.drop_table("click")
    with op.batch_alter_table("stripe_customer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stripe_customer_person_id"))

    op.drop_table("stripe_customer")
    with op.batch_alter_table("purchase", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_purchase_person_id_occurred_at"))

    op.drop_table("purchase")
    op.drop_table("offer")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_person_id"))

    op.drop_table("link")
    op.drop_table("ledger_account")
    op.drop_table("allowance")
    with op.batch_alter_table("stripe_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stripe_event_due_at"))
        batch_op.drop_index(batch_op.f("ix_stripe_event_business_id_id"))

    op.drop_table("stripe_event")
    op.drop_table("stripe_connection")
    op.drop_table("site")
    with op.batch_alter_table("sign_in_challenge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_challenge_address_hash_asked_at"))

    op.drop_table("sign_in_challenge")
    with op.batch_alter_table("setup_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_setup_link_operator_id"))

    op.drop_table("setup_link")
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recovery_code_operator_id"))

    op.drop_table("recovery_code")
    op.drop_table("program")
    op.drop_table("person")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_due_at"))

    op.drop_table("notice")
    op.drop_table("membership")
    op.drop_table("audit_entry")
    op.drop_table("api_key")
    with op.batch_alter_table("api_call", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_call_business_id_at"))

    op.drop_table("api_call")
    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_session_kind_subject_id"))

    op.drop_table("user_session")
    op.drop_table("operator")
    op.drop_table("business")
    if op.get_bind().dialect.name == "postgresql":
        for statement in GUARDS["postgresql"]:
            if statement.startswith("CREATE FUNCTION "):
                name = statement.removeprefix("CREATE FUNCTION ").split("(")[0]
                op.execute(f"DROP FUNCTION {name}()")
