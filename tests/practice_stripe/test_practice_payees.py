"""Connected accounts: onboarded through a link, payable, restricted again, gone."""

from __future__ import annotations

import http.client
from urllib.parse import urlencode, urlsplit

import pytest
import stripe

from tools.practice_stripe.onboarding import LIFE_S

EXPRESS = {
    "controller": {
        "fees": {"payer": "application"},
        "losses": {"payments": "application"},
        "requirement_collection": "stripe",
        "stripe_dashboard": {"type": "express"},
    },
    "capabilities": {"transfers": {"requested": True}},
    "country": "US",
    "email": "alice@example.com",
    "metadata": {"wom_person": "per_1"},
}
RETURN = {"refresh_url": "https://shop.example/again", "return_url": "https://shop.example/back"}


@pytest.fixture
def payee(sdk):
    return sdk.accounts.create(EXPRESS)


@pytest.fixture
def new_link(sdk, payee):
    def make():
        asked = {"account": payee.id, "type": "account_onboarding", **RETURN}
        return sdk.account_links.create(asked)

    return make


def visit(url, form=None):
    """Open a page or send its form; answers status, where it leads, and the page."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=5)
    body = None if form is None else urlencode(form)
    connection.request("GET" if form is None else "POST", address.path, body)
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()
    return answer.status, answer.getheader("Location"), page


def standing(account):
    """What matters about an account: can it be paid, and why not."""
    return (
        account.capabilities.transfers,
        account.payouts_enabled,
        account.requirements.disabled_reason,
        account.requirements.current_deadline,
    )


def test_a_new_account_is_express_and_cannot_be_paid(sdk, payee):
    found = sdk.accounts.retrieve(payee.id)
    assert standing(found) == ("inactive", False, "requirements.past_due", None)
    assert (found.type, found.email, found.country) == ("express", "alice@example.com", "US")
    assert "external_account" in found.requirements.currently_due
    assert found.metadata.to_dict() == {"wom_person": "per_1"}
    assert [one.id for one in sdk.accounts.list()] == [payee.id]


@pytest.mark.parametrize(
    "change",
    [
        {"type": "express"},
        {"controller": {"fees": {"payer": "account"}, "losses": {"payments": "application"}}},
        {"tos_acceptance": {"service_agreement": "recipient"}},
        {
            "country": "DE",
            "tos_acceptance": {"service_agreement": "recipient"},
            "capabilities": {"card_payments": {"requested": True}},
        },
    ],
)
def test_what_does_not_go_together_is_refused(sdk, change):
    with pytest.raises(stripe.InvalidRequestError):
        sdk.accounts.create({**EXPRESS, **change})
    assert sdk.accounts.list().data == []


def test_somebody_abroad_is_a_recipient(sdk):
    abroad = {"country": "DE", "tos_acceptance": {"service_agreement": "recipient"}}
    made = sdk.accounts.create({**EXPRESS, **abroad})
    assert (made.country, made.tos_acceptance.service_agreement) == ("DE", "recipient")


def test_a_link_is_opened_once_and_its_form_onboards(sdk, practice, payee, new_link):
    link = new_link()
    assert link.expires_at - link.created == LIFE_S
    status, _, page = visit(link.url)
    assert status == 200 and "external_account" in page
    assert visit(link.url)[:2] == (303, RETURN["refresh_url"])
    assert visit(link.url, {"step": "complete"})[:2] == (303, RETURN["return_url"])
    assert standing(sdk.accounts.retrieve(payee.id)) == ("active", True, None, None)
    assert visit(link.url, {"step": "half"})[:2] == (303, RETURN["refresh_url"])
    assert standing(sdk.accounts.retrieve(payee.id))[0] == "active"
    (told,) = practice.events("account.updated")
    assert told["account"] == told["data"]["object"]["id"] == payee.id


def test_a_link_is_too_old_after_five_minutes(practice, new_link):
    link = new_link()
    practice.set_clock(LIFE_S + 1)
    assert visit(link.url)[:2] == (303, RETURN["refresh_url"])
    assert visit(link.url, {"step": "complete"})[:2] == (303, RETURN["refresh_url"])
    assert visit(f"{practice.url}/onboarding/nothing")[0] == 404


def test_a_half_onboarded_owner_still_owes_the_rest(sdk, payee, new_link):
    link = new_link()
    visit(link.url)
    visit(link.url, {"step": "half"})
    found = sdk.accounts.retrieve(payee.id)
    assert standing(found) == ("inactive", False, "requirements.past_due", None)
    assert "business_type" not in found.requirements.currently_due
    assert not found.details_submitted


def test_an_express_account_has_no_update_link(sdk, payee):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        sdk.account_links.create({"account": payee.id, "type": "account_update", **RETURN})
    assert refused.value.param == "type"
    with pytest.raises(stripe.InvalidRequestError) as homeless:
        sdk.account_links.create({"account": payee.id, "type": "account_onboarding"})
    assert homeless.value.param == "refresh_url"


def test_requirements_come_back_first_with_a_deadline(sdk, practice, payee):
    practice.finish_onboarding(payee.id)
    practice.require_more(payee.id, deadline=2_000_000_000)
    assert standing(sdk.accounts.retrieve(payee.id)) == ("active", True, None, 2_000_000_000)
    practice.require_more(payee.id)
    found = sdk.accounts.retrieve(payee.id)
    assert standing(found) == ("inactive", False, "requirements.past_due", None)
    assert found.requirements.past_due == ["individual.verification.document"]


def test_a_rejected_account_says_why(sdk, practice, payee):
    practice.finish_onboarding(payee.id)
    practice.reject_payee(payee.id, "fraud")
    assert standing(sdk.accounts.retrieve(payee.id))[:3] == ("inactive", False, "rejected.fraud")


def test_a_disconnected_account_is_out_of_reach(sdk, practice, payee):
    told = practice.deauthorise(payee.id)["events"]
    assert [(one["type"], one["account"]) for one in told] == [
        ("account.application.deauthorized", payee.id)
    ]
    with pytest.raises(stripe.PermissionError) as refused:
        sdk.accounts.retrieve(payee.id)
    assert (refused.value.http_status, refused.value.error.code) == (403, "account_invalid")
    assert sdk.accounts.list().data == []


def test_another_platform_does_not_reach_an_account(client_for, practice, payee):
    mallory = client_for(practice.url, "sk_test_mallory")
    for ask in (
        lambda: mallory.accounts.retrieve(payee.id),
        lambda: mallory.balance.retrieve(None, {"stripe_account": payee.id}),
    ):
        with pytest.raises(stripe.PermissionError) as refused:
            ask()
        assert refused.value.error.code == "account_invalid"


def test_its_events_are_listed_in_its_own_name_only(sdk, practice, payee):
    practice.finish_onboarding(payee.id)
    assert "account.updated" not in [one.type for one in sdk.events.list()]
    theirs = sdk.events.list({}, {"stripe_account": payee.id})
    assert [one.type for one in theirs] == ["account.updated"]
    with pytest.raises(stripe.InvalidRequestError):
        sdk.customers.list({}, {"stripe_account": payee.id})


@pytest.mark.parametrize(
    ("right", "ask"),
    [
        ("accounts:write", lambda sdk: sdk.accounts.create(EXPRESS)),
        ("account_links:write", lambda sdk: sdk.account_links.create({})),
        ("transfers:write", lambda sdk: sdk.transfers.create({})),
        ("transfers:write", lambda sdk: sdk.transfers.reversals.create("tr_1")),
        ("transfers:read", lambda sdk: sdk.transfers.list()),
        ("balance:read", lambda sdk: sdk.balance.retrieve()),
        ("subscriptions:write", lambda sdk: sdk.subscriptions.update("sub_1", {})),
    ],
)
def test_each_address_needs_its_right(sdk, practice, right, ask):
    practice.refuse_rights(right)
    with pytest.raises(stripe.PermissionError):
        ask(sdk)
