"""Limiting the use of a discount's code at the console."""

from datetime import timedelta

from referral.domain.businesses import within
from referral.domain.programs import Offer, Side, current_offers
from referral.domain.rewards import Reward
from referral.domain.rewards.moving import update_reward
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post
from tests.portal.visiting import words_of
from tests.provider import Provider, ripen_due, send_due

DISCOUNT = {"friend_kind": "discount", "friend_trigger": "signup", "friend_worth": "20%"}
LIMITED = {
    "friend_discount_days": "30",
    "friend_discount_minimum": "50",
    "friend_first_order_only": "yes",
}


def path(desk: Desk) -> str:
    return f"/console/programs/{desk.shop.program.public_id}/offers/friend"


def present(desk: Desk) -> Offer:
    with within(desk.shop.business.id):
        return current_offers(desk.shop.program.id)[Side.FRIEND]


def test_the_limits_are_published_and_filled_in_again(desk: Desk) -> None:
    assert post(desk.client, path(desk), **DISCOUNT, **LIMITED).status_code == 303
    offer = present(desk)
    assert (offer.discount_days, offer.discount_minimum_minor) == (30, 5000)
    assert offer.first_order_only
    page = check_page(desk.client.get(path(desk)))
    assert 'value="30"' in page
    assert "20% off their first order of at least €50.00, within 30 days" in words_of(page)


def test_what_does_not_fit_is_said_beside_it(desk: Desk) -> None:
    for more, beside in (
        ({"friend_discount_days": "0"}, "friend_discount_days"),
        ({"friend_discount_days": "soon"}, "friend_discount_days"),
        ({"friend_discount_minimum": "0"}, "friend_discount_minimum"),
        ({"friend_discount_minimum": "much"}, "friend_discount_minimum"),
    ):
        page = check_page(post(desk.client, path(desk), **{**DISCOUNT, **more}), 422)
        assert f'id="e-{beside}"' in page, more


def test_what_only_other_kinds_have_is_not_read(desk: Desk) -> None:
    others = {"friend_credit_life_days": "soon", "friend_choose_days": "x", "friend_payout": "-"}
    assert post(desk.client, path(desk), **DISCOUNT, **others).status_code == 303


def test_a_rewards_page_says_when_its_code_ends_and_that_it_did(desk: Desk) -> None:
    desk.shop.signup("bob", token=desk.shop.click(desk.shop.link_of(desk.shop.customer("alice"))))
    with within(desk.shop.business.id):
        ripen_due(at=clock.now())
        send_due(Provider(), at=clock.now())
        reward = session.query(Reward).one()
        with transaction():
            update_reward(reward, use_by=clock.now() + timedelta(days=30))
    page = f"/console/rewards/{reward.public_id}"
    assert "Its code ends" in words_of(check_page(desk.client.get(page)))
    with within(desk.shop.business.id), transaction():
        update_reward(reward, lapsed_at=clock.now())
    assert "Its code ended unused" in words_of(check_page(desk.client.get(page)))
