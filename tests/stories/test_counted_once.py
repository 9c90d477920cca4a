"""What a business tells by a payment's id and Stripe by its invoice is one purchase, or named."""

from itertools import permutations

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from referral.domain.businesses import within
from referral.domain.purchases import Purchase
from referral.domain.reports.auditor import audit
from referral.domain.reports.reconciliations import Differs
from referral.foundation import clock
from referral.foundation.db import session
from referral.gateways.stripe import StripeEvent
from referral.worker.comparing import compare_with_provider
from tests.stories.books import books_of
from tests.stories.trade import Thing, Trade, assert_clean, later
from tests.worker.test_reconciling import DAY_S, compare

NEWS = ("invoice.paid", "invoice_payment.paid")
TOLD = "told by the business"


def paid(trade: Trade, amount: int = 7000) -> Thing:
    """Let Bob, whom Alice sent, begin a subscription of which nobody has heard yet."""
    alice = trade.advocate("alice")
    trade.shop.signup("bob", token=trade.token_of(alice))
    bought: Thing = trade.practice.buy(
        amount, currency="eur", email="bob@mail.example", mode="subscription", deliver=False
    )
    return bought


def tell(trade: Trade, bought: Thing, kind: str) -> None:
    """Let the business or Stripe tell of it, and the worker read what came."""
    if kind == TOLD:
        told(trade, bought["payment_intent"]["id"])
    else:
        trade.tell([one for one in bought["events"] if one["type"] == kind])
    trade.work()


def told(trade: Trade, external_id: str, *, gross_minor: int = 7000) -> Thing:
    return trade.api(
        "/purchases",
        person={"email": "bob@mail.example"},
        external_id=external_id,
        gross_minor=gross_minor,
        tax_minor=0,
        currency="eur",
    )


def purchases(trade: Trade) -> list[str]:
    """List what is kept, the first told first."""
    session.remove()
    with within(trade.shop.business.id):
        return list(session.scalars(select(Purchase.external_id).order_by(Purchase.id)))


UNCLEAR = ("invoice.paid", TOLD, "invoice_payment.paid")


@pytest.mark.parametrize("order", sorted(set(permutations((*NEWS, TOLD))) - {UNCLEAR}))
def test_a_payment_told_by_its_id_is_its_invoice(trade: Trade, order: tuple[str, ...]) -> None:
    bought = paid(trade)
    for kind in order:
        tell(trade, bought, kind)
    trade.settle()
    assert [one[1] for one in books_of(trade)["purchases"]] == [7000]
    assert_clean()


def test_a_payment_that_may_be_a_known_invoice_is_refused_until_stripe_has_said(
    trade: Trade,
) -> None:
    bought = paid(trade)
    payment = bought["payment_intent"]["id"]
    tell(trade, bought, "invoice.paid")
    answer = ask(trade, payment)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "payment_unclear")
    assert len(purchases(trade)) == 1
    assert ask(trade, "pi_of_less", gross_minor=6999).status_code == 201
    tell(trade, bought, "invoice_payment.paid")
    assert ask(trade, "pi_of_something_else").status_code == 201
    assert len(purchases(trade)) == 3


def test_a_known_invoice_is_what_its_payment_is_told_as(trade: Trade) -> None:
    bought = paid(trade)
    for kind in NEWS:
        tell(trade, bought, kind)
    assert ask(trade, bought["payment_intent"]["id"]).status_code == 200
    assert_clean()


def test_stripe_is_asked_of_an_invoice_only_where_as_much_was_told(trade: Trade) -> None:
    bought = paid(trade)
    told(trade, "pi_of_something_else", gross_minor=6999)
    trade.practice.fault("500", "GET", "/v1/invoice_payments", times=100)
    tell(trade, bought, "invoice.paid")
    assert len(purchases(trade)) == 2


def test_an_invoice_waits_while_stripe_cannot_say_what_was_told_already(trade: Trade) -> None:
    bought = paid(trade)
    tell(trade, bought, TOLD)
    trade.practice.fault("500", "GET", "/v1/invoice_payments", times=100)
    tell(trade, bought, "invoice.paid")
    assert purchases(trade) == [bought["payment_intent"]["id"]]
    trade.practice.clear_faults()
    trade.settle(from_s=3600)
    assert [one[1] for one in books_of(trade)["purchases"]] == [7000]


def test_another_payment_of_as_much_stays_another(trade: Trade) -> None:
    bought = paid(trade)
    told(trade, "pi_of_something_else")
    for kind in NEWS:
        tell(trade, bought, kind)
    assert len(purchases(trade)) == 2
    assert compare(trade)[1] == []


def test_news_of_a_payment_nobody_tells_of_is_let_go_soon(trade: Trade) -> None:
    tell(trade, paid(trade), "invoice_payment.paid")
    with later(660):
        trade.work()
    with within(trade.shop.business.id):
        (event,) = session.scalars(select(StripeEvent)).all()
    assert (event.due_at, event.dead_at) == (None, None)
    assert event.read_at is not None


def test_a_charge_that_may_be_a_known_sale_is_refused(trade: Trade) -> None:
    bought = trade.practice.buy(7000, currency="eur", email="bob@mail.example", deliver=False)
    trade.tell(bought["events"])
    trade.work()
    for charge in (bought["charge"]["id"], "py_1"):
        answer = ask(trade, charge)
        assert answer.status_code == 422
        assert "Give the id of the invoice (in_…)" in str(answer.get_json()["errors"])
    assert len(purchases(trade)) == 1
    trade.tell(trade.practice.refund(bought["charge"]["id"], 10, deliver=False)["events"])
    trade.work()
    assert ask(trade, bought["charge"]["id"]).status_code == 200
    assert len(purchases(trade)) == 1


def test_what_was_paid_by_a_charge_alone_is_told_by_its_id(trade: Trade) -> None:
    assert ask(trade, "ch_1").status_code == 201
    assert ask(trade, "ch_2").status_code == 201
    assert ask(trade, "ch_1").status_code == 200
    assert purchases(trade) == ["ch_1", "ch_2"]


def ask(trade: Trade, external_id: str, *, gross_minor: int = 7000) -> TestResponse:
    """Tell a purchase by an id, whatever the answer."""
    return trade.client.post(
        "/api/v1/purchases",
        json={
            "person": {"email": "bob@mail.example"},
            "external_id": external_id,
            "gross_minor": gross_minor,
            "currency": "eur",
        },
        headers={"Authorization": f"Bearer {trade.server_key}"},
    )


def test_what_stands_as_two_purchases_is_named_until_one_is_taken_back(trade: Trade) -> None:
    bought = paid(trade)
    tell(trade, bought, "invoice.paid")
    trade.shop.purchase("bob", 7000, tax_minor=0, keys=(bought["payment_intent"]["id"],))
    invoice, payment = purchases(trade)
    assert (invoice[:3], payment) == ("in_", bought["payment_intent"]["id"])
    _, (row,) = compare(trade)
    assert (row.kind, row.object_id) == (Differs.PURCHASE_TWICE, invoice)
    assert (row.ours_minor, row.theirs_minor, row.currency) == (14000, 7000, "eur")
    assert row.purchase is not None and row.purchase.startswith("pur_")
    (violation,) = provider_audit()
    assert violation.startswith(f"I-1 {row.purchase}: {invoice} was paid once and is another")
    assert len(compare(trade, after_s=40 * DAY_S)[1]) == 1
    trade.api("/refunds", purchase=row.purchase, external_id="twice", amount_minor=7000)
    assert compare(trade, after_s=41 * DAY_S)[1] == []
    assert provider_audit() == []


def provider_audit() -> list[str]:
    session.remove()
    report = audit(clock.now())
    compare_with_provider(report)
    session.remove()
    return [str(one) for one in report.violations]
