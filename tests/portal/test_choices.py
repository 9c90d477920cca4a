"""Choosing in the portal: how a reward is given, and to which charity."""

from referral.domain.businesses import within
from referral.domain.programs import Kind, OfferTerms
from referral.domain.rewards.charities import add_charity, find_charity, set_default
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.cast import open_shop
from tests.domain.test_choices import choice, to_charity
from tests.portal.test_gifts import work
from tests.portal.test_pages import ALICE, alices_reward, buys, replaced, reward_url, sends
from tests.portal.visiting import World, words_of


def earned(world: World, terms: OfferTerms, *, has_default: bool = False) -> str:
    """Have alice earn a reward she can choose about; returns the id of a charity."""
    with world.at_work():
        replaced(world, open_shop("Givers", advocate=terms, hold_days=0, at=clock.now()))
        with within(world.shop.business.id), transaction():
            charity = add_charity(
                world.shop.business.id, "Clean Rivers", "https://rivers.example", at=clock.now()
            )
            if has_default:
                set_default(charity)
    sends(world, "bob")
    buys(world, "bob")
    with world.at_work():
        work(world.shop)
    return charity.public_id


def standing(world: World) -> tuple[str, str]:
    with world.at_work(), within(world.shop.business.id):
        reward = alices_reward()
        session.refresh(reward)
        return reward.kind, reward.state


def test_alice_chooses_how_she_gets_it_and_may_change_her_mind(world: World) -> None:
    earned(world, choice())
    alice = world.signed_in(ALICE)
    url = reward_url(alice)
    listed = words_of(alice.get("/rewards").text)
    assert "Choose how you would like it" in listed
    assert "On the way €10.00 Given to you €0.00" in listed
    page = words_of(alice.get(url).text)
    for words in ("How would you like it?", "Credit on your next bill", "A gift", "To a charity"):
        assert words in page
    assert ("Choose below how you would like it." in page, "open it" in page) == (True, False)

    answer = alice.post(f"{url}/choice", url, kind="account_credit")

    assert (answer.status_code, answer.location) == (303, url)
    assert standing(world) == ("account_credit", "approved")
    page = words_of(alice.get(url).text)
    assert "Thank you. That is how you get it." in page
    assert "You chose Credit on your next bill" in page
    assert alice.post(f"{url}/choice", url, kind="gift").status_code == 303
    assert standing(world)[0] == "gift"


def test_alice_reads_what_each_way_is_like_before_she_chooses(world: World) -> None:
    kinds = (Kind.STORE_CREDIT, Kind.CASH)
    earned(world, choice(choices=kinds, credit_life_days=90, minimum_payout_minor=2000))
    alice = world.signed_in(ALICE)
    page = words_of(alice.get(reward_url(alice)).text)
    assert "You have 90 days to spend it." in page
    assert "It is sent once you have €20.00 waiting." in page
    promised = "credit with us to be spent within 90 days, money sent from €20.00 on"
    assert promised in words_of(alice.get("").text)


def test_a_reward_for_a_charity_goes_to_the_one_alice_picks(world: World) -> None:
    charity = earned(world, to_charity())
    alice = world.signed_in(ALICE)
    url = reward_url(alice)
    assert "Which charity?" in words_of(alice.get(url).text)
    assert "On the way €0.00 and €10.00 to a charity" in words_of(alice.get("/rewards").text)
    assert alice.post(f"{url}/choice", url, charity=charity).status_code == 303
    with world.at_work():
        work(world.shop)
    assert standing(world) == ("charity", "granted")
    page = words_of(alice.get(url).text)
    assert "To a charity: Clean Rivers" in page
    listed = words_of(alice.get("/rewards").text)
    assert "Given to you €0.00 and €10.00 to a charity" in listed
    assert "Which charity?" not in page
    late = alice.post(f"{url}/choice", "/account", charity=charity)
    assert late.status_code == 303
    assert "on its way already" in words_of(alice.get(url).text)


def test_who_did_not_choose_reads_which_charity_it_went_to(world: World) -> None:
    earned(world, to_charity(), has_default=True)
    assert standing(world) == ("charity", "granted")
    alice = world.signed_in(ALICE)
    page = words_of(alice.get(reward_url(alice)).text)
    assert "Goes to Clean Rivers" in page
    assert "You chose" not in page


def test_what_cannot_be_chosen_is_said_and_changes_nothing(world: World) -> None:
    earned(world, choice())
    alice = world.signed_in(ALICE)
    url = reward_url(alice)
    for typed in (
        {},
        {"kind": "discount"},
        {"kind": "nonsense"},
        {"kind": "charity"},
        {"kind": "charity", "charity": "cha_00000000000000000000000000"},
        {"kind": "charity", "charity": "x"},
    ):
        answer = alice.post(f"{url}/choice", url, **typed)
        assert answer.status_code == 422, typed
        assert "Please look at this again" in answer.text
    assert standing(world) == ("choice", "approved")


def test_nothing_chosen_is_no_choice_of_the_default_charity(world: World) -> None:
    charity = earned(world, choice())
    with world.at_work(), within(world.shop.business.id), transaction():
        set_default(find_charity(charity))
    alice = world.signed_in(ALICE)
    url = reward_url(alice)
    answer = alice.post(f"{url}/choice", url, charity=charity)
    assert answer.status_code == 422
    assert "Choose one of these." in answer.text
    assert standing(world) == ("choice", "approved")


def test_nobody_else_chooses_for_alice(world: World) -> None:
    earned(world, choice())
    url = reward_url(world.signed_in(ALICE))
    with world.at_work():
        world.shop.customer("charlie")
    charlie = world.signed_in("charlie@mail.example")
    assert charlie.post(f"{url}/choice", "/account", kind="gift").status_code == 404
    stranger = world.visitor().post(f"{url}/choice", "/sign-in", kind="gift")
    assert "/sign-in" in stranger.location
    assert standing(world)[0] == "choice"


def test_nobody_is_asked_to_pick_from_an_empty_list(world: World) -> None:
    charity = earned(world, to_charity())
    with world.at_work(), within(world.shop.business.id), transaction():
        find_charity(charity).is_active = False
    alice = world.signed_in(ALICE)
    url = reward_url(alice)
    page = words_of(alice.get(url).text)
    assert "No charity is on our list yet" in page
    assert "Which charity?" not in page
    with world.at_work(), within(world.shop.business.id), transaction():
        find_charity(charity).is_active = True
    assert "Which charity?" in words_of(alice.get(url).text)


def test_a_choice_offers_a_charity_only_where_one_is_on_the_list(world: World) -> None:
    charity = earned(world, choice())
    with world.at_work(), within(world.shop.business.id), transaction():
        find_charity(charity).is_active = False
    alice = world.signed_in(ALICE)
    page = words_of(alice.get(reward_url(alice)).text)
    assert ("A gift" in page, "To a charity" in page) == (True, False)
