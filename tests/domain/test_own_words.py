"""A thank-you that somebody writes for one person: kept, signed, sent once."""

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.businesses.audit import AuditEntry
from referral.domain.programs import Approval
from referral.domain.rewards import Reward
from referral.domain.rewards.moving import RewardMoved
from referral.domain.rewards.recognition import words_of
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from referral.foundation.ids import new_key
from tests.cast import Shop, credit, open_shop
from tests.domain.test_gifts import bought, fresh, notices
from tests.domain.test_recognition import THANKS, give, thanks

OLIVE, PAUL = (Actor("operator", name, new_key()) for name in ("Olive", "Paul"))
OWN = "Alice, Bob fits in so well. Thank you!"
pytestmark = pytest.mark.usefixtures("audited")


def approves(shop: Shop, reward: Reward, words: str = "", **said: object) -> bool:
    known = {"actor": OLIVE, "reason": "Lovely.", "at": shop.now, **said}
    with within(shop.business.id), transaction():
        return journey.approve_reward(reward, words=words, **known)  # type: ignore[arg-type]


def said(shop: Shop, reward: Reward) -> tuple[str | None, str | None]:
    with within(shop.business.id):
        return words_of(fresh(shop, reward))


def test_words_of_its_own_are_kept_signed_and_mailed_once(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=thanks()))
    approves(shop, reward, f"  {OWN}\n")
    give(shop)
    give(shop)
    assert (fresh(shop, reward).state, said(shop, reward)) == ("granted", (OWN, "Olive"))
    (mail,) = notices(shop, "thank_you")
    assert (mail["to"], mail["words"], mail["by"]) == ("alice@mail.example", OWN, "Olive")


def test_the_record_has_the_words_and_who_wrote_them(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=thanks()))
    approves(shop, reward, OWN)
    with within(shop.business.id):
        query = select(AuditEntry).where(AuditEntry.action == "reward.approved")
        details = session.scalars(query).one().details
    assert (details["words"], details["words_by"]) == (OWN, "Olive")


def test_without_own_words_the_offers_are_used_and_nothing_is_mailed(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=thanks()))
    approves(shop, reward)
    give(shop)
    assert (fresh(shop, reward).state, said(shop, reward)) == ("granted", (THANKS, None))
    assert notices(shop, "thank_you") == []


def test_an_offer_that_asks_for_words_lets_every_thank_you_wait_for_somebody(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=thanks(own_words=True)))
    give(shop)
    assert (fresh(shop, reward).state, reward.awaits_staff) == ("pending", True)
    assert reward.approvals_needed == 1
    approves(shop, reward, OWN)
    give(shop)
    assert said(shop, reward) == (OWN, "Olive")


def test_an_amount_above_which_somebody_looks_never_asks_about_thanks(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=thanks(), automatic_below_minor=1))
    give(shop)
    assert fresh(shop, reward).state == "granted"
    shop, reward = bought(open_shop("By hand", advocate=thanks(), approval=Approval.STAFF))
    assert reward.approvals_needed == 1


def test_who_approves_second_may_write_other_words(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=thanks(own_words=True)))
    with within(shop.business.id), transaction():
        reward.approvals_needed = 2
    assert approves(shop, reward, "First.") is False
    assert said(shop, reward) == ("First.", "Olive")
    with within(shop.business.id), transaction():
        journey.approve_reward(reward, actor=PAUL, reason="Yes.", at=shop.now, words="Second.")
    assert said(shop, reward) == ("Second.", "Paul")


def test_what_does_not_fit_is_refused_and_approves_nothing(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=thanks()))
    for words, by in (("x" * 501, "Olive"), ("\x00 ", "Olive"), (OWN, ""), (OWN, "x" * 201)):
        with pytest.raises(Invalid):
            approves(shop, reward, words, words_by=by)
    assert (fresh(shop, reward).state, reward.words) == ("pending", None)
    approves(shop, reward)
    with pytest.raises(RewardMoved):
        approves(shop, reward, OWN)


def test_only_a_thank_you_has_words_of_its_own(app: Flask) -> None:
    shop, reward = bought(open_shop(advocate=credit()))
    with pytest.raises(Invalid):
        approves(shop, reward, OWN)
    with pytest.raises(Invalid):
        credit(own_words=True).check("eur")
