"""The offer's form shows, and reads, what the chosen kind has; what it shows has to fit."""

import re
from dataclasses import replace

import pytest

from referral.domain.businesses import within
from referral.domain.programs import (
    Kind,
    Offer,
    OfferTerms,
    Side,
    Step,
    Trigger,
    current_offers,
    publish_offer,
)
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.surfaces.console.offer_form import typed_offer
from tests.cast import cash, credit, gift
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post

CREDIT = {
    "advocate_kind": "account_credit",
    "advocate_trigger": "first_purchase",
    "advocate_worth": "15",
}
THANKS = {
    "advocate_kind": "recognition",
    "advocate_trigger": "purchase",
    "advocate_words": "Thank you!",
}
OF_OTHERS = {
    "advocate_words": "Thank you!",
    "advocate_own_words": "yes",
    "advocate_periods": "many",
    "advocate_choice_cash": "yes",
    "advocate_choose_days": "soon",
    "advocate_payout": "lots",
    "advocate_times": "x",
    "advocate_friends": "0",
    "advocate_credit_life_days": "soon",
    "advocate_fulfilment": "pigeon",
    "advocate_discount_days": "-1",
    "advocate_discount_minimum": "x",
    "advocate_first_order_only": "yes",
}


def path(desk: Desk) -> str:
    return f"/console/programs/{desk.shop.program.public_id}/offers/advocate"


def present(desk: Desk) -> Offer:
    with within(desk.shop.business.id):
        return current_offers(desk.shop.program.id)[Side.ADVOCATE]


def mistakes(desk: Desk, **typed: str) -> list[str]:
    """Return beside which fields something is said."""
    page = check_page(post(desk.client, path(desk), **typed), 422)
    return re.findall(r'id="e-([a-z_0-9]+)"', page)


def test_what_was_left_in_the_parts_of_other_kinds_is_not_read(desk: Desk) -> None:
    assert post(desk.client, path(desk), **{**OF_OTHERS, **CREDIT}).status_code == 303
    offer = present(desk)
    assert (offer.version, offer.kind, offer.amount_minor) == (2, "account_credit", 1500)
    assert (offer.words, offer.periods, offer.times, offer.credit_life_days) == (None,) * 4


def test_a_thank_you_reads_no_amount_and_keeps_the_smallest_purchase(desk: Desk) -> None:
    money = {"advocate_worth": "x", "advocate_cap": "x", "advocate_person_cap": "x",
             "advocate_step_1_friends": "5", "advocate_minimum": "20"}  # fmt: skip
    assert post(desk.client, path(desk), **THANKS, **money).status_code == 303
    offer = present(desk)
    assert (offer.kind, offer.amount_minor, offer.minimum_minor) == ("recognition", None, 2000)


@pytest.mark.parametrize(
    ("typed", "beside"),
    [
        ({"advocate_cap": "50"}, "advocate_cap"),
        ({"advocate_trigger": "signup", "advocate_minimum": "5"}, "advocate_minimum"),
        ({"advocate_instead_days": "5"}, "advocate_instead_days"),
        ({"advocate_trigger": "milestone"}, "advocate_friends"),
        ({"advocate_trigger": "milestone", "advocate_friends": "0"}, "advocate_friends"),
        ({"advocate_kind": "free_period", "advocate_periods": "13"}, "advocate_periods"),
        ({"advocate_kind": "free_period", "advocate_periods": "x"}, "advocate_periods"),
        ({"advocate_kind": "recognition"}, "advocate_words"),
        ({"advocate_worth": "x", "advocate_cap": "50"}, "advocate_worth"),
        (
            {"advocate_worth": "x", "advocate_step_1_friends": "5", "advocate_step_1_worth": "20"},
            "advocate_worth",
        ),
        ({"advocate_kind": "discount", "advocate_worth": "9%", "advocate_person_cap": "5"},
         "advocate_person_cap"),
    ],
)  # fmt: skip
def test_what_is_shown_and_does_not_fit_is_said_beside_it_alone(
    desk: Desk, typed: dict[str, str], beside: str
) -> None:
    assert mistakes(desk, **{**CREDIT, **typed}) == [beside]
    assert present(desk).version == 1


def test_steps_are_unfolded_only_where_something_is_wrong_with_them(desk: Desk) -> None:
    unfolded = re.compile(r'<details class="evidence" open>\s*<summary>More for more friends')
    for typed, is_open in (
        ({"advocate_trigger": "milestone"}, False),
        ({"advocate_trigger": "purchase", "advocate_step_1_worth": "x"}, True),
    ):
        page = check_page(post(desk.client, path(desk), **{**CREDIT, **typed}), 422)
        assert bool(unfolded.search(page)) is is_open


def test_what_is_needed_is_not_marked_as_optional(desk: Desk) -> None:
    page = check_page(desk.client.get(path(desk)))
    for name, is_optional in (("words", False), ("friends", False), ("periods", True)):
        label = re.search(rf'<label[^>]* for="f-advocate_{name}">(.*?)</label>', page, re.DOTALL)
        assert ("optional" in label[1]) is is_optional, name


def test_each_field_has_a_name_in_the_summary_of_errors(desk: Desk) -> None:
    page = check_page(desk.client.get("/console/programs/new"))
    named = re.findall(r' name="((?:advocate|friend)_[a-z_0-9]+)"', page)
    ticks = [name for name in named if "_choice_" in name]
    environment = desk.client.application.jinja_env
    labels = environment.get_template("console/parts.html").module.program_labels
    assert set(named) - set(ticks) - set(labels) == set()


@pytest.mark.parametrize(
    "terms",
    [
        credit(None, rate_bp=1250, cap_minor=5000, person_cap_minor=9000, minimum_minor=2000),
        credit(fallback_kind=Kind.STORE_CREDIT, fallback_days=0, credit_life_days=90),
        credit(steps=(Step(1, 1000), Step(5, 1500), Step(9, 2000))),
        credit(trigger=Trigger.MILESTONE, milestone_at=3),
        credit(trigger=Trigger.RENEWAL, times=12),
        cash(minimum_payout_minor=2000),
        gift(),
        replace(credit(), kind=Kind.FREE_PERIOD, periods=3),
        replace(credit(), kind=Kind.DISCOUNT, discount_days=30, discount_minimum_minor=500),
        replace(
            credit(None), kind=Kind.RECOGNITION, words="Thank you!", own_words=True, minimum_minor=5
        ),
        replace(
            credit(),
            kind=Kind.CHOICE,
            choices=(Kind.CASH, Kind.GIFT),
            choose_within_days=14,
            minimum_payout_minor=2000,
        ),
    ],
    ids=lambda terms: f"{terms.kind}-{terms.trigger}",
)
def test_a_form_sent_as_it_was_shown_changes_nothing(desk: Desk, terms: OfferTerms) -> None:
    with within(desk.shop.business.id), transaction():
        publish_offer(desk.shop.program, terms, at=clock.now())
    typed = typed_offer(Side.ADVOCATE, present(desk))
    assert post(desk.client, path(desk), **typed).status_code == 303
    assert present(desk).version == 2
