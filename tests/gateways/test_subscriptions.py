"""Free time: an absolute end, so that twice is once, counted from what is paid or given."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral.gateways.stripe import StripeAccount, Subscription
from referral.gateways.stripe.errors import NotFoundThere, Permanent
from tools.practice_stripe import PracticeStripe

MARKS = {"wom_reward": "rwd_1", "wom_business": "biz_1", "wom_grant": "rwd_1:free:1"}
MONTH = timedelta(days=30)


@pytest.fixture
def subscription(account: StripeAccount, practice: PracticeStripe, alice: str) -> Subscription:
    practice.buy(5000, currency="eur", mode="subscription", customer=alice)
    found = account.subscription_of(alice)
    assert found
    return found


def test_a_subscription_says_its_price_and_end(subscription: Subscription, alice: str) -> None:
    assert (subscription.customer_id, subscription.status) == (alice, "active")
    assert (subscription.interval, subscription.interval_count) == ("month", 1)
    assert (subscription.price_minor, subscription.currency) == (5000, "eur")
    assert (subscription.trial_end, subscription.is_ending) == (None, False)


def test_free_time_is_given_once_and_found(
    account: StripeAccount, practice: PracticeStripe, alice: str, subscription: Subscription
) -> None:
    name, until = subscription.subscription_id, subscription.ends_at + MONTH
    made = [
        account.extend_subscription(name, until, marks=MARKS, key=key) for key in ("a", "a", "b")
    ]
    assert made[0] == made[1] == made[2] == account.find_extension(name, MARKS)
    assert (made[0].object_id, made[0].customer_id) == (name, alice)
    assert made[0].details == {"until": until.isoformat()}
    after = account.subscription(name)
    assert (after.status, after.ends_at, after.trial_end) == ("trialing", until, until)
    assert account.subscription_of(alice) == after
    assert account.find_extension(name, {"wom_grant": "rwd_1:free:2"}) is None


def test_a_second_reward_counts_from_the_first(
    account: StripeAccount, subscription: Subscription
) -> None:
    name = subscription.subscription_id
    for number in (1, 2):
        until = account.subscription(name).ends_at + MONTH
        account.extend_subscription(name, until, marks=MARKS, key=str(number))
    assert account.subscription(name).ends_at == subscription.ends_at + 2 * MONTH


def test_one_that_ended_or_is_about_to_takes_no_free_time(
    account: StripeAccount, practice: PracticeStripe, alice: str, subscription: Subscription
) -> None:
    practice.cancel(subscription.subscription_id)
    assert account.subscription_of(alice) is None
    with pytest.raises(Permanent):
        account.extend_subscription(
            subscription.subscription_id, subscription.ends_at + MONTH, marks=MARKS, key="a"
        )
    with pytest.raises(NotFoundThere):
        account.subscription("sub_nothing")
