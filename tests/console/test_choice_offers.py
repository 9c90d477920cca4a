"""Offering a choice at the console: the kinds are ticked, and bad ones are said beside them."""

import re

from referral.domain.businesses import within
from referral.domain.businesses.endpoints import set_endpoint
from referral.domain.programs import Offer, Side, current_offers
from referral.foundation import clock
from referral.foundation.db import transaction
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post

CHOICE = {"advocate_kind": "choice", "advocate_trigger": "first_purchase", "advocate_worth": "10"}
TICKED = {"advocate_choice_account_credit": "yes", "advocate_choice_charity": "yes"}


def path(desk: Desk) -> str:
    return f"/console/programs/{desk.shop.program.public_id}/offers/advocate"


def set_server(desk: Desk) -> None:
    with within(desk.shop.business.id), transaction():
        set_endpoint(desk.shop.business.id, "https://shop.example/gifts", at=clock.now())


def present(desk: Desk) -> Offer:
    with within(desk.shop.business.id):
        return current_offers(desk.shop.program.id)[Side.ADVOCATE]


def test_the_kinds_that_are_ticked_can_be_chosen(desk: Desk) -> None:
    page = check_page(desk.client.get(path(desk)))
    for name in ("account_credit", "gift", "charity"):
        assert f'name="advocate_choice_{name}"' in page

    answer = post(desk.client, path(desk), **CHOICE, **TICKED, advocate_choose_days="14")

    assert answer.status_code == 303
    offer = present(desk)
    assert (offer.kind, offer.choices) == ("choice", ["account_credit", "charity"])
    assert (offer.amount_minor, offer.choose_within_days) == (1000, 14)
    page = check_page(desk.client.get(path(desk)))
    assert page.count("checked") == 3
    assert "given the way they choose" in page


def test_a_choice_takes_a_smallest_payout_and_a_life_of_credit(desk: Desk) -> None:
    money = {"advocate_choice_cash": "yes", "advocate_choice_store_credit": "yes"}
    parts = {"advocate_payout": "20", "advocate_credit_life_days": "90"}
    assert post(desk.client, path(desk), **CHOICE, **money, **parts).status_code == 303
    assert (present(desk).minimum_payout_minor, present(desk).credit_life_days) == (2000, 90)
    assert post(desk.client, path(desk), **CHOICE, **TICKED, **parts).status_code == 303
    assert (present(desk).minimum_payout_minor, present(desk).credit_life_days) == (None, None)


def test_a_choice_of_one_kind_and_a_share_with_gifts_are_refused(desk: Desk) -> None:
    gifts = {**TICKED, "advocate_choice_gift": "yes"}
    for typed, beside in (
        ({**CHOICE, "advocate_choice_gift": "yes"}, "advocate_choices"),
        ({**CHOICE, **gifts, "advocate_worth": "10%"}, "advocate_worth"),
        ({**CHOICE, **TICKED, "advocate_choose_days": "0"}, "advocate_choose_days"),
        ({**CHOICE, **TICKED, "advocate_choose_days": "soon"}, "advocate_choose_days"),
    ):
        page = check_page(post(desk.client, path(desk), **typed), 422)
        assert re.findall(r'id="e-([a-z_]+)"', page) == [beside]
    assert present(desk).kind == "account_credit"


def test_a_gift_and_a_charity_are_offered_by_their_cards(desk: Desk) -> None:
    for kind in ("gift", "charity"):
        assert post(desk.client, path(desk), **{**CHOICE, "advocate_kind": kind}).status_code == 303
        assert (present(desk).kind, present(desk).amount_minor) == (kind, 1000)
    page = post(
        desk.client, path(desk), **{**CHOICE, "advocate_kind": "gift", "advocate_worth": "5%"}
    )
    assert "A gift has one worth" in check_page(page, 422)


def test_a_gift_of_the_own_server_is_offered_and_kept_in_the_next_version(desk: Desk) -> None:
    typed = {**CHOICE, "advocate_kind": "gift"}
    assert post(desk.client, path(desk), **typed).status_code == 303
    assert present(desk).fulfilment == "stock"
    own = {**typed, "advocate_fulfilment": "webhook"}
    refused = check_page(post(desk.client, path(desk), **own), 422)
    assert "Set up your gift server first" in refused
    assert 'id="e-advocate_fulfilment"' in refused
    set_server(desk)
    answer = post(desk.client, path(desk), **typed, advocate_fulfilment="webhook")
    assert (answer.status_code, present(desk).fulfilment) == (303, "webhook")
    page = check_page(desk.client.get(path(desk)))
    assert '<option value="webhook" selected' in page
    refused = check_page(post(desk.client, path(desk), **typed, advocate_fulfilment="pigeon"), 422)
    assert 'id="e-advocate_fulfilment"' in refused


def test_a_choice_with_a_gift_says_who_has_it_and_one_without_does_not(desk: Desk) -> None:
    typed = {**CHOICE, **TICKED, "advocate_fulfilment": "webhook"}
    set_server(desk)
    post(desk.client, path(desk), **typed)
    assert present(desk).fulfilment is None
    post(desk.client, path(desk), **typed, advocate_choice_gift="yes")
    assert present(desk).fulfilment == "webhook"
