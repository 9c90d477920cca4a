"""Approving, denying, holding and releasing rewards: one or many, always with a reason."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Actor, Role, within
from referral.domain.businesses.audit import AuditEntry
from referral.domain.programs import Approval
from referral.domain.rewards import Grant, Reward, RewardMove
from referral.domain.rewards.attempts import prepare
from referral.domain.rewards.grants import Asked
from referral.domain.rewards.ripening import ripen
from referral.domain.rewards.settling import fail
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.surfaces.console.rewards import when_words
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
    assert "This reward was denied already, so it cannot be approved any more." in text
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


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("approve", "This reward was approved already. Nothing was changed."),
        ("deny", "This reward was denied already. Nothing was changed."),
        ("hold", "This reward is on hold already."),
        ("release", "This reward is not on hold, so there is nothing to release."),
    ],
)
def test_a_form_sent_twice_decides_once_and_says_so(desk: Desk, verb: str, said: str) -> None:
    (reward,) = earned(desk.shop, "bob")
    page = f"{LIST}/{reward.public_id}"
    typed = {"chosen": reward.public_id, "single": "yes", "reason": "Known customer."}
    if verb == "release":
        post(desk.client, f"{LIST}/hold", **typed)
    assert [post(desk.client, f"{LIST}/{verb}", **typed).location for _ in range(2)] == [page, page]
    assert said in check_page(desk.client.get(page))
    assert len(acts(desk)) == (2 if verb == "release" else 1)


def test_a_reward_that_moved_meanwhile_is_told_in_plain_words(desk: Desk) -> None:
    (reward,) = earned(desk.shop, "bob")
    page = f"{LIST}/{reward.public_id}"
    check_page(desk.client.get(page))
    with within(desk.shop.business.id), transaction():
        colleague = Actor("operator", "Max")
        journey.deny_reward(reward, actor=colleague, reason="Same card.", at=clock.now())
    typed = {"chosen": reward.public_id, "single": "yes", "reason": "Known customer."}
    assert post(desk.client, f"{LIST}/approve", page, **typed).location == page
    text = check_page(desk.client.get(page))
    assert "This reward was denied already, so it cannot be approved any more." in text
    assert reward.state == "denied"


def test_the_history_of_a_reward_says_when_its_grant_began(desk: Desk) -> None:
    (reward,) = earned(desk.shop, "bob")
    with within(desk.shop.business.id), transaction():
        steps = {"from_state": "approved", "to_state": "granting", "reason": "planned"}
        who = {"actor_kind": "system", "actor_name": "The worker"}
        move = RewardMove(business_id=desk.shop.business.id, reward_id=reward.id, **steps, **who)
        move.at = clock.now()
        session.add(move)
    text = check_page(desk.client.get(f"{LIST}/{reward.public_id}"))
    assert "On its way" in text


def test_what_was_chosen_and_filtered_stays_when_the_reason_is_missing(desk: Desk) -> None:
    first, second = earned(desk.shop, "bob", "tim")
    narrowed = {"show": "pending", "program": desk.shop.program.public_id}
    text = check_page(desk.client.get(LIST, query_string=narrowed))
    assert '<input type="hidden" name="show" value="pending">' in text
    typed = {"chosen": second.public_id, "reason": "", **narrowed}
    text = check_page(post(desk.client, f"{LIST}/deny", **typed), 422)
    assert '<input type="hidden" name="show" value="pending">' in text
    assert re.findall(r'value="(rwd_\w+)"[^>]*checked>', text) == [second.public_id]
    assert first.public_id in text
    nothing = post(desk.client, f"{LIST}/deny", reason="Why not.", **narrowed)
    assert nothing.location == f"{LIST}?show=pending&program={narrowed['program']}"


def test_a_reward_that_waits_for_staff_names_no_past_day_as_expected(app: Flask) -> None:
    now = clock.now()
    shop = open_shop(at=now - timedelta(days=20), approval=Approval.STAFF, hold_days=14)
    (reward,) = earned(shop, "bob")
    words = [str(when_words(reward, now))]
    with within(shop.business.id), transaction():
        ripen(reward, at=now)
        session.refresh(reward)
    with app.test_request_context(headers={"Accept-Language": "en-GB"}):
        words.append(str(when_words(reward, now)))
        words.append(str(when_words(reward, now - timedelta(days=10))))
    day = (now - timedelta(days=6)).date().isoformat()
    assert words[0] == "any moment now"
    assert words[1].startswith(f'waiting since <time datetime="{day}">')
    assert "expected" not in words[2]


def test_many_are_approved_and_each_says_what_is_still_missing(
    desk: Desk, staff: Callable[..., FlaskClient]
) -> None:
    small, large = earned(desk.shop, "bob", "tim")
    with within(desk.shop.business.id), transaction():
        session.merge(large).approvals_needed = 2
    chosen = [small.public_id, large.public_id]
    text = check_page(post(desk.client, f"{LIST}/approve", chosen=chosen, reason="Known."))
    assert "Approved by one of two: somebody else must approve it too" in text
    assert (small.state, large.state) == ("approved", "pending")
    page = check_page(desk.client.get(f"{LIST}/{large.public_id}"))
    assert "One of two has approved" in page
    assert 'formaction="/console/rewards/approve"' not in page
    typed = {"chosen": large.public_id, "single": "yes", "reason": "Known."}
    post(desk.client, f"{LIST}/approve", **typed)
    assert "Somebody else must too." in desk.client.get(LIST).text
    post(staff(desk.shop, "otto", Role.FINANCE), f"{LIST}/approve", **typed)
    assert large.state == "approved"
    assert acts(desk)[-2:] == [("reward.approved_by_one", "Olive"), ("reward.approved", "Otto")]


def test_a_failed_reward_is_issued_again_from_its_page(desk: Desk) -> None:
    (reward,) = earned(desk.shop, "bob")
    with within(desk.shop.business.id), transaction():
        journey.approve_reward(
            reward, actor=Actor("operator", "Olive"), reason="ok", at=clock.now()
        )
    with within(desk.shop.business.id), transaction():
        grant = session.scalars(select(Grant).where(Grant.reward_id == reward.id)).one()
        prepare(grant, Asked("cus_alice"), at=clock.now())
        fail(grant, "No such customer.", at=clock.now())
        grant.due_at = None
    page = f"{LIST}/{reward.public_id}"
    assert 'formaction="/console/rewards/reissue"' in check_page(desk.client.get(page))
    typed = {"chosen": reward.public_id, "single": "yes", "reason": "It exists now."}
    post(desk.client, f"{LIST}/reissue", page, **typed)
    with within(desk.shop.business.id):
        query = select(Reward).where(Reward.side == "advocate").order_by(Reward.id)
        assert [one.state for one in session.scalars(query)] == ["failed", "pending"]
    check_page(desk.client.get(f"{LIST}?show=failed"))
    post(desk.client, f"{LIST}/reissue", page, **typed)
    assert "only once" in check_page(desk.client.get(page))


def test_what_waits_is_tried_at_once_without_a_reason(desk: Desk) -> None:
    (reward,) = earned(desk.shop, "bob")
    with within(desk.shop.business.id), transaction():
        olive = Actor("operator", "Olive")
        journey.approve_reward(reward, actor=olive, reason="ok", at=clock.now())
    page = f"{LIST}/{reward.public_id}"
    shown = " ".join(check_page(desk.client.get(page)).split())
    assert 'formaction="/console/rewards/retry" formnovalidate' in shown
    assert "“Try now” needs none." in shown

    post(desk.client, f"{LIST}/retry", page, chosen=reward.public_id, single="yes", reason="")
    assert "The reward was tried again." in check_page(desk.client.get(page))
    waiting = f"{LIST}?show=waiting"
    assert re.search(r'name="reason"[^>]*required', desk.client.get(waiting).text) is None
    many = post(desk.client, f"{LIST}/retry", waiting, chosen=reward.public_id, reason="")

    assert "1 reward tried again" in check_page(many)
    assert "Reason:" not in many.text
    assert acts(desk)[-2:] == [("reward.retried", "Olive")] * 2
    with within(desk.shop.business.id):
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.number.desc())).first()
    assert entry.details == {"state": "approved"}
    check_page(desk.client.get("/console/audit"))
    late = post(desk.client, f"{LIST}/hold", page, chosen=reward.public_id, single="yes", reason="")
    check_page(late, 422)
