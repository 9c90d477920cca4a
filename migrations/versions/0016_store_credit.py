"""Store credit: lots with an end, what was done with them, and what was bought with it."""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

from referral.foundation.checks import replace_check
from referral.foundation.db import UTCDateTime
from referral.foundation.guards import append_only_statements

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KINDS = (
    "kind IN ('account_credit', 'discount', 'recognition', 'free_period', 'refund', "
    "'gift', 'charity', 'choice', 'cash'{})"
)
_OPERATIONS = (
    "operation IN ('credit', 'debit', 'promotion_code', 'thanks', 'withdrawal', "
    "'extension', 'shortening', 'refund', 'return', "
    "'gift_code', 'gift_return', 'donation', 'donation_withdrawal', 'choice', "
    "'transfer', 'reversal'{})"
)
_CLAWBACK = (
    "clawback_minor BETWEEN 0 AND amount_minor"
    " AND withheld_minor >= 0 AND debited_minor >= 0 AND owed_minor >= 0"
    " AND withheld_minor + debited_minor + owed_minor <= clawback_minor"
    " AND settled_minor >= 0 AND forgiven_minor >= 0 AND netted_minor >= 0"
    " AND settled_minor + forgiven_minor <= owed_minor"
    " AND withheld_minor + netted_minor <= amount_minor"
)
_EXPIRED = (
    " AND expired_minor >= 0"
    " AND withheld_minor + debited_minor + owed_minor + expired_minor <= amount_minor"
)
_ENTRIES = "'grant', 'redemption', 'reversal', 'taken_back', 'expiry'"
_APPEND_ONLY = ("credit_entry", "redemption", "redemption_reversal")


def upgrade() -> None:
    """Make room for store credit, and let an offer say how long it lasts."""
    op.add_column("offer", sa.Column("credit_life_days", sa.Integer(), nullable=True))
    op.add_column(
        "reward",
        sa.Column("expired_minor", sa.BigInteger(), nullable=False, server_default="0"),
    )
    replace_check("offer", "ck_offer_kind_known", _KINDS.format(", 'store_credit'"))
    replace_check(
        "grant", "ck_grant_operation_known", _OPERATIONS.format(", 'store_credit', 'store_debit'")
    )
    replace_check("reward", "ck_reward_clawback_within_amount", _CLAWBACK + _EXPIRED)
    _make_balances()
    _make_lots()
    _make_redemptions()
    _make_entries()
    for table in _APPEND_ONLY:
        _run(append_only_statements(table, op.get_bind().dialect.name))


def downgrade() -> None:
    """Forget all store credit; no offer of it must be there any more."""
    for table in ("credit_entry", "redemption_reversal", "redemption", "credit_lot"):
        op.drop_table(table)
    op.drop_table("credit_balance")
    if op.get_bind().dialect.name == "postgresql":
        for table in _APPEND_ONLY:
            _run(f"DROP FUNCTION {table}_no_{act}()" for act in ("update", "delete"))
    replace_check("reward", "ck_reward_clawback_within_amount", _CLAWBACK)
    replace_check("grant", "ck_grant_operation_known", _OPERATIONS.format(""))
    replace_check("offer", "ck_offer_kind_known", _KINDS.format(""))
    op.drop_column("reward", "expired_minor")
    op.drop_column("offer", "credit_life_days")


def _make_balances() -> None:
    op.create_table(
        "credit_balance",
        *_owned("credit_balance", "person"),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        *_whole("credit_balance", "balance_minor"),
        _check("credit_balance", "not_negative", "balance_minor >= 0"),
        _unique("credit_balance", "person_id", "currency"),
    )


def _make_lots() -> None:
    op.create_table(
        "credit_lot",
        *_owned("credit_lot", "person", "reward"),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("granted_minor", sa.BigInteger(), nullable=False),
        sa.Column("left_minor", sa.BigInteger(), nullable=False),
        sa.Column("granted_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("last_error", sa.String(length=400), nullable=True),
        sa.Column("dead_at", UTCDateTime(), nullable=True),
        *_whole("credit_lot", "granted_minor", "left_minor"),
        _check("credit_lot", "left_within_granted", "left_minor BETWEEN 0 AND granted_minor"),
        _unique("credit_lot", "reward_id"),
    )
    op.create_index(op.f("ix_credit_lot_due_at"), "credit_lot", ["due_at"])
    op.create_index(
        op.f("ix_credit_lot_person_id_currency"), "credit_lot", ["person_id", "currency"]
    )


def _make_redemptions() -> None:
    op.create_table(
        "redemption",
        *_owned("redemption", "person"),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        *_by_whom(),
        *_whole("redemption", "amount_minor"),
        _check("redemption", "amount_positive", "amount_minor > 0"),
        _unique("redemption", "business_id", "external_id"),
    )
    op.create_index(op.f("ix_redemption_person_id_id"), "redemption", ["person_id", "id"])
    op.create_table(
        "redemption_reversal",
        *_owned("redemption_reversal", "redemption"),
        sa.Column("returned_minor", sa.BigInteger(), nullable=False),
        sa.Column("expired_minor", sa.BigInteger(), nullable=False),
        sa.Column("repaid_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=True),
        *_by_whom(),
        *_whole("redemption_reversal", "returned_minor", "expired_minor", "repaid_minor"),
        _unique("redemption_reversal", "redemption_id"),
    )


def _make_entries() -> None:
    op.create_table(
        "credit_entry",
        *_owned("credit_entry", "person", "credit_lot"),
        sa.Column("redemption_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("balance_after_minor", sa.BigInteger(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
        _key("credit_entry", "redemption"),
        *_whole("credit_entry", "amount_minor", "balance_after_minor"),
        _check("credit_entry", "kind_known", f"kind IN ({_ENTRIES})"),
        _check("credit_entry", "not_negative", "balance_after_minor >= 0"),
    )
    for columns in (["person_id", "id"], ["credit_lot_id"], ["redemption_id"]):
        op.create_index(op.f(f"ix_credit_entry_{'_'.join(columns)}"), "credit_entry", columns)


def _owned(table: str, *nouns: str) -> list[sa.schema.SchemaItem]:
    """Return the first columns of a row that names these nouns, with the keys of all of them."""
    columns = [sa.Column(f"{noun}_id", sa.Uuid(), nullable=False) for noun in nouns]
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *(_key(table, noun) for noun in (*nouns, "business")),
    ]


def _by_whom() -> list[sa.Column[object]]:
    return [
        sa.Column("actor_kind", sa.String(length=40), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("business_id", sa.Uuid(), nullable=False),
    ]


def _key(table: str, noun: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{noun}_id_{noun}")
    return sa.ForeignKeyConstraint([f"{noun}_id"], [f"{noun}.id"], name=name)


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _whole(table: str, *columns: str) -> list[sa.CheckConstraint]:
    return [
        _check(
            table,
            f"{column}_whole",
            f"{column} BETWEEN -1000000000000 AND 1000000000000"
            f" AND {column} = CAST({column} AS BIGINT)",
        )
        for column in columns
    ]


def _run(statements: Iterable[str]) -> None:
    for statement in statements:
        op.execute(sa.DDL(statement.replace("%", "%%")))
