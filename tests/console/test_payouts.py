"""Payouts and debts in the console: what waits and why, and what staff may let go."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, Role, within
from referral.domain.programs import Side, Trigger, publish_offer
from referral.domain.rewards import Grant, Reward
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.gateways.stripe import keep_balances
from referral.surfaces.web.reasons import WAITING
from referral.worker import work_all
from tests.cast import Shop, cash, credit, open_shop
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post
from tests.provider import Provider, ripen_due, send_due

OLIVE = Actor("operator", "olive")


def paying(shop: Shop) -> None:
    """Let alice earn 10.00 in money, which is approved and waits."""
    with within(shop.business.id), transaction():
        session.add(shop.program)
        shop.program.hold_days = 0
        publish_offer(shop.program, cash(), at=shop.now)
    token = shop.click(shop.link_of(shop.customer("alice", full_name="Alice <b>Sommer</b>")))
    shop.signup("bob", token=token)
    shop.purchase("bob")
    session.remove()
    work_all()


def owing(shop: Shop, refunded_minor: int = 6000) -> str:
    """Let alice owe 5.00, or another share of a credit she has used; returns the reward's id."""
    with within(shop.business.id), transaction():
        session.add(shop.program)
        shop.program.hold_days = 0
        publish_offer(shop.program, credit(trigger=Trigger.PURCHASE), at=shop.now)
        publish_offer(shop.program, credit(side=Side.FRIEND, minimum_minor=10**9), at=shop.now)
    token = shop.click(shop.link_of(shop.customer("alice", full_name="Alice Sommer")))
    shop.signup("bob", token=token)
    purchase = shop.purchase("bob")
    provider = Provider()
    with within(shop.business.id):
        ripen_due(at=shop.now)
        send_due(provider, at=shop.now)
        provider.credit.clear()
        shop.refund(purchase, refunded_minor)
        send_due(provider, at=shop.now)
        return session.scalars(select(Reward)).one().public_id


def test_a_waiting_payout_says_what_helps(desk: Desk) -> None:
    paying(desk.shop)
    text = check_page(desk.client.get("/console/payouts"))
    assert "Alice &lt;b&gt;Sommer&lt;/b&gt;" in text
    assert "€10.00" in text
    assert "Stripe is not connected." in text
    assert check_page(desk.client.get("/console/payouts?show=sent")).count("€10.00") == 1


def transfer_of_alice() -> Grant:
    """Return the one payment there is."""
    return session.scalars(select(Grant).where(Grant.operation == "transfer")).one()


def rows(desk: Desk, show: str = "") -> list[list[str]]:
    """Return the words of each line of the payouts, without whom they go to."""
    text = check_page(desk.client.get(f"/console/payouts?show={show}"))
    table = text.partition("<tbody")[2].partition("</tbody>")[0]
    cells = (re.findall(r"<td[^>]*>(.*?)</td>", row, re.S) for row in table.split("<tr>")[1:])
    return [[" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in row[1:]] for row in cells]


def test_what_ended_is_not_said_to_go_on_by_itself(desk: Desk) -> None:
    paying(desk.shop)
    with within(desk.shop.business.id), transaction():
        transfer_of_alice().waits_for = "no_payee"
    (waiting,) = rows(desk)
    assert waiting[2:] == ["Waiting", WAITING["no_payee"].staff]
    with within(desk.shop.business.id), transaction():
        reward = transfer_of_alice().reward
        journey.deny_reward(reward, actor=OLIVE, reason="No.", at=desk.shop.now)
        address = f"/console/rewards/{reward.public_id}"
    assert [row[2:] for row in rows(desk)] == [["Nothing done", "It was not needed any more."]]
    assert "goes on by itself" not in check_page(desk.client.get(address))


def test_what_is_held_is_not_said_to_go_on_by_itself(desk: Desk) -> None:
    paying(desk.shop)
    with within(desk.shop.business.id), transaction():
        act = transfer_of_alice()
        act.waits_for = "no_payee"
        reward = act.reward
        journey.hold_reward(reward, actor=OLIVE, reason="A look.", at=desk.shop.now)
    assert [row[2:] for row in rows(desk)] == [["Waiting", WAITING["held"].staff]]


@pytest.mark.parametrize(
    ("refunded_minor", "said"),
    [
        (12000, ["€0.00", "Nothing to send", "€10.00 of €10.00 settles a debt and is not sent."]),
        (3000, ["€7.50", "Payment to their account", "€2.50 of €10.00 settles a debt and is not"]),
    ],
)
def test_what_settles_a_debt_is_not_called_paid(
    desk: Desk, refunded_minor: int, said: list[str]
) -> None:
    owing(desk.shop, refunded_minor)
    with within(desk.shop.business.id), transaction():
        session.add(desk.shop.program)
        publish_offer(desk.shop.program, cash(trigger=Trigger.PURCHASE), at=desk.shop.now)
    token = desk.shop.click(desk.shop.link_of(desk.shop.customer("alice")))
    desk.shop.signup("carol", token=token)
    desk.shop.purchase("carol")
    session.remove()
    work_all()
    (row,) = rows(desk)
    assert (row[0], row[1]) == (said[0], said[1])
    assert said[2] in row[3]
    assert rows(desk, "sent") == []


def test_a_refused_reversal_is_told_in_words(desk: Desk) -> None:
    paying(desk.shop)
    said = "Stripe refused it: The account holds too little (balance_insufficient)."
    with within(desk.shop.business.id), transaction():
        act = transfer_of_alice()
        act.operation, act.state, act.proof = "reversal", "failed", said
        act.waits_for = "provider_down"
    assert rows(desk, "reversed") == [["€10.00", "Payment taken back", "Nothing done", said]]


def waiting_beside(desk: Desk, available_minor: int) -> None:
    """Have a payout wait for the balance, of which so much is there."""
    paying(desk.shop)
    with within(desk.shop.business.id), transaction():
        transfer_of_alice().waits_for = "balance"
        keep_balances(desk.shop.business.id, {"eur": available_minor}, at=clock.now())


def test_too_small_a_balance_is_told_with_the_gap(desk: Desk) -> None:
    waiting_beside(desk, 400)
    text = check_page(desk.client.get("/console/payouts"))
    assert "€6.00 is missing" in text
    assert "Payouts of €10.00 wait, and €4.00 was available" in text


def test_nothing_is_missing_once_the_balance_is_enough(desk: Desk) -> None:
    waiting_beside(desk, 1000)
    assert "is missing" not in check_page(desk.client.get("/console/payouts"))


def test_a_debt_is_listed_and_forgiven_with_a_reason(desk: Desk) -> None:
    reward = owing(desk.shop)
    assert "€5.00" in check_page(desk.client.get("/console/debts"))
    answer = post(desk.client, f"/console/debts/{reward}/forgive", reason="Our mistake.")
    assert (answer.status_code, answer.location) == (303, "/console/debts")
    text = check_page(desk.client.get("/console/debts"))
    assert "€5.00 is forgiven." in text and "Nobody owes anything" in text
    again = post(desk.client, f"/console/debts/{reward}/forgive", reason="Our mistake.")
    assert again.status_code == 303
    assert "Nothing is owed of this reward any more." in desk.client.get("/console/debts").text
    assert "Forgave a debt" in desk.client.get("/console/audit").text
    shown = check_page(desk.client.get(f"/console/rewards/{reward}"))
    assert ("Of that, let go" in shown, "Still owed" in shown) == (True, False)


def test_forgiving_needs_a_reason(desk: Desk) -> None:
    reward = owing(desk.shop)
    answer = post(desk.client, f"/console/debts/{reward}/forgive", reason=" ")
    assert "Say why" in check_page(answer, 422)
    assert "€5.00" in desk.client.get("/console/debts").text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_not_everybody_may_forgive(desk: Desk, role: Role) -> None:
    reward = owing(desk.shop)
    desk.become(role)
    assert "Forgive" not in check_page(desk.client.get("/console/debts"))
    answer = post(desk.client, f"/console/debts/{reward}/forgive", reason="Our mistake.")
    assert answer.status_code == 403


def test_debts_and_payouts_of_another_business_are_not_here(desk: Desk) -> None:
    other = open_shop("Other Shop", at=clock.now())
    reward = owing(other)
    assert "Alice" not in desk.client.get("/console/debts").text
    answer = post(desk.client, f"/console/debts/{reward}/forgive", reason="Our mistake.")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("refunded_minor", "badge", "parts"),
    [
        (12000, "Let go", ["Let go: €10.00"]),
        (6000, "Given", ["Let go: €5.00"]),
    ],
)
def test_what_was_let_go_is_not_called_taken_back(
    desk: Desk, refunded_minor: int, badge: str, parts: list[str]
) -> None:
    reward = owing(desk.shop, refunded_minor)
    post(desk.client, f"/console/debts/{reward}/forgive", reason="Our mistake.")
    listed = check_page(desk.client.get("/console/rewards"))
    page = check_page(desk.client.get(f"/console/rewards/{reward}"))
    table = listed.partition("<tbody")[2]
    assert re.findall(r'<span class="quiet">(\w[^<]*: €[^<]*)<', table) == parts
    assert re.findall(r'class="tag [^>]*>(?:<svg.*?</svg>)?([^<]+)<', table, re.S) == [badge]
    assert "so its reward goes back" not in page
    assert "<dt>Taken back</dt>" not in page


def test_totals_of_a_year_are_shown_and_exported(desk: Desk) -> None:
    owing(desk.shop)
    text = check_page(desk.client.get("/console/payouts/totals"))
    assert "account credit" in text and "€10.00" in text
    answer = post(desk.client, "/console/payouts/totals")
    assert answer.mimetype == "text/csv"
    (_, row) = answer.text.strip().splitlines()
    assert row.endswith(",Alice Sommer,,account_credit,eur,1000,0,no")
    assert "Nothing was given in 2021" in check_page(
        desk.client.get("/console/payouts/totals?year=2021")
    )


@pytest.mark.parametrize("year", ["x", "1", "20266", "1999", "-2026"])
def test_a_year_that_cannot_be_is_not_found(desk: Desk, year: str) -> None:
    assert desk.client.get(f"/console/payouts/totals?year={year}").status_code == 404


def test_a_form_is_put_on_file_by_those_who_may_pay(desk: Desk) -> None:
    with within(desk.shop.business.id):
        alice = desk.shop.customer("alice").public_id
    year = str(clock.now().year)
    answer = post(desk.client, "/console/payouts/forms", person=alice, year=year)
    assert (answer.status_code, answer.location) == (303, f"/console/payouts/totals?year={year}")
    assert "Put a tax form on file" in desk.client.get("/console/audit").text
    assert post(desk.client, "/console/payouts/forms", person="per_x", year=year).status_code == 404
    desk.become(Role.SUPPORT)
    answer = post(desk.client, "/console/payouts/forms", person=alice, year=year)
    assert answer.status_code == 403
