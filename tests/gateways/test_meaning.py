"""What Stripe's refusals and silences mean for us: which may be tried again, and how."""

from __future__ import annotations

import socket

import pytest

from referral.foundation.db import InsideTransaction, transaction
from referral.gateways.stripe import Made, StripeAccount
from referral.gateways.stripe.errors import (
    Busy,
    Misconfigured,
    NotFoundThere,
    OutcomeUnknown,
    Permanent,
    Retryable,
    StoredFailure,
    StripeTrouble,
)
from tests.stories.trade import balance_of
from tools.practice_stripe import PracticeStripe

MARKS = {"wom_reward": "rwd_1", "wom_business": "biz_1", "wom_grant": "rwd_1:credit:1"}


def give(
    account: StripeAccount, customer: str, *, amount_minor: int = -1000, currency: str = "eur"
) -> Made:
    return account.adjust_balance(
        customer,
        amount_minor,
        currency,
        note="Thank you",
        marks=MARKS,
        key="rwd_1:credit:1",
    )


@pytest.mark.parametrize(
    ("kind", "meaning", "said"),
    [
        ("429", Busy, "Stripe is busy: "),
        ("409", Busy, "Stripe is busy: "),
        ("500", OutcomeUnknown, "Stripe had trouble of its own: "),
        ("500_stored", StoredFailure, "Stripe had trouble of its own: "),
        ("500_stored_after_effect", StoredFailure, "Stripe had trouble of its own: "),
        ("refuse", OutcomeUnknown, "Stripe did not answer: "),
        ("reset_before", OutcomeUnknown, "Stripe did not answer: "),
        ("reset_after", OutcomeUnknown, "Stripe did not answer: "),
        ("hang_before", OutcomeUnknown, "Stripe did not answer: "),
        ("hang_after", OutcomeUnknown, "Stripe did not answer: "),
        ("invalid_json", OutcomeUnknown, "What Stripe answered could not be read: "),
    ],
)
def test_a_change_that_went_wrong_says_what_may_be_done(
    account: StripeAccount,
    practice: PracticeStripe,
    alice: str,
    kind: str,
    meaning: type[StripeTrouble],
    said: str,
) -> None:
    practice.fault(kind, "POST")
    with pytest.raises(StripeTrouble) as trouble:
        give(account, alice)
    assert type(trouble.value) is meaning
    assert trouble.value.said.startswith(said)


@pytest.mark.parametrize("kind", ["429", "409", "500", "refuse", "reset_before", "hang_before"])
def test_a_question_that_went_wrong_may_be_asked_again(
    account: StripeAccount, practice: PracticeStripe, alice: str, kind: str
) -> None:
    practice.fault(kind, "GET")
    with pytest.raises(StripeTrouble) as trouble:
        account.credit_left(alice, "eur")
    assert isinstance(trouble.value, Retryable)


def test_a_change_that_reached_nobody_may_be_tried_again(account: StripeAccount) -> None:
    with socket.socket() as bound_but_deaf:
        bound_but_deaf.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{bound_but_deaf.getsockname()[1]}"
        nobody = StripeAccount(account.business_id, "sk_test_practice", address)
        with pytest.raises(StripeTrouble) as trouble:
            give(nobody, "cus_1")
    assert type(trouble.value) is Retryable


def test_a_busy_object_may_be_asked_again(
    account: StripeAccount, practice: PracticeStripe, alice: str
) -> None:
    practice.fault("429", "POST", code="lock_timeout")
    with pytest.raises(Retryable):
        give(account, alice)


@pytest.mark.parametrize(("kind", "is_answered"), [("500", True), ("reset_after", False)])
def test_an_unknown_outcome_says_whether_stripe_answered(
    account: StripeAccount, practice: PracticeStripe, alice: str, kind: str, is_answered: bool
) -> None:
    practice.fault(kind, "POST")
    with pytest.raises(OutcomeUnknown) as trouble:
        give(account, alice)
    assert trouble.value.is_answered is is_answered


def test_a_stored_error_is_known_at_its_replay_too(
    account: StripeAccount, practice: PracticeStripe, alice: str
) -> None:
    practice.fault("500_stored", "POST")
    for _ in range(2):
        with pytest.raises(StoredFailure):
            give(account, alice)
    assert [one["replayed"] for one in practice.calls("POST", f"/v1/customers/{alice}")] == [
        False,
        True,
    ]


def test_a_wrong_key_goes_no_further(practice: PracticeStripe, account: StripeAccount) -> None:
    wrong = StripeAccount(account.business_id, "sk_test_bad", practice.url)
    with pytest.raises(Misconfigured):
        wrong.credit_left("cus_1", "eur")


def test_a_missing_right_is_for_somebody_to_mend(
    account: StripeAccount, practice: PracticeStripe, alice: str
) -> None:
    practice.refuse_rights("customers:write")
    with pytest.raises(Misconfigured, match="rak_customer_write"):
        give(account, alice)


def test_an_unknown_customer_is_not_found(account: StripeAccount) -> None:
    with pytest.raises(NotFoundThere) as trouble:
        give(account, "cus_nobody")
    said = "Stripe refused it: No such customer: 'cus_nobody' (resource_missing)."
    assert trouble.value.said == said


def test_a_currency_the_customer_cannot_have_is_refused_for_good(
    account: StripeAccount, alice: str
) -> None:
    give(account, alice)
    with pytest.raises(Permanent):
        account.adjust_balance(alice, -1, "usd", note="n", marks=MARKS, key="another")


def test_a_key_used_with_other_parameters_may_have_had_its_effect(
    account: StripeAccount, practice: PracticeStripe, alice: str
) -> None:
    give(account, alice)
    with pytest.raises(StoredFailure):
        give(account, alice, amount_minor=-999)
    assert [one["amount"] for one in balance_of(practice, alice)] == [-1000]


def test_no_network_while_a_transaction_is_open(account: StripeAccount, alice: str) -> None:
    with pytest.raises(InsideTransaction), transaction():
        account.credit_left(alice, "eur")


def test_the_sdk_never_retries_by_itself(
    account: StripeAccount, practice: PracticeStripe, alice: str
) -> None:
    practice.fault("500", "POST", times=5)
    with pytest.raises(OutcomeUnknown):
        give(account, alice)
    assert len(practice.calls("POST", f"/v1/customers/{alice}")) == 1


def test_trouble_never_shows_the_key(account: StripeAccount, practice: PracticeStripe) -> None:
    secret = StripeAccount(account.business_id, "sk_test_badsecretsecret", practice.url)
    with pytest.raises(StripeTrouble) as trouble:
        secret.credit_left("cus_1", "eur")
    assert "secretsecret" not in trouble.value.said
