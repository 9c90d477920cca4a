"""A gift in the portal: announced by mail, shown when asked for, and its person's alone."""

from datetime import timedelta

from referral.domain.businesses import within
from referral.domain.rewards.gift_stock import code_of
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.cast import Shop, fill_stock, gift, open_shop
from tests.portal.test_pages import ALICE, alices_reward, buys, replaced, reward_url, sends
from tests.portal.visiting import World, words_of
from tests.provider import Provider, ripen_due, send_due


def given(world: World, codes: str = "GIFT-CODE-0001,2031-12-31") -> None:
    """Have alice earn a gift that is given at once, if there is a code."""
    with world.at_work():
        replaced(world, open_shop("Gifts", advocate=gift(), hold_days=0, at=clock.now()))
    sends(world, "bob")
    buys(world, "bob")
    with world.at_work():
        if codes:
            fill_stock(world.shop, codes)
        work(world.shop)


def work(shop: Shop) -> None:
    with within(shop.business.id):
        ripen_due(at=clock.now())
        send_due(Provider(), at=clock.now())
    for known in (shop.business, shop.program):
        session.refresh(known)


def test_the_code_stands_behind_a_button_until_somebody_looks(world: World) -> None:
    given(world)
    alice = world.signed_in(ALICE)
    url = reward_url(alice)
    before = alice.get(url).text

    answer = alice.post(f"{url}/code", url)

    after = alice.get(url).text
    assert (answer.status_code, answer.location) == (303, url)
    assert ("GIFT-CODE-0001" in before, "GIFT-CODE-0001" in after) == (False, True)
    assert ("Show the code" in before, "Show the code" in after) == (True, False)
    assert "Book voucher, valid until 31 Dec 2031" in words_of(after)
    with world.at_work(), within(world.shop.business.id):
        code = code_of(alices_reward().id)
    assert code is not None
    assert code.shown_at is not None


def test_a_gift_past_its_last_day_is_not_shown_as_if_it_could_be_used(world: World) -> None:
    last_day = clock.now().date()
    given(world, f"GIFT-CODE-0001,{last_day}")
    alice = world.signed_in(ALICE)
    url = reward_url(alice)
    today = words_of(alice.get(url).text)
    assert "Book voucher, valid until" in today
    with world.at_work(), within(world.shop.business.id), transaction():
        code = code_of(alices_reward().id)
        assert code is not None
        code.expires_on = last_day - timedelta(days=2)
    alice.post(f"{url}/code", url)
    later = words_of(alice.get(url).text)
    assert "Book voucher: it could be used until" in later
    assert "the last day to use it has passed" in later
    assert "GIFT-CODE-0001" in later
    assert ("valid until" in later, "It is yours: a gift" in later) == (False, False)


def test_a_gift_that_waits_for_codes_says_so(world: World) -> None:
    given(world, codes="")
    alice = world.signed_in(ALICE)
    page = words_of(alice.get(reward_url(alice)).text)
    assert "New gift codes are on their way to us" in page
    assert "Show the code" not in page


def test_a_reward_without_a_code_has_none_to_show(world: World) -> None:
    sends(world, "bob")
    buys(world, "bob")
    alice = world.signed_in(ALICE)
    url = reward_url(alice)
    assert alice.post(f"{url}/code", "/account").status_code == 404


def test_nobody_else_can_ask_for_the_code(world: World) -> None:
    given(world)
    url = reward_url(world.signed_in(ALICE))
    with world.at_work():
        world.shop.customer("charlie")
    charlie = world.signed_in("charlie@mail.example")
    assert charlie.post(f"{url}/code", "/account").status_code == 404
    stranger = world.visitor()
    assert "/sign-in" in stranger.post(f"{url}/code", "/sign-in").location
    with world.at_work(), within(world.shop.business.id):
        code = code_of(alices_reward().id)
    assert code is not None
    assert code.shown_at is None
