"""An offer that does not fit is refused whole, each part by its name, and nothing is dropped."""

from dataclasses import replace
from typing import Any

import pytest

from referral.domain.programs import Fulfilment, Kind, OfferTerms, Side, Step, Trigger
from referral.foundation.errors import Invalid
from tests.cast import credit, discount

THANKS = OfferTerms(Side.ADVOCATE, Kind.RECOGNITION, Trigger.PURCHASE, words="Thank you!")
CHOICE = replace(credit(), kind=Kind.CHOICE, choices=(Kind.CASH, Kind.STORE_CREDIT))


def wrong(terms: OfferTerms, currency: str = "eur") -> set[str]:
    """Return the names of what is wrong."""
    try:
        terms.check(currency)
    except Invalid as refusal:
        return set(refusal.fields)
    return set()


@pytest.mark.parametrize(
    ("part", "value", "named"),
    [
        ("cap_minor", 500, "cap"),
        ("words", "Thank you!", "words"),
        ("own_words", True, "own_words"),
        ("periods", 2, "periods"),
        ("choices", (Kind.CASH, Kind.GIFT), "choices"),
        ("choose_within_days", 14, "choose_within_days"),
        ("minimum_payout_minor", 500, "minimum_payout"),
        ("times", 3, "times"),
        ("milestone_every", 5, "milestone"),
        ("credit_life_days", 90, "credit_life_days"),
        ("fulfilment", Fulfilment.STOCK, "fulfilment"),
        ("fallback_days", 0, "fallback_days"),
        ("discount_days", 30, "discount_days"),
        ("discount_minimum_minor", 500, "discount_minimum"),
        ("first_order_only", True, "first_order_only"),
    ],
)
def test_a_part_that_credit_for_a_first_purchase_has_not_is_named(
    part: str, value: Any, named: str
) -> None:
    assert wrong(replace(credit(), **{part: value})) == {f"advocate_{named}"}


@pytest.mark.parametrize(
    ("terms", "named"),
    [
        (credit(trigger=Trigger.SIGNUP, minimum_minor=500), {"advocate_minimum"}),
        (replace(discount(), person_cap_minor=500), {"friend_person_cap"}),
        (replace(THANKS, amount_minor=500), {"advocate_amount"}),
        (replace(THANKS, person_cap_minor=500), {"advocate_person_cap"}),
        (replace(THANKS, cap_minor=500), {"advocate_cap"}),
        (replace(THANKS, steps=(Step(1, 500), Step(2, 600))), {"advocate_steps"}),
        (
            replace(credit(steps=(Step(1, 1000), Step(2, 2000))), kind=Kind.FREE_PERIOD),
            {"advocate_steps"},
        ),
        (credit(trigger=Trigger.MILESTONE), {"advocate_milestone"}),
        (credit(side=Side.FRIEND, trigger=Trigger.MILESTONE, milestone_at=3), {"friend_milestone"}),
        (credit(1001, steps=(Step(1, 1001), Step(2, 2002))), {"advocate_amount", "advocate_steps"}),
        (credit(None), {"advocate_amount"}),
        (credit(0, person_cap_minor=0), {"advocate_amount", "advocate_person_cap"}),
    ],
)
def test_everything_that_is_wrong_is_said_at_once(terms: OfferTerms, named: set[str]) -> None:
    assert wrong(terms, "kwd") == named


def test_a_choice_takes_what_its_kinds_have() -> None:
    parts = replace(CHOICE, minimum_payout_minor=2000, credit_life_days=90)
    assert wrong(parts) == set()
    without = replace(parts, choices=(Kind.ACCOUNT_CREDIT, Kind.CHARITY))
    assert wrong(without) == {"advocate_minimum_payout", "advocate_credit_life_days"}


def test_a_thank_you_may_ask_for_a_purchase_of_some_size() -> None:
    assert wrong(replace(THANKS, minimum_minor=500, times=3)) == set()
