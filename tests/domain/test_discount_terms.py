"""What limits the use of a discount's code: what may be said, how it is typed, how it reads."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from referral.commands.offers import Extras, read_offer
from referral.domain.businesses import within
from referral.domain.programs import OfferTerms, Side, Step, Trigger, current_offers
from referral.foundation.errors import Invalid
from referral.surfaces.web.promises import friend_offer_words, offer_words
from tests.cast import credit, discount, open_shop


@pytest.mark.parametrize(
    ("terms", "currency"),
    [
        (replace(discount(), discount_days=0), "eur"),
        (replace(discount(), discount_days=1801), "eur"),
        (replace(discount(), discount_minimum_minor=0), "eur"),
        (replace(discount(), discount_minimum_minor=10**13), "eur"),
        (replace(discount(), discount_minimum_minor=1234), "kwd"),
        (replace(discount(), cap_minor=500), "eur"),
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


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"trigger": Trigger.SIGNUP}, "20% off your next order for each friend who signs up"),
        (
            {"trigger": Trigger.FIRST_PURCHASE, "discount_days": 60, "person_cap_minor": None},
            "20% off your next order after each friend's first purchase, within 60 days",
        ),
        (
            {"trigger": Trigger.MILESTONE, "milestone_every": 3, "discount_minimum_minor": 2000},
            "20% off your next order of at least €20.00 for every 3 friends who bought something",
        ),
        (
            {"trigger": Trigger.PURCHASE, "steps": (Step(1, rate_bp=2000), Step(3, rate_bp=3000))},
            "a discount on your next order after every purchase by each friend:"
            " 20% for the 1st to 2nd friend and 30% from the 3rd on",
        ),
    ],
)
def test_what_an_advocate_earns_is_said(app: Flask, terms: dict[str, Any], said: str) -> None:
    shop = open_shop(advocate=replace(discount(), side=Side.ADVOCATE, **terms))
    with within(shop.business.id):
        offer = current_offers(shop.program.id)[Side.ADVOCATE]
    with app.test_request_context():
        assert offer_words(offer) == said


def test_it_is_typed_beside_the_offer_and_not_for_another_kind() -> None:
    extras = Extras(discount_days=30, discount_minimum=5000, first_order_only=True)
    code = read_offer(Side.FRIEND, "discount:20%", "signup", extras=extras)
    other = read_offer(Side.ADVOCATE, "account_credit:1000", "first_purchase", extras=extras)
    assert code is not None
    assert other is not None
    assert (code.discount_days, code.discount_minimum_minor) == (30, 5000)
    assert code.first_order_only
    assert (other.discount_days, other.discount_minimum_minor) == (None, None)
    assert not other.first_order_only
