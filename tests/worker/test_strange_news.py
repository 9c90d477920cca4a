"""News from Stripe that is old, long or contradicts itself; what was paid counts all the same."""

import time
from typing import Any

import pytest
from sqlalchemy import select

from referral.domain.businesses import within
from referral.domain.people import Person
from referral.domain.purchases import Purchase
from referral.foundation.db import session
from tests.stories.trade import Trade, later

HOUR_S = 3600


def paid(key: str, **said: Any) -> dict[str, Any]:
    thing = {"id": key, "customer": "cus_new", "amount_paid": 12000, "currency": "eur", **said}
    return event(key, "invoice.paid", thing)


def event(key: str, kind: str, thing: dict[str, Any]) -> dict[str, Any]:
    now = int(time.time())
    return {
        "id": f"evt_{key}",
        "type": kind,
        "created": now,
        "livemode": False,
        "data": {"object": thing},
    }


def who_paid(trade: Trade) -> list[Person]:
    session.remove()
    with within(trade.shop.business.id):
        return list(session.scalars(select(Person).join(Purchase, Purchase.person_id == Person.id)))


def test_a_refund_of_what_was_sold_before_us_is_not_asked_about_at_each_purchase(
    trade: Trade,
) -> None:
    charge = {"id": "ch_old", "payment_intent": "pi_old", "amount_refunded": 500}
    trade.tell([event("old", "charge.refunded", charge)])
    trade.work()
    with later(HOUR_S):
        trade.work()
        asked = len(trade.practice.calls("GET", "/v1/invoice_payments"))
        trade.tell(paid(f"in_{number}") for number in range(3))
        trade.work()
        assert len(trade.practice.calls("GET", "/v1/invoice_payments")) == asked
    assert len(who_paid(trade)) == 3


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"customer_name": "x" * 256}, "x" * 200),
        ({"metadata": {"wom_person_external_id": "x" * 500}}, None),
    ],
)
def test_something_too_long_to_keep_does_not_keep_a_purchase_from_counting(
    trade: Trade, said: dict[str, Any], name: str | None
) -> None:
    trade.tell([paid("in_1", **said)])
    trade.work()
    assert [one.name for one in who_paid(trade)] == [name]


def test_the_business_own_id_outweighs_the_address_somebody_typed(trade: Trade) -> None:
    trade.shop.customer("carl", external_id="carl-1")
    dora = trade.shop.customer("dora", external_id="dora-1")
    marks = {"wom_person_external_id": "dora-1"}
    trade.tell([paid("in_1", customer_email="carl@mail.example", metadata=marks)])
    trade.work()
    assert [one.id for one in who_paid(trade)] == [dora.id]
