"""What a key is and may read, asked without changing anything."""

from __future__ import annotations

import pytest

from referral.gateways.stripe import Health, StripeAccount
from referral.gateways.stripe.errors import Misconfigured, Retryable
from tools.practice_stripe import PracticeStripe
from tools.practice_stripe.funds import START


def test_a_whole_key_lacks_nothing(account: StripeAccount, practice: PracticeStripe) -> None:
    assert account.health() == Health(
        mode="test",
        account_id=account.whose(),
        account_name="Practice Stripe",
        lacks=(),
        available={"usd": START},
    )
    assert practice.calls("POST") == []


def test_what_a_key_may_not_read_is_named(account: StripeAccount, practice: PracticeStripe) -> None:
    practice.refuse_rights("transfers:read", "balance:read", "account:read")
    found = account.health()
    assert found.lacks == ("account", "balance", "transfers")
    assert (found.account_id, found.available) == (None, {})


def test_a_refused_key_or_silence_is_trouble(
    account: StripeAccount, practice: PracticeStripe
) -> None:
    with pytest.raises(Misconfigured):
        StripeAccount(account.business_id, "sk_test_bad", practice.url).health()
    practice.fault("reset_before", "GET")
    with pytest.raises(Retryable):
        account.health()


def test_an_account_never_shows_its_key(account: StripeAccount) -> None:
    assert account.secret_key not in repr(account)
