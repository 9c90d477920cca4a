"""A gift of the business's own server in the portal: its note, and its code behind a button."""

from collections.abc import Iterator
from typing import Any

import pytest

from referral.domain.businesses import within
from referral.domain.businesses.endpoints import set_endpoint
from referral.domain.programs import Fulfilment
from referral.domain.rewards.gift_confirmations import confirmation_of
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.worker import work_all
from tests.cast import gift, open_shop
from tests.gift_server import ACCEPTED, GiftServer, gift_server
from tests.portal.test_pages import ALICE, alices_reward, buys, replaced, reward_url, sends
from tests.portal.visiting import World, words_of

GIVEN = {"status": "fulfilled", "reference": "p-7", "code": "TEA-1234", "note": "A pot of tea"}


@pytest.fixture
def server() -> Iterator[GiftServer]:
    """The business's own server."""
    with gift_server() as running:
        yield running


def earns(world: World, server: GiftServer, answer: tuple[int, Any]) -> None:
    """Have alice earn a gift of the shop's own server, which answers like this."""
    server.answer = answer
    terms = gift(fulfilment=Fulfilment.WEBHOOK)
    with world.at_work():
        replaced(world, open_shop("Gifts", advocate=terms, hold_days=0, at=clock.now()))
        with within(world.shop.business.id), transaction():
            set_endpoint(world.shop.business.id, server.url, at=clock.now())
    sends(world, "bob")
    buys(world, "bob")
    with world.at_work():
        work_all()


def test_the_code_stands_behind_a_button_beside_its_note(world: World, server: GiftServer) -> None:
    earns(world, server, (200, GIVEN))
    alice = world.signed_in(ALICE)
    url = reward_url(alice)
    before = alice.get(url).text

    answer = alice.post(f"{url}/code", url)

    after = alice.get(url).text
    assert (answer.status_code, "TEA-1234" in before, "TEA-1234" in after) == (303, False, True)
    assert "A pot of tea" in words_of(before)
    assert "Show the code" not in after
    with world.at_work(), within(world.shop.business.id):
        known = confirmation_of(alices_reward().id)
        assert known is not None
        assert known.shown_at is not None


def test_a_gift_without_a_code_has_none_to_show(world: World, server: GiftServer) -> None:
    earns(world, server, (200, {"status": "fulfilled", "reference": "p-8"}))
    alice = world.signed_in(ALICE)
    url = reward_url(alice)
    assert "Show the code" not in alice.get(url).text
    assert alice.post(f"{url}/code", "/account").status_code == 404


def test_a_gift_that_was_accepted_says_that_it_is_being_prepared(
    world: World, server: GiftServer
) -> None:
    earns(world, server, ACCEPTED)
    alice = world.signed_in(ALICE)
    assert "It is being prepared" in words_of(alice.get(reward_url(alice)).text)


def test_nobody_else_can_ask_for_the_code(world: World, server: GiftServer) -> None:
    earns(world, server, (200, GIVEN))
    url = reward_url(world.signed_in(ALICE))
    with world.at_work():
        world.shop.customer("charlie")
    charlie = world.signed_in("charlie@mail.example")
    assert charlie.post(f"{url}/code", "/account").status_code == 404
