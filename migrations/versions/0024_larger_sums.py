"""Sums of amounts reach 10^15; a single amount stays within 10^12."""

from referral.foundation.checks import replace_check

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_SUMS = {
    "program": ("budget_minor", "committed_minor"),
    "ledger_account": ("balance_minor",),
    "ledger_entry": ("amount_minor", "balance_after_minor"),
    "allowance": ("taken_minor",),
    "credit_balance": ("balance_minor",),
    "credit_entry": ("balance_after_minor",),
}


def upgrade() -> None:
    """Let what adds amounts up be a thousand times the largest of them."""
    _bound(10**15)


def downgrade() -> None:
    """Go back; no sum may be larger any more."""
    _bound(10**12)


def _bound(limit_minor: int) -> None:
    for table, columns in _SUMS.items():
        for column in columns:
            replace_check(
                table,
                f"ck_{table}_{column}_whole",
                f"{column} BETWEEN -{limit_minor} AND {limit_minor}"
                f" AND {column} = CAST({column} AS BIGINT)",
            )
