"""One payment has several ids, and counts once whichever of them is told, and by whom."""

from itertools import permutations

import pytest

from tests.stories.books import books_of
from tests.stories.trade import Thing, Trade, assert_clean

KINDS = ("checkout.session.completed", "invoice.paid", "charge.refunded")


def paid_with_an_invoice(trade: Trade) -> dict[str, Thing]:
    """Let Bob pay once at a checkout that makes an invoice, and get it all back."""
    alice = trade.advocate("alice")
    trade.shop.signup("bob", token=trade.token_of(alice))
    bought = trade.practice.buy(
        12000, currency="eur", email="bob@mail.example", invoice=True, deliver=False
    )
    back = trade.practice.refund(bought["charge"]["id"], 12000, deliver=False)
    told = [*bought["events"], *back["events"]]
    return {one["type"]: one for one in told if one["type"] in KINDS}


@pytest.mark.parametrize("order", list(permutations(KINDS)))
def test_session_invoice_and_charge_are_one_payment(
    trade: Trade, order: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("referral.gateways.stripe.StripeAccount.sale_of", lambda *_: None)
    news = paid_with_an_invoice(trade)
    for kind in order:
        trade.tell([news[kind]], times=2)
        trade.work()
    trade.settle()
    ((_, gross, _, _, refunded),) = books_of(trade)["purchases"]
    assert (gross, refunded) == (12000, 12000)
    assert_clean()


@pytest.mark.parametrize("which", ["id", "payment_intent", "invoice"])
def test_a_payment_the_business_told_first_is_the_one_stripe_tells(
    trade: Trade, which: str
) -> None:
    news = paid_with_an_invoice(trade)
    key = news["checkout.session.completed"]["data"]["object"][which]
    trade.api(
        "/purchases",
        person={"email": "bob@mail.example"},
        external_id=key,
        gross_minor=12000,
        tax_minor=0,
        currency="eur",
    )
    trade.tell([news[kind] for kind in KINDS])
    trade.settle()
    assert [one[1] for one in books_of(trade)["purchases"]] == [12000]
    assert_clean()
