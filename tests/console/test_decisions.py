"""Approving, denying, holding and releasing rewards: one or many, always with a reason."""

import pytest
from sqlalchemy import select

from referral.domain.businesses import Role, within
from referral.domain.businesses.audit import AuditEntry
from referral.domain.rewards import Reward, RewardMove
from referral.foundation import clock
from referral.foundation.db import session
from tests.cast import Shop, open_shop
from tests.console.conftest import Desk
from tests.console.visiting import check_page, post

LIST = "/console/rewards"


def earned(shop: Shop, *names: str) -> list[Reward]:
    """Let alice earn a reward with each of these friends."""
    link = shop.link_of(shop.customer("alice"))
    for name in names:
        shop.signup(name, token=shop.click(link))
        shop.purchase(name)
    with within(shop.business.id):
        query = select(Reward).where(Reward.side == "advocate").order_by(Reward.id)
        return list(session.scalars(query))


def acts(desk: Desk) -> list[tuple[str, str]]:
    """Return what the record says was done to rewards."""
    with within(desk.shop.business.id):
        query = select(AuditEntry).order_by(AuditEntry.number)
        return [
            (entry.action, entry.actor_name)
            for entry in session.scalars(query)
            if entry.subject.startswith("rwd_")
        ]


@pytest.mark.parametrize(
    ("verb", "state", "action"),
    [("approve", "approved", "reward.approved"), ("deny", "denied", "reward.denied")],
)
def test_one_reward_is_decided_with_a_reason(
    desk: Desk, verb: str, state: str, action: str
) -> None:
    (reward,) = earned(desk.shop, "bob")
    page = f"{LIST}/{reward.public_id}"
    typed = {"chosen": reward.public_id, "single": "yes", "reason": "Known customer."}
    answer = post(desk.client, f"{LIST}/{verb}", page, **typed)
    assert (answer.status_code, answer.location) == (303, page)
    assert reward.state == state
    assert "Known customer." in check_page(desk.client.get(page))
    assert acts(desk) == [(action, "Olive")]
    with within(desk.shop.business.id):
        last = session.scalars(
            select(RewardMove)
            .where(RewardMove.reward_id == reward.id)
            .order_by(RewardMove.id.desc())
        ).first()
    assert (last.actor_name, last.reason) == ("Olive", "Known customer.")


def test_a_held_reward_waits_until_it_is_released(desk: Desk) -> None:
    (reward,) = earned(desk.shop, "bob")
    typed = {"chosen": reward.public_id, "single": "yes", "reason": "Same card."}
    post(desk.client, f"{LIST}/hold", **typed)
    assert reward.is_held
    page = check_page(desk.client.get(f"{LIST}/{reward.public_id}"))
    assert 'formaction="/console/rewards/release"' in page
    assert 'formaction="/console/rewards/approve"' not in page
    post(desk.client, f"{LIST}/approve", **typed)
    assert (reward.state, reward.is_held) == ("pending", True)
    post(desk.client, f"{LIST}/release", **typed)
    assert not reward.is_held
    assert acts(desk) == [("reward.held", "Olive"), ("reward.released", "Olive")]


@pytest.mark.parametrize("single", [{}, {"single": "yes"}])
def test_a_decision_without_a_reason_is_asked_for_it_and_changes_nothing(
    desk: Desk, single: dict[str, str]
) -> None:
    (reward,) = earned(desk.shop, "bob")
    typed = {"chosen": reward.public_id, "reason": " ", **single}
    text = check_page(post(desk.client, f"{LIST}/deny", **typed), 422)
    assert 'aria-invalid="true"' in text
    assert reward.state == "pending"
    assert acts(desk) == []


def test_many_are_decided_each_for_itself(desk: Desk) -> None:
    first, second, third = earned(desk.shop, "bob", "tim", "eva")
    (foreign,) = earned(open_shop("Other Shop", at=clock.now()), "zoe")
    post(desk.client, f"{LIST}/deny", chosen=second.public_id, reason="A test order.")
    chosen = [first.public_id, second.public_id, foreign.public_id, "rwd_nonsense", third.public_id]
    text = check_page(
        post(desk.client, f"{LIST}/approve", chosen=[*chosen, chosen[0]], reason="All known.")
    )
    assert "2 rewards approved" in text
    assert text.count("There is no such reward here.") == 2
    assert "A reward that is denied cannot become approved." in text
    states = [first.state, second.state, third.state]
    assert states == ["approved", "denied", "approved"]
    with within(foreign.business_id):
        session.refresh(foreign)
    assert foreign.state == "pending"


def test_a_foreign_reward_alone_is_not_found(desk: Desk) -> None:
    (foreign,) = earned(open_shop("Other Shop", at=clock.now()), "zoe")
    typed = {"chosen": foreign.public_id, "single": "yes", "reason": "Mine now."}
    assert post(desk.client, f"{LIST}/approve", **typed).status_code == 404


def test_nothing_chosen_is_said(desk: Desk) -> None:
    answer = post(desk.client, f"{LIST}/approve", reason="Why not.")
    assert answer.location == LIST
    assert "Choose at least one" in desk.client.get(LIST).text


def test_support_may_hold_but_not_approve(desk: Desk) -> None:
    (reward,) = earned(desk.shop, "bob")
    desk.become(Role.SUPPORT)
    text = check_page(desk.client.get(f"{LIST}/{reward.public_id}"))
    assert 'formaction="/console/rewards/hold"' in text
    assert 'formaction="/console/rewards/approve"' not in text
    typed = {"chosen": reward.public_id, "single": "yes", "reason": "Let me."}
    assert post(desk.client, f"{LIST}/approve", **typed).status_code == 403
    assert reward.state == "pending"
