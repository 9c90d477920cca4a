"""A subscription given time for nothing: the period's end moves, and it renews only then."""

from __future__ import annotations

import time

import pytest
import stripe

DAY_S = 24 * 3600
FREE = {"proration_behavior": "none"}


@pytest.fixture
def subscription(practice):
    return practice.buy(5000, mode="subscription", email="alice@example.com")["subscription"]


def test_free_time_moves_the_end_to_an_absolute_moment(sdk, practice, subscription):
    until = int(time.time()) + 60 * DAY_S
    for _ in range(2):
        after = sdk.subscriptions.update(
            subscription["id"], {"trial_end": until, "metadata": {"wom_reward": "rwd_1"}, **FREE}
        )
        assert (after.status, after.trial_end, after.billing_cycle_anchor) == (
            *("trialing", until),
            until,
        )
    assert after.to_dict()["items"]["data"][0]["current_period_end"] == until
    assert after.metadata.to_dict() == {"wom_reward": "rwd_1"}
    bills = [
        (one.billing_reason, one.amount_paid)
        for one in sdk.invoices.list({"subscription": subscription["id"]})
    ]
    assert bills == [("subscription_update", 0), ("subscription_create", 5000)]
    told = practice.events("customer.subscription.updated")[0]["data"]
    assert told["previous_attributes"]["status"] == "active"
    assert told["object"]["trial_end"] == until


def test_it_renews_after_the_free_time_for_a_whole_period(practice, sdk, subscription):
    until = int(time.time()) + 60 * DAY_S
    sdk.subscriptions.update(subscription["id"], {"trial_end": until, **FREE})
    with pytest.raises(Exception, match="not over"):
        practice.renew(subscription["id"])
    assert practice.renew(subscription["id"], at=until)["invoice"]["amount_paid"] == 5000
    after = sdk.subscriptions.retrieve(subscription["id"])
    item = after.to_dict()["items"]["data"][0]
    assert (after.status, item["current_period_start"]) == ("active", until)
    assert item["current_period_end"] == until + 30 * DAY_S


@pytest.mark.parametrize("change", [{"trial_end": 1, **FREE}, {"trial_end": 2_000_000_000}])
def test_a_moment_of_the_past_or_prorations_are_refused(sdk, subscription, change):
    with pytest.raises(stripe.InvalidRequestError):
        sdk.subscriptions.update(subscription["id"], change)
    after = sdk.subscriptions.retrieve(subscription["id"])
    assert (after.status, after.trial_end) == ("active", None)


def test_an_ended_subscription_takes_no_more_time(sdk, practice, subscription):
    practice.cancel(subscription["id"])
    with pytest.raises(stripe.InvalidRequestError):
        sdk.subscriptions.update(subscription["id"], {"trial_end": 2_000_000_000, **FREE})


def test_lists_leave_out_only_the_ended(sdk, practice, subscription):
    until = int(time.time()) + 60 * DAY_S
    sdk.subscriptions.update(subscription["id"], {"trial_end": until, **FREE})
    ended = practice.buy(5000, mode="subscription", email="bob@example.com")["subscription"]["id"]
    practice.cancel(ended)
    assert [one.id for one in sdk.subscriptions.list()] == [subscription["id"]]
    assert sdk.subscriptions.list({"status": "active"}).data == []
