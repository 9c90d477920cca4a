"""A thank-you in words: earned, held and approved like any reward, and worth no money."""

import pytest
from flask import Flask
from sqlalchemy import select

from referral.commands.offers import read_offer
from referral.domain.businesses import within
from referral.domain.programs import Kind, OfferTerms, Side, Trigger
from referral.domain.rewards import Grant, LedgerEntry, Reward
from referral.foundation.db import session
from referral.foundation.errors import Invalid
from tests.cast import Shop, open_shop
from tests.provider import Provider, ripen_due, send_due

THANKS = "You brought us Bob. Come by, the next coffee is on the house. Olive"
pytestmark = pytest.mark.usefixtures("audited")


def thanks(words: str | None = THANKS, **terms: object) -> OfferTerms:
    return OfferTerms(  # type: ignore[arg-type]
        side=Side.ADVOCATE,
        kind=Kind.RECOGNITION,
        trigger=Trigger.FIRST_PURCHASE,
        words=words,
        **terms,
    )


def bought() -> tuple[Shop, Reward]:
    shop = open_shop(advocate=thanks())
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=5).signup("bob", token=token)
    shop.purchase("bob", keys=("in_bob",))
    return shop, reward_of(shop)


def reward_of(shop: Shop) -> Reward:
    with within(shop.business.id):
        query = select(Reward).where(Reward.side == Side.ADVOCATE).order_by(Reward.id.desc())
        found = session.scalars(query).first()
    assert found is not None
    return found


def give(shop: Shop) -> None:
    shop.later(days=31)
    with within(shop.business.id):
        ripen_due(at=shop.now)
        send_due(Provider(), at=shop.now)


def test_thanks_are_granted_after_the_hold_without_money_or_provider(app: Flask) -> None:
    shop, reward = bought()
    give(shop)
    with within(shop.business.id):
        session.refresh(reward)
        act = session.scalars(select(Grant).where(Grant.reward_id == reward.id)).one()
        moved = session.scalars(select(LedgerEntry)).all()
    assert (reward.state, reward.amount_minor, reward.offer.words) == ("granted", 0, THANKS)
    assert (act.operation, act.state, act.object_id) == ("thanks", "done", act.public_id)
    assert moved == []


def test_thanks_for_a_purchase_that_went_back_whole_are_cancelled(app: Flask) -> None:
    shop, reward = bought()
    with within(shop.business.id):
        purchase = reward.purchase
    assert purchase is not None
    shop.refund(purchase, 6000)
    assert reward_of(shop).state == "pending"
    shop.refund(purchase, 6000)
    assert (reward_of(shop).state, reward_of(shop).reason) == ("cancelled", "refunded")


def test_thanks_that_were_given_stay_given(app: Flask) -> None:
    shop, reward = bought()
    give(shop)
    with within(shop.business.id):
        purchase = reward.purchase
    assert purchase is not None
    shop.refund(purchase, 12000)
    with within(shop.business.id):
        session.refresh(reward)
    assert (reward.state, reward.clawback_minor) == ("granted", 0)


@pytest.mark.parametrize(
    "terms", [thanks(None), thanks("  "), thanks("x" * 501), thanks("0"), thanks(amount_minor=100)]
)
def test_thanks_need_words_and_no_amount(terms: OfferTerms) -> None:
    with pytest.raises(Invalid):
        terms.check("eur")


def test_thanks_are_typed_as_words() -> None:
    terms = read_offer(Side.ADVOCATE, "recognition:Thank you: all of you", "signup")
    assert terms is not None
    assert (terms.kind, terms.words, terms.amount_minor) == (
        Kind.RECOGNITION,
        "Thank you: all of you",
        None,
    )
