"""Every act whose answer is lost is found by its marks, and the same key makes no second one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from referral.gateways.stripe import StripeAccount
from referral.gateways.stripe.errors import OutcomeUnknown, StoredFailure
from tools.practice_stripe import PracticeStripe

MARKS = {"wom_reward": "rwd_1", "wom_business": "biz_1", "wom_grant": "rwd_1:act:1"}
KEY = "rwd_1:act:1"


@dataclass
class Scene:
    """A payee who was paid, a customer who paid and subscribed, and the act on them."""

    account: StripeAccount
    payee: str
    transfer: str
    intent: str
    subscription: str
    ends_at: datetime

    def transfers(self) -> Any:
        return self.account.transfer(self.payee, 700, "eur", group="rwd_1", marks=MARKS, key=KEY)

    def find_transfers(self) -> Any:
        return self.account.find_transfer("rwd_1", MARKS)

    def reversals(self) -> Any:
        return self.account.reverse_transfer(self.transfer, 700, marks=MARKS, key=KEY)

    def find_reversals(self) -> Any:
        return self.account.find_reversal(self.transfer, MARKS)

    def refunds(self) -> Any:
        return self.account.refund_payment(self.intent, 700, marks=MARKS, key=KEY)

    def find_refunds(self) -> Any:
        return self.account.find_refund(self.intent, MARKS)

    def subscriptions(self) -> Any:
        until = self.ends_at + timedelta(days=30)
        return self.account.extend_subscription(self.subscription, until, marks=MARKS, key=KEY)

    def find_subscriptions(self) -> Any:
        return self.account.find_extension(self.subscription, MARKS)

    def accounts(self) -> Any:
        return self.account.make_payee(email=None, country="DE", marks=MARKS, key=KEY)

    def find_accounts(self) -> Any:
        return self.account.find_payee(MARKS, since=datetime.now(UTC) - timedelta(hours=1))


@pytest.fixture
def scene(account: StripeAccount, practice: PracticeStripe, alice: str) -> Scene:
    payee = account.make_payee(email=None, country="DE", marks={}, key="payee")
    practice.finish_onboarding(payee)
    paid = account.transfer(payee, 1000, "eur", group="rwd_0", marks={}, key="transfer")
    bought = practice.buy(5000, currency="eur", customer=alice, mode="subscription")
    return Scene(
        account,
        payee,
        paid.object_id,
        bought["payment_intent"]["id"],
        bought["subscription"]["id"],
        account.subscription(bought["subscription"]["id"]).ends_at,
    )


ACTS = ("transfers", "reversals", "refunds", "subscriptions", "accounts")


def act_and_look(scene: Scene, name: str) -> tuple[Callable[[], Any], Callable[[], Any]]:
    return getattr(scene, name), getattr(scene, f"find_{name}")


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("kind", ["hang_after", "reset_after", "invalid_json"])
def test_a_lost_answer_is_found_and_its_key_makes_no_second(
    scene: Scene, practice: PracticeStripe, name: str, kind: str
) -> None:
    act, look = act_and_look(scene, name)
    assert look() is None
    practice.fault(kind, "POST")
    with pytest.raises(OutcomeUnknown):
        act()
    found = look()
    assert found is not None
    assert act() == found == look()


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize(
    ("kind", "is_done"), [("500_stored", False), ("500_stored_after_effect", True)]
)
def test_a_stored_error_is_settled_by_looking(
    scene: Scene, practice: PracticeStripe, name: str, kind: str, is_done: bool
) -> None:
    act, look = act_and_look(scene, name)
    practice.fault(kind, "POST")
    for _ in range(2):
        with pytest.raises(StoredFailure):
            act()
    assert (look() is not None) is is_done


@pytest.mark.parametrize("name", ACTS)
def test_nothing_happened_where_nobody_was_reached(
    scene: Scene, practice: PracticeStripe, name: str
) -> None:
    act, look = act_and_look(scene, name)
    practice.fault("reset_before", "POST")
    with pytest.raises(OutcomeUnknown):
        act()
    assert look() is None
    assert act() == look()
