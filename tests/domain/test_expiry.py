"""Rewards nobody takes: told two weeks before, ended with their money back, never by our fault."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, within
from referral.domain.notices import Notice
from referral.domain.programs import Kind, ProgramTerms, edit_program, publish_rules
from referral.domain.rewards import Reward, RewardState, approve
from referral.domain.rewards.expiring import NeverExpires, see_to_expiry
from referral.domain.rewards.grants import Waiting, open_grant
from referral.foundation.db import session, transaction
from referral.worker.letters import write
from tests.cast import Shop, credit, open_shop

OLIVE = Actor("operator", "Olive")
pytestmark = pytest.mark.usefixtures("audited")


def waiting(shop: Shop, waits_for: Waiting = Waiting.NO_CUSTOMER) -> Reward:
    """Let alice earn a reward, approved now, whose grant waits for something."""
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=1).signup("bob", token=token)
    shop.later(minutes=1).purchase("bob")
    shop.later(days=31)
    with within(shop.business.id), transaction():
        reward = session.scalars(select(Reward).where(Reward.side == "advocate")).one()
        approve(reward, actor=OLIVE, reason="Fine.", at=shop.now)
        waits(reward, waits_for)
    return reward


def waits(reward: Reward, waits_for: Waiting) -> None:
    grant = open_grant(reward)
    assert grant is not None
    grant.waits_for = waits_for


def looked(shop: Shop, reward: Reward, *, days: Iterable[int]) -> list[str]:
    """Look again after each of these days; returns the states it was found in."""
    found = []
    for number in days:
        shop.later(days=number)
        with within(shop.business.id), transaction():
            see_to_expiry(reward, at=shop.now)
            session.refresh(reward)
        found.append(str(reward.state))
    return found


def told(shop: Shop) -> list[str]:
    with within(shop.business.id):
        query = select(Notice).where(Notice.kind == "reward_expires").order_by(Notice.id)
        return [one.content["ends_on"] for one in session.scalars(query)]


def test_a_reward_nobody_takes_expires_after_its_notice_and_its_money_is_back(app: Flask) -> None:
    shop = open_shop(expire_days=60, budget_minor=1000)
    reward = waiting(shop)
    assert reward.expires_at is not None
    assert reward.due_at is not None
    assert (reward.expires_at - reward.due_at).days == 14
    assert looked(shop, reward, days=[45]) == ["approved"]
    assert told(shop) == []
    assert looked(shop, reward, days=[1, 1, 12]) == ["approved"] * 3
    assert told(shop) == [reward.expires_at.date().isoformat()]
    assert looked(shop, reward, days=[1]) == ["expired"]
    with within(shop.business.id):
        session.refresh(shop.program)
    assert (reward.reason, shop.program.committed_minor) == ("not_claimed", 0)
    assert looked(shop, reward, days=[30]) == ["expired"]


def test_the_notice_tells_of_free_time_as_time(app: Flask) -> None:
    terms = replace(credit(), kind=Kind.FREE_PERIOD, periods=2)
    shop = open_shop(expire_days=30, advocate=terms)
    reward = waiting(shop)
    looked(shop, reward, days=[16])
    with within(shop.business.id):
        notice = session.scalars(select(Notice).where(Notice.kind == "reward_expires")).one()
        said = {"brand": "Corner Coffee", "portal_url": "https://a.example", **notice.content}
    with app.test_request_context():
        letter = write(notice.kind, {**said, "ends_on": date(2026, 12, 1)})
    assert letter.subject.startswith("Free time on your subscription from Corner Coffee waits")
    assert "Free time on your subscription is confirmed" in letter.text


def test_nothing_expires_unless_the_program_says_so(app: Flask) -> None:
    shop = open_shop()
    reward = waiting(shop)
    assert (reward.expires_at, reward.due_at) == (None, None)
    assert looked(shop, reward, days=[4000]) == ["approved"]


@pytest.mark.parametrize(
    "waits_for",
    [Waiting.NOT_CONNECTED, Waiting.PROVIDER_DOWN, Waiting.MISCONFIGURED, Waiting.OUTCOME_UNKNOWN],
)
def test_what_waits_for_us_or_the_provider_never_expires(app: Flask, waits_for: Waiting) -> None:
    shop = open_shop(expire_days=30)
    reward = waiting(shop, waits_for)
    assert set(looked(shop, reward, days=[40] * 10)) == {"approved"}
    assert told(shop) == []
    with within(shop.business.id), transaction():
        waits(reward, Waiting.NO_CUSTOMER)
    assert looked(shop, reward, days=[1, 13, 1]) == ["approved", "approved", "expired"]


def test_i34_a_hold_is_not_waited_out(app: Flask) -> None:
    shop = open_shop(expire_days=30)
    reward = waiting(shop)
    assert looked(shop, reward, days=[16]) == ["approved"]
    with within(shop.business.id), transaction():
        journey.hold_reward(reward, actor=OLIVE, reason="Look.", at=shop.now)
    assert set(looked(shop, reward, days=[14, 100])) == {"approved"}
    with within(shop.business.id), transaction():
        journey.release_reward(reward, actor=OLIVE, reason="Fine.", at=shop.now)
        waits(reward, Waiting.NO_CUSTOMER)
    assert looked(shop, reward, days=[1, 13, 30]) == ["approved", "approved", "expired"]


def test_a_hold_in_between_begins_the_notice_anew(app: Flask) -> None:
    shop = open_shop(expire_days=30)
    reward = waiting(shop)
    looked(shop, reward, days=[16])
    shop.later(days=5)
    with within(shop.business.id), transaction():
        journey.hold_reward(reward, actor=OLIVE, reason="Look.", at=shop.now)
        journey.release_reward(reward, actor=OLIVE, reason="Fine.", at=shop.now)
        waits(reward, Waiting.NO_CUSTOMER)
    assert looked(shop, reward, days=[9, 13, 1]) == ["approved", "approved", "expired"]
    assert len(told(shop)) == 2


def test_nobody_loses_what_they_could_not_be_told_of(app: Flask) -> None:
    shop = open_shop(expire_days=30)
    reward = waiting(shop)
    with within(shop.business.id), transaction():
        reward.person.email, reward.person.external_id = None, "customer-1"
    assert set(looked(shop, reward, days=[40] * 5)) == {"approved"}


def test_staff_give_longer_with_a_reason(app: Flask) -> None:
    shop = open_shop(expire_days=30)
    reward = waiting(shop)
    looked(shop, reward, days=[20])
    with within(shop.business.id), transaction():
        journey.extend_reward(reward, actor=OLIVE, reason="On holiday.", at=shop.now)
    assert looked(shop, reward, days=[14, 2, 13]) == ["approved"] * 3
    assert looked(shop, reward, days=[1]) == ["expired"]
    assert len(told(shop)) == 2


def test_what_never_expires_cannot_be_extended(app: Flask) -> None:
    shop = open_shop()
    reward = waiting(shop)
    with pytest.raises(NeverExpires), within(shop.business.id), transaction():
        journey.extend_reward(reward, actor=OLIVE, reason="Longer.", at=shop.now)


def test_i29_a_new_or_shorter_date_touches_no_promise_made(app: Flask) -> None:
    shop = open_shop(advocate=credit())
    token = shop.click(shop.link_of(shop.customer("alice")))
    shop.later(minutes=1).signup("bob", token=token)
    terms = ProgramTerms(name="Friends", landing_url="https://shop.example/hello", expire_days=30)
    with within(shop.business.id), transaction():
        edit_program(shop.program, terms, at=shop.now)
        publish_rules(shop.program, at=shop.now)
    shop.later(minutes=1).purchase("bob")
    shop.later(days=31)
    with within(shop.business.id), transaction():
        reward = session.scalars(select(Reward).where(Reward.side == "advocate")).one()
        approve(reward, actor=OLIVE, reason="Fine.", at=shop.now)
        waits(reward, Waiting.NO_CUSTOMER)
    assert reward.expires_at is None
    assert looked(shop, reward, days=[400]) == [RewardState.APPROVED]
