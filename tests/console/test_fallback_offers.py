"""Saying at the console what is given instead of credit to somebody who is no customer."""

import re

from referral.domain.businesses import within
from referral.domain.programs import Offer, Side, current_offers
from tests.cast import credit
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post
from tests.portal.visiting import words_of

CREDIT = {
    "advocate_kind": "account_credit",
    "advocate_trigger": "first_purchase",
    "advocate_worth": "10",
}


def path(desk: Desk) -> str:
    return f"/console/programs/{desk.shop.program.public_id}/offers/advocate"


def present(desk: Desk) -> Offer:
    with within(desk.shop.business.id):
        return current_offers(desk.shop.program.id)[Side.ADVOCATE]


def test_what_is_given_instead_is_chosen_with_its_days_and_said(desk: Desk) -> None:
    answer = post(
        desk.client, path(desk), **CREDIT, advocate_instead="gift", advocate_instead_days="30"
    )
    assert answer.status_code == 303
    assert (present(desk).fallback_kind, present(desk).fallback_days) == ("gift", 30)
    page = check_page(desk.client.get(path(desk)))
    assert 'value="gift" selected' in page
    said = "If they have no account for billing with us 30 days after it is confirmed"
    assert said in words_of(page)
    program = desk.client.get(f"/console/programs/{desk.shop.program.public_id}")
    assert f"{said}, they get a gift code instead." in words_of(check_page(program))


def test_days_may_be_left_out_or_none(desk: Desk) -> None:
    for typed, days in (("", 14), ("0", 0)):
        more = {"advocate_instead": "store_credit", "advocate_instead_days": typed}
        assert post(desk.client, path(desk), **CREDIT, **more).status_code == 303
        assert present(desk).fallback_days == days


def test_what_only_the_other_kind_needs_goes_with_it(desk: Desk) -> None:
    cash = {"advocate_instead": "cash", "advocate_payout": "20"}
    assert post(desk.client, path(desk), **CREDIT, **cash).status_code == 303
    assert present(desk).minimum_payout_minor == 2000
    kept = {"advocate_instead": "store_credit", "advocate_credit_life_days": "90"}
    assert post(desk.client, path(desk), **CREDIT, **kept).status_code == 303
    assert (present(desk).credit_life_days, present(desk).minimum_payout_minor) == (90, None)


def test_only_what_is_given_instead_has_its_terms(desk: Desk) -> None:
    for more, said in (
        ({"instead": "cash", "payout": "20"}, "money to a bank account instead, sent from €20.00"),
        (
            {"instead": "store_credit", "credit_life_days": "90"},
            "credit to spend with us instead, to be spent within 90 days",
        ),
    ):
        named = {f"advocate_{name}": value for name, value in more.items()}
        assert post(desk.client, path(desk), **CREDIT, **named).status_code == 303
        shown = words_of(check_page(desk.client.get(path(desk))))
        assert said in shown
        assert re.search(r"credit on their next bill after each friend's first purchase \(", shown)


def test_what_does_not_fit_is_said_beside_it(desk: Desk) -> None:
    for more, beside in (
        ({"advocate_instead": "discount"}, "advocate_instead"),
        ({"advocate_instead": "nonsense"}, "advocate_instead"),
        ({"advocate_instead": "gift", "advocate_instead_days": "soon"}, "advocate_instead_days"),
        ({"advocate_instead": "gift", "advocate_instead_days": "400"}, "advocate_instead_days"),
        ({"advocate_instead": "gift", "advocate_worth": "10%"}, "advocate_worth"),
    ):
        page = check_page(post(desk.client, path(desk), **{**CREDIT, **more}), 422)
        assert f'id="e-{beside}"' in page, more
    assert present(desk).fallback_kind is None


def test_another_kind_leaves_it_alone(desk: Desk) -> None:
    typed = {**CREDIT, "advocate_kind": "cash", "advocate_instead": "gift"}
    assert post(desk.client, path(desk), **typed).status_code == 303
    assert (present(desk).kind, present(desk).fallback_kind) == ("cash", None)
    assert credit().fallback_kind is None


def test_a_limit_of_nothing_is_said_once_beside_it(desk: Desk) -> None:
    typed = {**CREDIT, "advocate_kind": "cash", "advocate_payout": "0"}
    wrong = check_page(post(desk.client, path(desk), **typed), 422)
    assert "Write an amount above zero, or leave it empty." in wrong
    assert "minor units" not in wrong
