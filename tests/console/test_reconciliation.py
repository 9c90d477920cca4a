"""The console shows what differs between us and Stripe, with its reward, and lets it be kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from referral.domain.businesses import Role, connect_stripe, within
from referral.domain.reports import reconciliations
from referral.domain.reports.reconciliations import Difference, Differs, Reconciliation
from referral.domain.rewards import Reward
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.money import LIMIT_MINOR
from tests.audit.stories import refer
from tests.cast import Shop, open_shop
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post, token

PAGE = "/console/reconciliation"


def connect(shop: Shop) -> None:
    with within(shop.business.id), transaction():
        connect_stripe(
            shop.business.id, secret_key="sk_test_x", webhook_secret="whsec_x", at=clock.now()
        )


def compared(shop: Shop, *found: Difference, at: datetime | None = None) -> Reconciliation:
    """Keep a comparison that is done, with what it found."""
    with within(shop.business.id), transaction():
        run = Reconciliation(
            business_id=shop.business.id,
            is_open=None,
            since=shop.now,
            began_at=shop.now,
            ended_at=at or clock.now(),
            sums={"eur": [1000, 1700], "jpy": [500, 500]},
        )
        session.add(run)
        session.flush()
        reconciliations.keep_differences(run, found)
    return run


def a_reward(shop: Shop) -> str:
    refer(shop, "alice", "bob")
    with within(shop.business.id):
        found = session.scalars(select(Reward).where(Reward.side == "advocate")).one().public_id
    session.commit()
    return found


def unknown(reward: str | None = None) -> Difference:
    return Difference(
        kind=Differs.UNKNOWN_HERE,
        reward=reward,
        object_id="=cbtxn_1",
        customer_id="cus_1",
        theirs_minor=700,
        currency="eur",
    )


def test_without_a_connection_it_says_so(desk: Desk) -> None:
    assert "Stripe is not connected" in check_page(desk.client.get(PAGE))
    assert post(desk.client, PAGE).location == PAGE
    assert "there is nothing to compare with" in check_page(desk.client.get(PAGE))


def test_before_the_first_comparison_it_says_when_it_comes(desk: Desk) -> None:
    connect(desk.shop)
    text = check_page(desk.client.get(PAGE))
    assert "Not compared yet" in text
    assert "an hour after Stripe was connected" in text
    assert "Every hour we ask Stripe" in text
    assert post(desk.client, PAGE, PAGE).status_code == 303
    assert "A comparison waits for a worker." in check_page(desk.client.get(PAGE))


def test_a_clean_comparison_shows_both_sums_of_each_currency(desk: Desk) -> None:
    connect(desk.shop)
    compared(desk.shop)
    text = check_page(desk.client.get(PAGE))
    assert "Nothing differs" in text
    for sum_of in ("€10.00", "€17.00", "€7.00", "¥500"):
        assert sum_of in text
    assert "between us and Stripe" not in check_page(desk.client.get("/console"))


def test_a_difference_leads_to_its_reward_and_stands_on_the_overview(desk: Desk) -> None:
    connect(desk.shop)
    reward = a_reward(desk.shop)
    compared(desk.shop, unknown(reward))
    text = check_page(desk.client.get(PAGE))
    assert f'href="/console/rewards/{reward}"' in text
    assert "Stripe has this with our mark, and we do not know it" in text
    assert "cus_1" in text
    assert "difference between us and Stripe" in check_page(desk.client.get("/console"))


def test_what_counts_twice_names_the_other_purchase(desk: Desk) -> None:
    connect(desk.shop)
    twice = Difference(
        kind=Differs.PURCHASE_TWICE,
        object_id="in_1",
        ours_minor=2 * LIMIT_MINOR,
        theirs_minor=LIMIT_MINOR,
        currency="eur",
        purchase="pur_1",
    )
    compared(desk.shop, twice)
    text = check_page(desk.client.get(PAGE))
    assert "This was paid once, and counts as two purchases here" in text
    assert "The other is pur_1." in text
    form = {"csrf_token": token(desk.client.get("/console/account"))}
    answer = desk.client.post(f"{PAGE}/export", data=form, buffered=True)
    (row,) = csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff")))
    assert (row["difference"], row["other_purchase"]) == ("purchase_twice", "pur_1")


def test_stripe_that_cannot_be_asked_is_said_with_the_next_try(desk: Desk) -> None:
    connect(desk.shop)
    with within(desk.shop.business.id), transaction():
        at = clock.now()
        reconciliations.compare_soon(desk.shop.business.id, since=at, at=at)
        run = reconciliations.open_run()
        assert run is not None
        run.began_at, run.last_error = at, "The key may not read invoices."
    text = check_page(desk.client.get(PAGE))
    assert "The key may not read invoices." in text
    assert "It is tried again at" in text


def test_many_differences_are_paged(desk: Desk) -> None:
    connect(desk.shop)
    compared(desk.shop, *(unknown() for _ in range(51)))
    text = check_page(desk.client.get(PAGE))
    assert text.count("<code>=cbtxn_1</code>") == 50
    following = text.partition('rel="next" href="')[2].partition('"')[0]
    assert check_page(desk.client.get(following)).count("<code>=cbtxn_1</code>") == 1
    check_page(desk.client.get(f"{PAGE}?after=x"))


def test_the_download_has_every_difference_and_no_formula(desk: Desk) -> None:
    form = {"csrf_token": token(desk.client.get("/console/account"))}
    assert desk.client.post(f"{PAGE}/export", data=form).status_code == 404
    compared(desk.shop, unknown(), unknown())
    answer = desk.client.post(f"{PAGE}/export", data=form, buffered=True)
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [(one["stripe_object"], one["stripe_minor"]) for one in rows] == [
        ("'=cbtxn_1", "700"), ("'=cbtxn_1", "700"),
    ]  # fmt: skip


def test_charlie_sees_nothing_of_it(desk: Desk, staff: Callable[..., FlaskClient]) -> None:
    compared(desk.shop, unknown())
    charlie = staff(open_shop("Old Books", at=clock.now()), "charlie", Role.OWNER)
    assert "cbtxn_1" not in check_page(charlie.get(PAGE))
    assert post(charlie, f"{PAGE}/export").status_code == 404


@pytest.mark.parametrize(("role", "status"), [(Role.SUPPORT, 403), (Role.FINANCE, 200)])
def test_it_is_for_those_who_handle_money(desk: Desk, role: Role, status: int) -> None:
    compared(desk.shop, unknown())
    desk.become(role)
    assert desk.client.get(PAGE).status_code == status
    text = check_page(desk.client.get("/console"))
    assert ("difference between us" in text) is (status == 200)
