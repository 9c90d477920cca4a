"""Every name of a key is an account of its own, as separate as two accounts at Stripe."""

from __future__ import annotations

import json
import sqlite3

import pytest
import stripe

from tools.practice_stripe import launch, start

ONE = {"idempotency_key": "rwd_1:credit:1"}
TEN = {"amount": -1000, "currency": "usd"}


@pytest.fixture
def mallory(client_for, practice):
    return client_for(practice.url, "sk_test_mallory")


def test_each_key_belongs_to_an_account_with_a_lasting_id(tmp_path, client_for):
    state = str(tmp_path / "practice.sqlite")

    def ids(url: str, *keys: str) -> list[str]:
        return [client_for(url, key).accounts.retrieve_current().id for key in keys]

    with launch(state=state) as first:
        olive, rolled, restricted, mallory = ids(
            first.url, "sk_test_olive", "sk_test_olive.2", "rk_test_olive", "sk_test_mallory"
        )
    with launch(state=state) as second:
        assert ids(second.url, "sk_test_mallory", "sk_test_olive") == [mallory, olive]
    assert olive == rolled == restricted != mallory
    assert olive.startswith("acct_1") and len(olive) == 21


def test_another_account_has_no_such_customer(sdk, alice, mallory):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        mallory.customers.retrieve(alice.id)
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError):
        mallory.customers.balance_transactions.create(alice.id, TEN)
    assert mallory.customers.list().data == []
    assert mallory.events.list().data == []
    assert sdk.customers.retrieve(alice.id).balance == 0


def test_accounts_may_use_the_same_names_and_keys(sdk, mallory):
    for account, name in ((sdk, "Alice"), (mallory, "Mallory")):
        assert account.customers.create({"name": name}, ONE).name == name
        account.coupons.create({"id": "TEN", "percent_off": 10, "duration": "once"})
    mallory.coupons.delete("TEN")
    assert sdk.coupons.retrieve("TEN").percent_off == 10


def test_visitors_buy_where_the_session_is(practice, sdk, mallory):
    sdk.customers.list()
    bob = mallory.customers.create({"name": "Bob"})
    bought = practice.buy(5000, customer=bob.id)
    practice.refund(bought["charge"]["id"])
    practice.buy(700, key="sk_test_mallory")
    assert [one.amount for one in mallory.charges.list().data] == [700, 5000]
    assert sdk.charges.list().data == []


def test_events_reach_the_receivers_of_their_account_only(practice, sdk, receiver, mallory):
    sdk.customers.create({"name": "Alice"})
    mallory.customers.create({"name": "Mallory"})
    practice.wait_delivered()
    assert [one.data.object.name for one in receiver.events()] == ["Alice"]


def test_a_file_with_one_account_becomes_the_main_account(tmp_path, client_for):
    state = str(tmp_path / "practice.sqlite")
    customer = {"object": "customer", "id": "cus_1", "balance": -1000}
    old = sqlite3.connect(state)
    old.executescript(
        "CREATE TABLE things (place INTEGER PRIMARY KEY, kind TEXT, id TEXT, body TEXT);"
        "CREATE TABLE answers (key TEXT PRIMARY KEY, call TEXT);"
        "CREATE TABLE receivers (url TEXT PRIMARY KEY, secret TEXT, types TEXT)"
    )
    old.execute("INSERT INTO things VALUES (7, 'customer', 'cus_1', ?)", (json.dumps(customer),))
    old.execute("INSERT INTO receivers VALUES ('http://127.0.0.1:1/hooks', 'whsec_1', '[]')")
    old.commit()
    old.close()
    with start(state=state) as running:
        assert client_for(running.url).customers.retrieve("cus_1").balance == -1000
        assert client_for(running.url, "sk_test_mallory").customers.list().data == []
        client_for(running.url).customers.create({"name": "Alice"}, ONE)
        assert [one["url"] for one in running.practice.deliveries()] == ["http://127.0.0.1:1/hooks"]
