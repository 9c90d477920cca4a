"""Parameters, keys and rights: what Stripe would refuse is refused."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest
import stripe
from stripe import params as known

from tools.practice_stripe import funds
from tools.practice_stripe.forms import decode
from tools.practice_stripe.params import Check


@pytest.mark.parametrize(
    ("given", "param", "code"),
    [
        ({"emial": "x"}, "emial", "parameter_unknown"),
        ({"address": {"planet": "mars"}}, "address[planet]", "parameter_unknown"),
        ({"balance": "ten"}, "balance", "parameter_invalid_integer"),
        ({"tax_exempt": "maybe"}, "tax_exempt", None),
        ({"name": "x" * 257}, "name", None),
        ({"metadata": {"k" * 41: "v"}}, f"metadata[{'k' * 41}]", None),
    ],
)
def test_a_bad_parameter_is_refused_by_name(sdk, practice, given, param, code):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.customers.create(given)
    error = refused.value
    assert (error.http_status, error.param, error.code) == (400, param, code)
    assert sdk.customers.list().data == []


def test_a_missing_parameter_is_named(sdk, alice):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.promotion_codes.create({"promotion": {"type": "coupon"}})
    assert (refused.value.code, refused.value.param) == ("parameter_missing", "promotion[coupon]")


def test_lists_refuse_unknown_filters_and_wrong_limits(sdk):
    with pytest.raises(stripe.InvalidRequestError) as unknown:
        sdk.customers.list({"nickname": "al"})
    with pytest.raises(stripe.InvalidRequestError) as too_many:
        sdk.customers.list({"limit": 101})
    assert (unknown.value.code, too_many.value.param) == ("parameter_unknown", "limit")


def test_metadata_is_merged_and_an_empty_value_deletes(sdk, alice):
    sdk.customers.update(alice.id, {"metadata": {"a": "1", "b": "2"}})
    after = sdk.customers.update(alice.id, {"metadata": {"a": "", "c": "3"}})
    assert after.metadata.to_dict() == {"b": "2", "c": "3"}
    assert sdk.customers.update(alice.id, {"metadata": ""}).metadata.to_dict() == {}


def test_what_cannot_be_expanded_is_refused_and_leaves_nothing(sdk):
    with pytest.raises(stripe.InvalidRequestError):
        sdk.customers.create({"name": "Bob", "expand": ["favourite_colour"]})
    assert sdk.customers.list().data == []


def test_customers_are_found_by_email(sdk, alice):
    sdk.customers.create({"email": "bob@example.com"})
    assert [one.id for one in sdk.customers.list({"email": "alice@example.com"})] == [alice.id]


@pytest.mark.parametrize("key", ["sk_live_1", "sk_test_bad", "nonsense"])
def test_a_wrong_key_is_refused(client_for, practice, key):
    with pytest.raises(stripe.AuthenticationError):
        client_for(practice.url, key).customers.list()


def test_a_restricted_key_is_told_which_right_it_lacks(client_for, practice):
    practice.refuse_rights("customers:write")
    sdk = client_for(practice.url, "rk_test_olive")
    with pytest.raises(stripe.PermissionError, match="rak_customer_write"):
        sdk.customers.create({"name": "Bob"})
    assert sdk.customers.list().data == []


def test_the_limit_answers_429_above_its_rate(sdk, practice):
    practice.limit(5)
    with pytest.raises(stripe.RateLimitError):
        for _ in range(6):
            sdk.customers.list()
    practice.limit(None)
    assert sdk.customers.list().data == []


def test_account_and_balance_answer_a_health_check(sdk, practice):
    assert sdk.accounts.retrieve_current().charges_enabled
    assert [one.currency for one in sdk.balance.retrieve().available] == ["usd"]
    practice.buy(5000, currency="eur")
    held = {one.currency: one.amount for one in sdk.balance.retrieve().available}
    assert held == {"eur": funds.START + 5000}


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("a=1&b[c]=2&b[d][e]=3", {"a": "1", "b": {"c": "2", "d": {"e": "3"}}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[0][b]=1&a[1][b]=2", {"a": {"0": {"b": "1"}, "1": {"b": "2"}}}),
        ("a=%C3%A9&b=", {"a": "é", "b": ""}),
    ],
)
def test_bracket_notation_is_read(text, params):
    assert decode(text) == params


def names_in(check: Check) -> set[str]:
    """The field names a check for a table accepts."""
    return set(inspect.getclosurevars(check).nonlocals["fields"])


def sdk_names(name: str) -> set[str]:
    module, _, class_name = name.rpartition(".")
    found = getattr(getattr(known, module) if module else known, class_name)
    return set(found.__annotations__)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("customers.CREATE", "CustomerCreateParams"),
        ("customers.UPDATE", "CustomerUpdateParams"),
        ("customers.LIST", "CustomerListParams"),
        ("customers.CREDIT", "CustomerBalanceTransactionCreateParams"),
        ("customers.CREDITS", "CustomerBalanceTransactionListParams"),
        ("coupons.CREATE", "CouponCreateParams"),
        ("coupons.UPDATE", "CouponUpdateParams"),
        ("coupons.CREATE_CODE", "PromotionCodeCreateParams"),
        ("coupons.UPDATE_CODE", "PromotionCodeUpdateParams"),
        ("coupons.LIST_CODES", "PromotionCodeListParams"),
        ("checkout.CREATE", "checkout.SessionCreateParams"),
        ("checkout.LIST", "checkout.SessionListParams"),
        ("payments.CREATE", "PaymentIntentCreateParams"),
        ("payments.CONFIRM", "PaymentIntentConfirmParams"),
        ("payments.LIST_CHARGES", "ChargeListParams"),
        ("refunds.CREATE", "RefundCreateParams"),
        ("refunds.LIST_DISPUTES", "DisputeListParams"),
        ("invoices.LIST", "InvoiceListParams"),
        ("invoices.LIST_PAYMENTS", "InvoicePaymentListParams"),
        ("subscriptions.LIST", "SubscriptionListParams"),
        ("subscriptions.UPDATE", "SubscriptionUpdateParams"),
        ("account.LIST_EVENTS", "EventListParams"),
        ("payees.CREATE", "AccountCreateParams"),
        ("payees.LIST", "AccountListParams"),
        ("onboarding.CREATE", "AccountLinkCreateParams"),
        ("transfers.CREATE", "TransferCreateParams"),
        ("transfers.UPDATE", "TransferUpdateParams"),
        ("transfers.LIST", "TransferListParams"),
        ("transfers.REVERSE", "TransferReversalCreateParams"),
        ("transfers.LIST_REVERSALS", "TransferReversalListParams"),
    ],
)
def test_no_parameter_is_accepted_that_the_sdk_does_not_know(ours, theirs):
    module, name = ours.split(".")
    check = getattr(import_module(f"tools.practice_stripe.{module}"), name)
    assert names_in(check) - sdk_names(theirs) - {"expand"} == set()
