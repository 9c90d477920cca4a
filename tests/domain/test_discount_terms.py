"""What limits the use of a discount's code: what may be said, how it is typed, how it reads."""

from dataclasses import replace

import pytest
from flask import Flask

from referral.commands.offers import Extras, read_offer
from referral.domain.businesses import within
from referral.domain.programs import OfferTerms, Side, current_offers
from referral.foundation.errors import Invalid
from referral.surfaces.web.promises import friend_offer_words
from tests.cast import credit, discount, open_shop


@pytest.mark.parametrize(
    ("terms", "currency"),
    [
        (replace(discount(), discount_days=0), "eur"),
        (replace(discount(), discount_days=1801), "eur"),
        (replace(discount(), discount_minimum_minor=0), "eur"),
        (replace(discount(), discount_minimum_minor=10**13), "eur"),
        (replace(discount(), discount_minimum_minor=1234), "kwd"),
        (credit(discount_days=30), "eur"),
        (credit(discount_minimum_minor=100), "eur"),
        (credit(first_order_only=True), "eur"),
    ],
)
def test_what_does_not_fit_is_refused(terms: OfferTerms, currency: str) -> None:
    with pytest.raises(Invalid):
        terms.check(currency)


def test_what_fits_is_kept_and_said(app: Flask) -> None:
    terms = replace(discount(), discount_days=30, discount_minimum_minor=5000)
    shop = open_shop(friend=terms)
    with within(shop.business.id):
        offer = current_offers(shop.program.id)[Side.FRIEND]
    assert (offer.discount_days, offer.discount_minimum_minor) == (30, 5000)
    with app.test_request_context():
        said = friend_offer_words(offer)
    assert said == "20% off your first order of at least €50.00, within 30 days"


def test_it_is_typed_beside_the_offer_and_not_for_another_kind() -> None:
    extras = Extras(discount_days=30, discount_minimum=5000, first_order_only=True)
    code = read_offer(Side.FRIEND, "discount:20%", "first_purchase", extras=extras)
    other = read_offer(Side.ADVOCATE, "account_credit:1000", "first_purchase", extras=extras)
    assert code is not None
    assert other is not None
    assert (code.discount_days, code.discount_minimum_minor) == (30, 5000)
    assert code.first_order_only
    assert (other.discount_days, other.discount_minimum_minor) == (None, None)
    assert not other.first_order_only
