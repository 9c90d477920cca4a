"""What the form shows before anybody has said who they are."""

import pytest

from referral.domain.businesses import within
from referral.domain.links import give_link
from referral.domain.programs import ProgramState, ProgramTerms, change_state, create_program
from referral.domain.reports.invitation import UNPROVED
from referral.foundation.db import session, transaction
from tests.widget.conftest import Page


def test_a_visitor_without_an_invitation_sees_whose_form_it_is(page: Page):
    said = page.config().json

    assert said["business"] == {"name": "Corner Coffee"}
    assert said["program"]["id"] == page.shop.program.public_id
    assert said["heading"] == "Sign up with Corner Coffee"
    assert said["invitation"]["reason"] == "no_evidence"
    assert said["invitation"]["invited_by"] is None
    assert said["friend_offer"] is None


def test_a_token_shows_who_invited_and_what_for(page: Page):
    said = page.config(ref=token_of_alice(page)).json

    assert said["heading"] == "Alice invited you to Corner Coffee"
    assert said["friend_offer"]["words"] == "20% off your first order"
    assert said["friend_offer"]["rate_bp"] == 2000
    assert said["advocate_offer"]["amount_minor"] == 1000
    assert said["disclosure"] == (
        "Alice gets €10.00 credit on their next bill after each friend's first purchase."
        " Corner Coffee will send your own link to this address."
    )


def test_only_the_first_name_of_who_invited_is_told(page: Page):
    alice = page.shop.customer("alice", full_name="Alice Margaret Archer")

    answer = page.config(code=page.shop.link_of(alice).code)

    assert answer.json["invitation"]["invited_by"] == "Alice"
    assert "Archer" not in answer.text
    assert "alice@" not in answer.text


def test_a_code_counts_however_it_is_typed(page: Page):
    code = page.shop.link_of(page.shop.customer("alice")).code

    said = page.config(code=f" {code[:3].lower()} {code[3:]} ").json

    assert said["invitation"]["outcome"] == "referred"


def test_a_wrong_code_names_nobody_and_says_what_to_do(page: Page):
    code = page.shop.link_of(page.shop.customer("alice")).code
    wrong = ("3" if code[0] == "2" else "2") + code[1:]

    invitation = page.config(code=wrong).json["invitation"]

    assert invitation["invited_by"] is None
    assert invitation["code_error"].startswith("We do not know this code.")


def test_a_wrong_code_beside_a_good_link_is_still_complained_of(page: Page):
    invitation = page.config(ref=token_of_alice(page), code="NOTACODE").json["invitation"]

    assert invitation["outcome"] == "referred"
    assert invitation["invited_by"] == "Alice"
    assert invitation["code_error"].startswith("We do not know this code.")


def test_a_token_we_did_not_sign_is_no_invitation(page: Page):
    for token in ("x" * 66, "wom_" + "y" * 66, "<script>", "\x00", "é" * 400):
        answer = page.config(ref=token)

        assert answer.status_code == 200, token
        assert answer.json["invitation"]["reason"] == "unreadable"
        assert answer.json["friend_offer"] is None


def test_an_old_link_says_that_it_has_expired(page: Page):
    shop = page.shop
    link = shop.link_of(shop.customer("alice"))
    shop.later(days=-90)

    invitation = page.config(ref=shop.click(link)).json["invitation"]

    assert invitation["reason"] == "expired"
    assert invitation["invited_by"] is None
    assert "expired" in invitation["message"]


@pytest.mark.parametrize("state", [ProgramState.PAUSED, ProgramState.CLOSED])
def test_a_program_that_is_not_open_offers_nothing_but_still_takes_signups(page: Page, state: str):
    token = token_of_alice(page)
    move(page, state)

    said = page.config(ref=token).json

    assert said["program"]["state"] == state
    assert said["friend_offer"] is said["advocate_offer"] is None
    assert said["invitation"]["reason"] == "program_closed"
    assert said["disclosure"] == ""
    assert "sign up all the same" in said["invitation"]["message"]


def test_several_open_programs_must_be_told_apart(page: Page):
    second = add_program(page)

    assert page.config().status_code == 422
    assert page.config().json["errors"][0]["field"] == "program"
    assert page.config(program=second).json["program"]["id"] == second


def test_the_only_open_program_is_meant_when_none_is_named(page: Page):
    second = add_program(page)
    move(page, ProgramState.CLOSED)

    assert page.config().json["program"]["id"] == second


def test_a_link_shown_on_a_page_never_names_its_owner(page: Page):
    alice = page.shop.customer("alice")
    with within(page.shop.business.id), transaction():
        link = give_link(alice, page.shop.program, at=page.shop.now, source=UNPROVED)

    said = page.config(code=link.code).json

    assert said["heading"] == "A friend invited you to Corner Coffee"
    assert said["friend_offer"]["words"] == "20% off your first order"


def test_a_program_that_does_not_exist_is_not_found(page: Page):
    for program in ("prg_unknown", "prg_" + "0" * 26, "\x00", "../admin"):
        assert page.config(program=program).status_code == 404, program


def test_a_personal_answer_is_never_kept_by_a_cache(page: Page):
    assert page.config(ref=token_of_alice(page)).headers["Cache-Control"] == "no-store"


def token_of_alice(page: Page) -> str:
    """Follow alice's link and return the token."""
    return page.shop.click(page.shop.link_of(page.shop.customer("alice")))


def add_program(page: Page) -> str:
    """Open a second program and return its id."""
    terms = ProgramTerms(name="Winter", landing_url="https://shop.example/winter")
    with within(page.shop.business.id), transaction():
        return create_program(page.shop.business, terms, at=page.shop.now).public_id


def move(page: Page, state: str) -> None:
    """Pause or close the shop's first program."""
    with within(page.shop.business.id), transaction():
        change_state(page.shop.program, ProgramState(state))
        session.merge(page.shop.program)


def test_a_program_that_gives_no_more_says_so_before_anybody_signs_up(page: Page):
    with within(page.shop.business.id), transaction():
        page.shop.program.budget_minor = 999

    said = page.config(ref=token_of_alice(page)).json

    assert len(said["cautions"]) == 1
    assert "there may be no thank-you for it at present" in said["disclosure"]
    assert "gets €10.00" not in said["disclosure"]
