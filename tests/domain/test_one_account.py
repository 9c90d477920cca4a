"""Which businesses share a Stripe account: known by its id, else by the key."""

from __future__ import annotations

import pytest
from flask import Flask

from referral.domain.businesses import connect_stripe, within
from referral.domain.businesses.providers import beside_on_account
from referral.foundation.db import transaction
from tests.cast import NOON, Shop, open_shop

KEY = "sk_test_first1234"


def connect(shop: Shop, key: str, account_id: str | None) -> None:
    with within(shop.business.id), transaction():
        connect_stripe(
            shop.business.id, secret_key=key, webhook_secret="whsec_1",
            account_id=account_id, at=NOON,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("account_id", "other_key", "other_account", "is_shared"),
    [
        ("acct_1", "sk_test_other5678", "acct_1", True),
        ("acct_1", KEY, "acct_2", False),
        ("acct_1", KEY, None, True),
        (None, KEY, None, True),
        (None, "sk_test_other1234", None, False),
        ("acct_1", "sk_test_other5678", None, False),
        ("acct_1", "sk_live_other5678", "acct_1", False),
    ],
    ids=[
        "one account, two keys", "two accounts", "one key, account not asked", "one key",
        "keys that end alike", "another key, account not asked", "live beside test",
    ],
)  # fmt: skip
def test_businesses_share_an_account_that_is_known_to_be_one(
    app: Flask,
    account_id: str | None,
    other_key: str,
    other_account: str | None,
    is_shared: bool,
) -> None:
    coffee, tea, lonely = (open_shop(name=name) for name in ("Coffee", "Tea", "Lonely"))
    connect(coffee, KEY, account_id)
    connect(tea, other_key, other_account)
    with within(coffee.business.id):
        assert beside_on_account(coffee.business.id) == ([tea.business.id] if is_shared else [])
    with within(lonely.business.id):
        assert beside_on_account(lonely.business.id) == []
