"""The ledger that the bench audits is one whose books are right."""

import secrets
from pathlib import Path

from bench.auditing import audit_books
from bench.table import audits_table


def test_copied_stories_break_no_promise(tmp_path: Path) -> None:
    settings = {
        "REFERRAL_ENV": "test",
        "SECRET_KEY": secrets.token_hex(32),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'books.sqlite3'}",
        "BASE_URL": "https://referral.example",
    }
    audited = audit_books(settings, 40)
    assert (audited.rewards, audited.violations) == (40, 0)
    assert audited.entries == 160
    assert audits_table([("SQLite", audited)]).splitlines()[1].startswith("SQLite")
