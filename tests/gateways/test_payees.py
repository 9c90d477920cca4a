"""Who is paid cash: accounts made by us, filled in at Stripe, read again before each payment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from referral.gateways.stripe import Made, StripeAccount
from referral.gateways.stripe.errors import (
    Blocked,
    Misconfigured,
    Needs,
    NotFoundThere,
    OutcomeUnknown,
    Permanent,
    StripeTrouble,
)
from tests.stories.trade import at_stripe
from tools.practice_stripe import PracticeStripe
from tools.practice_stripe.funds import START

MARKS = {"wom_reward": "rwd_1", "wom_business": "biz_1", "wom_grant": "rwd_1:transfer:1"}
WHO = {"wom_person": "per_1", "wom_business": "biz_1"}
URLS = {"refresh_url": "https://shop.example/again", "return_url": "https://shop.example/back"}


@pytest.fixture
def newcomer(account: StripeAccount) -> str:
    """Somebody who gave Stripe nothing yet."""
    return account.make_payee(
        email="alice@mail.example", country="de", marks=WHO, key="per_1:payee:1"
    )


@pytest.fixture
def payee(practice: PracticeStripe, newcomer: str) -> str:
    """Somebody who can be paid."""
    practice.finish_onboarding(newcomer)
    return newcomer


def pay(account: StripeAccount, payee: str, amount_minor: int = 1000, *, attempt: int = 1) -> Made:
    return account.transfer(
        payee,
        amount_minor,
        "eur",
        group="rwd_1",
        marks={**MARKS, "wom_grant": f"rwd_1:transfer:{attempt}"},
        key=f"rwd_1:transfer:{attempt}",
    )


def test_a_payee_is_made_once_for_transfers_only(
    account: StripeAccount, practice: PracticeStripe, newcomer: str
) -> None:
    again = account.make_payee(
        email="alice@mail.example", country="DE", marks=WHO, key="per_1:payee:1"
    )
    (made,) = at_stripe(practice, "GET", "/v1/accounts")["data"]
    assert made["id"] == newcomer == again
    assert made["capabilities"] == {"transfers": "inactive"}
    assert made["tos_acceptance"]["service_agreement"] == "recipient"
    assert (made["type"], made["metadata"]) == ("express", WHO)


def test_a_payee_at_home_agrees_to_everything(
    account: StripeAccount, practice: PracticeStripe
) -> None:
    made = account.make_payee(email=None, country="us", marks=WHO, key="per_1:payee:1")
    found = at_stripe(practice, "GET", f"/v1/accounts/{made}")
    assert (found["country"], found["tos_acceptance"]["service_agreement"]) == ("US", "full")


def test_a_payee_is_found_by_our_marks(account: StripeAccount, newcomer: str) -> None:
    now = datetime.now(UTC)
    since = now - timedelta(hours=1)
    assert account.find_payee(WHO, since=since) == newcomer
    assert account.find_payee({**WHO, "wom_person": "per_2"}, since=since) is None
    assert account.find_payee(WHO, since=now + timedelta(hours=1)) is None


def test_a_link_leads_to_stripe_and_is_another_each_time(
    account: StripeAccount, practice: PracticeStripe, newcomer: str
) -> None:
    links = {account.payee_link(newcomer, **URLS) for _ in range(2)}
    assert len(links) == 2
    assert all(one.startswith(f"{practice.url}/onboarding/") for one in links)


def test_the_status_says_what_stripe_still_wants(
    account: StripeAccount, practice: PracticeStripe, newcomer: str
) -> None:
    before = account.payee_status(newcomer)
    assert not before.can_be_paid and not before.payouts_enabled
    assert "external_account" in before.needs
    assert before.disabled_reason == "requirements.past_due"

    practice.finish_onboarding(newcomer)
    ready = account.payee_status(newcomer)
    assert ready.can_be_paid and ready.payouts_enabled
    assert (ready.needs, ready.disabled_reason, ready.deadline) == ((), None, None)

    practice.require_more(newcomer, deadline=2_000_000_000)
    warned = account.payee_status(newcomer)
    assert warned.can_be_paid
    assert warned.needs == ("individual.verification.document",)
    assert warned.deadline == datetime.fromtimestamp(2_000_000_000, UTC)

    practice.reject_payee(newcomer, "fraud")
    assert account.payee_status(newcomer).disabled_reason == "rejected.fraud"


def test_a_payee_who_left_is_not_found_and_no_key_is_blamed(
    account: StripeAccount, practice: PracticeStripe, payee: str
) -> None:
    practice.deauthorise(payee)
    with pytest.raises(NotFoundThere):
        account.payee_status(payee)
    with pytest.raises(NotFoundThere):
        account.payee_link(payee, **URLS)


def test_a_transfer_is_made_once_and_found_by_its_group_and_marks(
    account: StripeAccount, payee: str
) -> None:
    made = [pay(account, payee) for _ in range(2)]
    assert made[0] == made[1] == account.find_transfer("rwd_1", MARKS)
    assert (made[0].amount_minor, made[0].currency, made[0].customer_id) == (1000, "eur", payee)
    assert account.transfers_to(payee) == [made[0]]
    assert account.find_transfer("rwd_1", {"wom_grant": "rwd_1:transfer:2"}) is None
    assert account.find_transfer("rwd_2", MARKS) is None
    assert account.balance() == {"eur": START - 1000}


def test_too_little_money_blocks_until_a_new_attempt(
    account: StripeAccount, practice: PracticeStripe, payee: str
) -> None:
    practice.set_balance("eur", 400)
    with pytest.raises(Blocked) as blocked:
        pay(account, payee)
    assert blocked.value.needs == Needs.BALANCE == "balance"
    practice.set_balance("eur", 5000)
    with pytest.raises(Blocked):
        pay(account, payee)
    assert account.find_transfer("rwd_1", {}) is None
    assert pay(account, payee, attempt=2).amount_minor == 1000


@pytest.mark.parametrize("act", ["require_more", "reject_payee", "leave_onboarding", "deauthorise"])
def test_whoever_cannot_be_paid_blocks_and_loses_nothing(
    account: StripeAccount, practice: PracticeStripe, payee: str, act: str
) -> None:
    getattr(practice, act)(payee)
    with pytest.raises(Blocked) as blocked:
        pay(account, payee)
    assert blocked.value.needs == Needs.PAYEE == "payee_not_ready"
    assert account.balance() == {"usd": START}


@pytest.mark.parametrize("kind", ["hang_after", "reset_after", "invalid_json"])
def test_a_lost_answer_leaves_one_transfer_to_be_found(
    account: StripeAccount, practice: PracticeStripe, payee: str, kind: str
) -> None:
    practice.fault(kind, "POST", "/v1/transfers")
    with pytest.raises(OutcomeUnknown):
        pay(account, payee)
    found = account.find_transfer("rwd_1", MARKS)
    assert found == pay(account, payee)
    assert account.balance() == {"eur": START - 1000}


def test_a_reversal_takes_back_for_the_same_payee(account: StripeAccount, payee: str) -> None:
    paid = pay(account, payee).object_id
    marks = {**MARKS, "wom_grant": "rwd_1:reversal:1"}
    made = [account.reverse_transfer(paid, 400, marks=marks, key="reversal") for _ in range(2)]
    assert made[0] == made[1] == account.find_reversal(paid, marks)
    assert (made[0].amount_minor, made[0].currency, made[0].customer_id) == (400, "eur", payee)
    assert made[0].details == {"transfer": paid}
    assert account.find_reversal(paid, MARKS) is None
    (transfer,) = account.transfers_to(payee)
    assert transfer.details == {"amount_reversed": 400}
    with pytest.raises(Permanent):
        account.reverse_transfer(paid, 601, marks=marks, key="too much")


def test_what_was_paid_out_blocks_its_reversal(
    account: StripeAccount, practice: PracticeStripe, payee: str
) -> None:
    paid = pay(account, payee).object_id
    practice.pay_out(payee, "eur")
    with pytest.raises(Blocked) as blocked:
        account.reverse_transfer(paid, 1000, marks=MARKS, key="reversal")
    assert blocked.value.needs == Needs.BALANCE
    assert account.reversals_of(paid) == []


def test_a_missing_right_to_transfer_is_for_somebody_to_mend(
    account: StripeAccount, practice: PracticeStripe, payee: str
) -> None:
    practice.refuse_rights("transfers:write")
    with pytest.raises(StripeTrouble) as trouble:
        pay(account, payee)
    assert isinstance(trouble.value, Misconfigured)
