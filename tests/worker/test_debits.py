"""Taking back credit from somebody who has little left, twice in the same moment."""

import pytest
from sqlalchemy import select

from referral.domain.businesses import within
from referral.domain.purchases import Purchase
from referral.foundation.db import session
from referral.worker import work_all
from referral.worker.acts.balance import Debit
from tests.crash.scenes import earn
from tests.stories.trade import Trade, assert_clean, at_stripe, customers_of
from tests.worker.test_overtaken import meanwhile


def test_two_debits_at_once_never_take_the_same_credit(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = earn(trade, 2)
    trade.work()
    (customer,) = customers_of(trade, alice)
    spent = f"/v1/customers/{customer}/balance_transactions"
    at_stripe(trade.practice, "POST", spent, amount=1000, currency="eur")
    refund_everything(trade)
    monkeypatch.setattr(Debit, "ask", meanwhile(trade, work_all, Debit.ask))
    trade.settle()
    assert at_stripe(trade.practice, "GET", f"/v1/customers/{customer}")["balance"] == 0
    assert_clean()


def refund_everything(trade: Trade) -> None:
    with within(trade.shop.business.id):
        bought = session.scalars(select(Purchase)).all()
    session.commit()
    for purchase in bought:
        trade.shop.refund(purchase, purchase.gross_minor)
