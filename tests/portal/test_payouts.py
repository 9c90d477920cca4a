"""Getting paid: set up at Stripe on a click, read back from there, and told in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from referral import create_app
from referral.domain.businesses import within
from referral.domain.businesses.audit import SYSTEM
from referral.domain.people import Payee, payee_of
from referral.domain.programs import publish_offer
from referral.domain.rewards import Reward
from referral.domain.rewards.holds import HoldKind, place_hold
from referral.foundation import clock
from referral.foundation.db import db, session, transaction
from referral.worker import work_all
from tests.cast import cash
from tests.fixtures import settings_for
from tests.portal.visiting import Visitor, World, heading_of, words_of
from tests.stories.trade import connect
from tools.practice_stripe import PracticeStripe, start

ALICE = "alice@mail.example"


@pytest.fixture
def practice() -> Iterator[PracticeStripe]:
    with start() as running:
        yield running.practice


@pytest.fixture
def world(database_url: str, practice: PracticeStripe) -> Iterator[World]:
    """A shop whose alice has earned 10.00 in money, which is approved."""
    app = create_app(settings_for(database_url, stripe_api_base=practice.url))
    made = World(app)
    with made.at_work():
        connect(made.shop)
        earn(made)
    yield made
    with app.app_context():
        db.engine.dispose()


def earn(world: World) -> None:
    shop = world.shop
    with within(shop.business.id), transaction():
        shop.program.hold_days = 0
        publish_offer(shop.program, cash(), at=shop.now)
    token = shop.click(shop.link_of(shop.customer("alice", full_name="Alice Sommer")))
    shop.signup("bob", token=token)
    shop.purchase("bob")
    work_all()


def payee(world: World) -> Payee | None:
    with world.at_work(), within(world.shop.business.id):
        return payee_of(world.shop.customer("alice").id)


def begin(alice: Visitor, country: str = "US") -> str:
    answer = alice.post("/payouts", country=country)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def set_up(world: World, practice: PracticeStripe, alice: Visitor) -> None:
    """Give Stripe everything it asks for, come back, and let the worker come by."""
    begin(alice)
    found = payee(world)
    assert found is not None
    practice.finish_onboarding(found.account_id)
    alice.get("/payouts/back")
    with world.at_work():
        work_all()


def test_the_way_from_the_reward_to_stripes_own_page(world: World, practice: PracticeStripe):
    alice = world.signed_in(ALICE)
    rewards = alice.get("/rewards").text
    assert "Tell us where to send your money" in rewards
    page = alice.get("/payouts")
    assert heading_of(page.text) == "Get paid"
    assert "€10.00" in words_of(page.text)
    assert f"form-action 'self' https://connect.stripe.com {practice.url};" in str(
        page.headers["Content-Security-Policy"]
    )
    assert begin(alice).startswith(f"{practice.url}/onboarding/")
    (made,) = practice.calls("POST", "/v1/accounts")
    assert made["params"]["country"] == "US"
    found = payee(world)
    assert found is not None and not found.can_be_paid


def earn_more(world: World, name: str, **terms: object) -> None:
    """Have alice earn 10.00 more, by an offer of other terms."""
    shop = world.shop
    with world.at_work():
        with within(shop.business.id), transaction():
            publish_offer(shop.program, cash(**terms), at=shop.now)
        shop.signup(name, token=shop.click(shop.link_of(shop.customer("alice"))))
        shop.purchase(name)
        work_all()


def test_what_is_below_the_smallest_payout_says_how_much_is_missing(
    world: World, practice: PracticeStripe
):
    earn_more(world, "carol", minimum_payout_minor=2500)
    alice = world.signed_in(ALICE)
    said = words_of(alice.get("/payouts").text)
    assert "Ready for you €10.00 Gathering €10.00 €15.00 more, and it is paid" in said
    set_up(world, practice, alice)
    said = words_of(alice.get("/payouts").text)
    assert "Gathering €10.00 €15.00 more, and it is paid" in said
    assert "Ready for you" not in said
    earn_more(world, "dave", minimum_payout_minor=1500)
    said = words_of(alice.get("/payouts").text)
    assert ("Gathering" in said, "Ready for you" in said) == (False, False)
    assert len(practice.calls("POST", "/v1/transfers")) == 3


def test_what_has_gathered_is_ready_and_what_is_held_is_not(world: World):
    for name in ("carol", "dave"):
        earn_more(world, name, minimum_payout_minor=2000)
    alice = world.signed_in(ALICE)
    assert "Ready for you €30.00" in words_of(alice.get("/payouts").text)
    with world.at_work(), within(world.shop.business.id), transaction():
        last = session.scalars(select(Reward).order_by(Reward.id.desc())).first()
        assert last is not None
        place_hold(last, HoldKind.STAFF, reason="Look.", actor=SYSTEM, at=clock.now())
    said = words_of(alice.get("/payouts").text)
    assert "Ready for you €10.00 Gathering €10.00 €10.00 more, and it is paid" in said
    assert "Looked at first €10.00" in said


def test_what_waits_for_an_account_is_not_expected_any_moment(world: World):
    alice = world.signed_in(ALICE)
    (reward,) = set(re.findall(r"/rewards/(rwd_\w+)", alice.get("/rewards").text))
    said = words_of(alice.get(f"/rewards/{reward}").text)
    assert "Expected once what it waits for is there" in said
    assert "any moment" not in said


def test_a_second_click_makes_a_fresh_link_and_no_second_account(
    world: World, practice: PracticeStripe
):
    alice = world.signed_in(ALICE)
    first, second = begin(alice), begin(alice)
    again = alice.get("/payouts/again")
    assert again.status_code == 303
    assert len({first, second, again.location}) == 3
    assert len(practice.calls("POST", "/v1/accounts")) == 1


def test_coming_back_proves_nothing_and_says_what_is_missing(
    world: World, practice: PracticeStripe
):
    alice = world.signed_in(ALICE)
    begin(alice)
    found = payee(world)
    assert found is not None
    practice.leave_onboarding(found.account_id)
    back = alice.get("/payouts/back")
    assert (back.status_code, back.location) == (303, f"/portal/{alice.slug}/payouts")
    said = words_of(alice.get("/payouts").text)
    assert "Your bank account" in said and "Your yes to Stripe's terms" in said
    assert said.count("Your yes to Stripe's terms") == 1
    assert "Go on at Stripe" in said


def test_when_everything_is_given_the_money_goes(world: World, practice: PracticeStripe):
    alice = world.signed_in(ALICE)
    set_up(world, practice, alice)
    said = words_of(alice.get("/payouts").text)
    assert "You are set up" in said and "Almost there" not in said
    assert "Tell us where" not in alice.get("/rewards").text
    assert len(practice.calls("POST", "/v1/transfers")) == 1


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        ("reject_payee", "Stripe does not pay to this account."),
        ("deauthorise", "is not connected any more. Set it up once more."),
        ("require_more", "A photo of your identity card or passport"),
    ],
)
def test_what_stripe_does_to_an_account_is_told(
    world: World, practice: PracticeStripe, happens: str, said: str
):
    alice = world.signed_in(ALICE)
    begin(alice)
    found = payee(world)
    assert found is not None
    practice.finish_onboarding(found.account_id)
    getattr(practice, happens)(found.account_id)
    alice.get("/payouts/back")
    assert said in words_of(alice.get("/payouts").text)


def test_after_an_account_left_another_is_made(world: World, practice: PracticeStripe):
    alice = world.signed_in(ALICE)
    begin(alice)
    found = payee(world)
    assert found is not None
    practice.deauthorise(found.account_id)
    alice.get("/payouts/back")
    begin(alice)
    other = payee(world)
    assert other is not None and other.account_id != found.account_id


def test_another_country_begins_anew_while_nothing_is_ready(world: World, practice: PracticeStripe):
    alice = world.signed_in(ALICE)
    begin(alice, "US")
    begin(alice, "DE")
    found = payee(world)
    assert found is not None and found.country == "DE"
    practice.finish_onboarding(found.account_id)
    alice.get("/payouts/back")
    begin(alice, "FR")
    kept = payee(world)
    assert kept is not None and kept.account_id == found.account_id


@pytest.mark.parametrize("country", ["", "XX", "U", "<b>", "ZZZZ"])
def test_a_country_must_be_chosen(world: World, practice: PracticeStripe, country: str):
    answer = world.signed_in(ALICE).post("/payouts", country=country)
    assert answer.status_code == 422
    assert "Choose the country you live in." in answer.text
    assert practice.calls("POST", "/v1/accounts") == []


@pytest.mark.parametrize("fault", ["refuse", "500"])
def test_when_stripe_is_away_it_says_so_and_nothing_is_lost(
    world: World, practice: PracticeStripe, fault: str
):
    alice = world.signed_in(ALICE)
    practice.fault(fault, times=10)
    answer = alice.post("/payouts", country="US")
    assert (answer.status_code, answer.location) == (303, f"/portal/{alice.slug}/payouts")
    assert "Stripe does not answer just now." in alice.get("/payouts").text
    practice.clear_faults()
    begin(alice)
    assert len(practice.calls("POST", "/v1/accounts")) >= 1
    assert payee(world) is not None


def test_somebody_without_money_has_nothing_to_set_up(world: World):
    with world.at_work():
        world.shop.customer("charlie")
    charlie = world.signed_in("charlie@mail.example")
    assert "Nothing to set up yet" in charlie.get("/payouts").text
    assert charlie.get("/payouts/again").location == f"/portal/{charlie.slug}/payouts"
    assert charlie.get("/payouts/back").location == f"/portal/{charlie.slug}/payouts"


def test_charlie_sees_and_changes_only_their_own_account(world: World, practice: PracticeStripe):
    with world.at_work():
        world.shop.customer("charlie")
    begin(world.signed_in(ALICE))
    charlie = world.signed_in("charlie@mail.example")
    assert "Almost there" not in charlie.get("/payouts").text
    assert practice.calls("POST", "/v1/account_links")[-1:] != []
    assert len(practice.calls("POST", "/v1/account_links")) == 1


@pytest.mark.parametrize("path", ["/payouts", "/payouts/again", "/payouts/back"])
def test_signed_out_leads_to_signing_in(world: World, path: str):
    answer = world.visitor().get(path)
    assert answer.status_code == 303
    assert "/sign-in" in answer.location


def test_a_form_of_another_site_begins_nothing(world: World, practice: PracticeStripe):
    alice = world.signed_in(ALICE)
    answer = alice.client.post(f"/portal/{alice.slug}/payouts", data={"country": "US"})
    assert answer.status_code == 400
    assert practice.calls("POST", "/v1/accounts") == []


def test_no_link_to_stripe_is_kept_or_shown(world: World):
    alice = world.signed_in(ALICE)
    link = begin(alice)
    pages = alice.get("/payouts").text + alice.get("/rewards").text
    assert not re.search(re.escape(link), pages)
