"""Writing a thank-you to one person at the console, when approving it."""

import pytest
from flask import Flask

from referral.domain.businesses import within
from referral.domain.programs import Offer, Side, current_offers
from referral.domain.rewards import Reward
from referral.domain.rewards.recognition import words_of
from referral.foundation import clock
from tests.cast import Shop, open_shop
from tests.console.conftest import Desk
from tests.console.test_decisions import earned
from tests.console.visiting import check_page, post
from tests.domain.test_recognition import THANKS, thanks

OWN = "Alice, <b>Bob</b> fits in so well. Thank you!"
FIELD = 'name="words"'


@pytest.fixture
def shop(app: Flask) -> Shop:
    """A shop that thanks in words."""
    return open_shop(advocate=thanks(), at=clock.now())


def approve(desk: Desk, reward: Reward, **typed: str) -> object:
    known = {"chosen": reward.public_id, "single": "yes", "reason": "Lovely.", **typed}
    return post(desk.client, "/console/rewards/approve", **known)


def said(desk: Desk, reward: Reward) -> tuple[str | None, str | None]:
    with within(desk.shop.business.id):
        return words_of(reward)


def test_what_olive_writes_is_kept_with_her_name(desk: Desk) -> None:
    (reward,) = earned(desk.shop, "bob")
    page = f"/console/rewards/{reward.public_id}"
    assert FIELD in check_page(desk.client.get(page))
    assert approve(desk, reward, words=OWN).status_code == 303
    assert said(desk, reward) == (OWN, "Olive")
    shown = check_page(desk.client.get(page))
    assert "&lt;b&gt;Bob&lt;/b&gt; fits in so well. Thank you! (Olive)" in shown
    assert FIELD not in shown


def test_nothing_written_leaves_the_offers_words(desk: Desk) -> None:
    (reward,) = earned(desk.shop, "bob")
    assert approve(desk, reward, words=" ").status_code == 303
    assert (said(desk, reward), reward.state) == ((THANKS, None), "approved")


def test_what_is_too_long_is_said_beside_it_and_kept_as_typed(desk: Desk) -> None:
    (reward,) = earned(desk.shop, "bob")
    answer = approve(desk, reward, words="x" * 501)
    text = check_page(answer, 422)
    assert 'id="e-words"' in text
    assert "x" * 501 in text
    assert reward.state == "pending"


def test_many_at_once_are_thanked_in_the_offers_words(desk: Desk) -> None:
    first, second = earned(desk.shop, "bob", "tim")
    chosen = [first.public_id, second.public_id]
    for single in ({}, {"single": "yes"}):
        post(
            desk.client,
            "/console/rewards/approve",
            chosen=chosen,
            reason="All.",
            words="x" * 501,
            **single,
        )
    assert [said(desk, one) for one in (first, second)] == [(THANKS, None)] * 2
    assert first.state == second.state == "approved"


def test_an_offer_may_ask_for_words_to_each(desk: Desk) -> None:
    path = f"/console/programs/{desk.shop.program.public_id}/offers/advocate"
    typed = {
        "advocate_kind": "recognition",
        "advocate_trigger": "first_purchase",
        "advocate_words": THANKS,
    }
    assert post(desk.client, path, **typed, advocate_own_words="yes").status_code == 303
    assert present(desk).own_words is True
    assert 'name="advocate_own_words" type="checkbox" value="yes" checked' in " ".join(
        check_page(desk.client.get(path)).split()
    )
    assert post(desk.client, path, **typed).status_code == 303
    assert present(desk).own_words is False


def present(desk: Desk) -> Offer:
    with within(desk.shop.business.id):
        return current_offers(desk.shop.program.id)[Side.ADVOCATE]
