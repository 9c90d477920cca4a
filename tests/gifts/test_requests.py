"""Gifts the business's own server is asked for: once by its id, whatever is lost on the way."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import GiftEndpoint, within
from referral.domain.businesses.audit import SYSTEM
from referral.domain.notices import Notice
from referral.domain.purchases import Purchase
from referral.domain.rewards import Reward, pausing
from referral.domain.rewards.gift_confirmations import confirmation_of
from referral.domain.rewards.gift_requests import wake_requests
from referral.domain.rewards.holds import HoldKind, place_hold
from referral.domain.rewards.ledger import LedgerTransaction
from referral.foundation import clock
from referral.foundation.db import session, transaction
from tests.gift_server import (
    ACCEPTED,
    CUT_AFTER,
    CUT_BEFORE,
    FULFILLED,
    REFUSED,
    is_signed,
)
from tests.gifts.conftest import Counter
from tests.stories.trade import assert_clean

DAY_S = 86_400
GRANTED = ("granted", "done", None)
UNKNOWN: list[Any] = [
    (200, b"<html>ok</html>"),
    (200, {"status": "fulfilled"}),
    (200, {"status": "fulfilled", "reference": "g 1"}),
    (200, {"status": "fulfilled", "reference": 4711}),
    (200, {"status": ["fulfilled"]}),
    (200, ["fulfilled"]),
    (200, b"[" * 60_000),
    (204, b""),
    (400, {"error": "no"}),
    (422, {"status": "fulfilled", "reference": "g-1"}),
    (401, {}),
    (403, {"status": "refused", "reason": "Who are you?"}),
    (404, {}),
    (301, {"status": "fulfilled", "reference": "g-1"}),
    (307, b""),
]


def test_a_gift_is_asked_for_once_and_granted_by_its_reference(counter: Counter) -> None:
    counter.earn()
    counter.work()
    assert counter.stands() == GRANTED
    (asked,) = counter.server.asked
    grant, reward = counter.grant(), counter.reward()
    assert (asked.message_id, is_signed(asked, counter.secret)) == (grant.idempotency_key, True)
    assert grant.object_id == f"gift-4711:{grant.public_id}"
    assert asked.said["type"] == "gift.requested"
    assert asked.said["data"]["value"] == {"amount_minor": 1000, "currency": "eur"}
    with within(counter.shop.business.id):
        alice = reward.person
    assert asked.said["data"]["person"] == {
        "id": alice.public_id,
        "external_id": "shop-1",
        "name": "Alice",
        "email": "alice@mail.example",
    }
    assert (asked.said["data"]["id"], asked.said["data"]["reward"]) == (
        grant.public_id,
        reward.public_id,
    )


def test_a_code_is_kept_sealed_and_the_mail_does_not_say_it(counter: Counter) -> None:
    said = {"status": "fulfilled", "reference": "g-1", "code": "TEA-1234", "note": "A pot of tea"}
    counter.server.answer = (200, said)
    counter.earn()
    counter.work()
    reward = counter.reward()
    with within(counter.shop.business.id):
        known = confirmation_of(reward.id)
        (mail,) = session.scalars(select(Notice).where(Notice.kind == "gift_fulfilled"))
        assert known is not None
        assert (known.text, known.note, "TEA" in known.sealed_code) == (  # type: ignore[operator]
            "TEA-1234",
            "A pot of tea",
            False,
        )
        assert "TEA" not in json.dumps(counter.grant().details) + mail.sealed


def test_what_is_lost_on_the_way_is_asked_for_again_under_the_same_id(counter: Counter) -> None:
    counter.earn()
    lost = [CUT_BEFORE, (500, {}), (503, b"away"), (429, {}), (408, {}), CUT_AFTER]
    for number, trouble in enumerate(lost):
        counter.server.troubles.append(trouble)
        counter.work(after_s=600 * number)
        assert counter.stands() == ("granting", "sending", "endpoint_away"), trouble
    assert counter.server.done.keys() == counter.server.ids
    counter.work(after_s=600 * len(lost))
    assert counter.stands() == GRANTED
    assert (len(counter.server.asked), len(counter.server.done)) == (len(lost) + 1, 1)


def test_nothing_listening_is_asked_again_until_something_does(counter: Counter) -> None:
    counter.set_server("http://127.0.0.1:9/gifts")
    counter.earn()
    counter.work()
    assert counter.stands() == ("granting", "sending", "endpoint_away")
    counter.set_server()
    counter.work(after_s=600)
    assert counter.stands() == GRANTED


def test_an_answer_we_do_not_know_waits_for_staff_and_grants_nothing(counter: Counter) -> None:
    counter.earn()
    for number, trouble in enumerate(UNKNOWN):
        counter.server.troubles.append(trouble)
        counter.work(after_s=600 * number)
        assert counter.stands() == ("granting", "sending", "endpoint_refuses"), trouble
        assert len(counter.server.asked) == number + 1
    counter.work(after_s=600 * len(UNKNOWN))
    assert (counter.stands(), len(counter.server.ids)) == (GRANTED, 1)


def test_an_answer_that_never_ends_is_not_read(counter: Counter) -> None:
    counter.server.troubles.append((200, json.dumps({**FULFILLED[1], "x": "y" * 70_000}).encode()))
    counter.earn()
    counter.work()
    assert counter.stands() == ("granting", "sending", "endpoint_away")
    counter.work(after_s=600)
    assert counter.stands() == GRANTED


@pytest.mark.parametrize("status", [200, 422])
def test_a_refused_gift_fails_with_its_reason_and_its_money_is_back(
    counter: Counter, status: int
) -> None:
    counter.server.answer = (status, REFUSED[1])
    counter.earn()
    counter.work()
    reward = counter.reward()
    assert (reward.state, reward.reason) == (
        "failed",
        "Your server refused it: Sold out for good.",
    )
    with within(counter.shop.business.id):
        moves = session.scalars(select(LedgerTransaction.kind)).all()
    assert "grant" not in moves
    assert "release" in moves


def test_a_refused_gift_can_be_issued_again_under_a_new_id(counter: Counter) -> None:
    counter.server.answer = REFUSED
    counter.earn()
    counter.work()
    failed = counter.reward()
    counter.server.answer = FULFILLED
    with within(counter.shop.business.id), transaction():
        journey.reissue_reward(failed, actor=SYSTEM, reason="More came in.", at=clock.now())
    counter.work()
    assert len(counter.server.done) == 2
    session.remove()
    with within(counter.shop.business.id):
        query = select(Reward.state).where(Reward.kind == "gift").order_by(Reward.id)
        assert session.scalars(query).all() == ["failed", "granted"]


def test_what_is_only_said_to_people_is_put_on_one_line_and_cut(counter: Counter) -> None:
    said = {**FULFILLED[1], "note": "By\n post \u202e" + "y" * 300, "code": "", "reason": None}
    counter.server.answer = (200, said)
    counter.earn()
    counter.work()
    reward = counter.reward()
    with within(counter.shop.business.id):
        known = confirmation_of(reward.id)
    assert known is not None
    assert (known.note, known.text) == ("By post " + "y" * 192, None)


def test_what_is_accepted_waits_and_is_reminded_of_once_a_day(counter: Counter) -> None:
    counter.server.answer = ACCEPTED
    counter.earn()
    counter.work()
    assert counter.stands() == ("granting", "sending", "confirmation")
    counter.work(after_s=DAY_S - 600)
    assert len(counter.server.asked) == 1
    counter.server.troubles.append((500, {}))
    counter.work(after_s=DAY_S + 600)
    assert counter.stands() == ("granting", "sending", "confirmation")
    counter.server.done[counter.grant().idempotency_key] = FULFILLED
    counter.work(after_s=2 * DAY_S + 1200)
    assert (counter.stands(), len(counter.server.asked)) == (GRANTED, 3)
    assert len(counter.server.ids) == 1


def test_a_gift_does_not_wait_for_a_stripe_that_is_away(counter: Counter) -> None:
    counter.server.answer = ACCEPTED
    counter.earn()
    counter.work()
    due_at = counter.grant().due_at
    with within(counter.shop.business.id), transaction():
        pausing.hold_back(counter.shop.business.id, until=clock.now() + timedelta(days=2))
    assert (counter.grant().due_at, counter.grant().waits_for) == (due_at, "confirmation")


def test_an_empty_202_means_accepted(counter: Counter) -> None:
    counter.server.answer = (202, b"")
    counter.earn()
    counter.work()
    assert counter.stands() == ("granting", "sending", "confirmation")


def test_without_a_server_the_gift_waits_and_goes_on_once_there_is_one(counter: Counter) -> None:
    with within(counter.shop.business.id), transaction():
        session.delete(session.scalars(select(GiftEndpoint)).one())
    counter.earn()
    counter.work()
    assert counter.stands() == ("approved", "waiting", "no_endpoint")
    counter.set_server()
    with within(counter.shop.business.id), transaction():
        wake_requests(counter.shop.business.id, at=clock.now())
    counter.work()
    assert counter.stands() == GRANTED


def test_a_full_refund_before_it_is_sent_drops_it(counter: Counter) -> None:
    counter.set_server("http://127.0.0.1:9/gifts")
    counter.earn()
    refund(counter)
    counter.set_server()
    counter.work()
    assert (counter.reward().state, counter.server.asked) == ("cancelled", [])


@pytest.mark.parametrize(("part_minor", "owed_minor"), [(12000, 1000), (3000, 250)])
def test_a_refund_after_the_gift_stands_as_a_debt(
    counter: Counter, part_minor: int, owed_minor: int
) -> None:
    counter.earn()
    counter.work()
    refund(counter, part_minor)
    counter.work()
    reward = counter.reward()
    assert (reward.debited_minor, reward.owed_minor) == (0, owed_minor)
    assert len(counter.server.asked) == 1


def test_a_refund_that_fails_after_the_gift_asks_for_no_other(counter: Counter) -> None:
    counter.earn()
    counter.work()
    purchase = refund(counter)
    counter.work()
    counter.shop.refund(purchase, 12000, name="re_bank", has_failed=True)
    counter.work()
    with within(counter.shop.business.id):
        query = select(Reward).where(Reward.kind == "gift").order_by(Reward.id)
        stood = [(one.state, one.debt_minor, one.netted_minor) for one in session.scalars(query)]
    assert stood == [("reversed", 0, 0), ("granted", 0, 1000)]
    assert len(counter.server.asked) == 1
    assert_clean()


def test_a_refund_while_it_is_accepted_is_owed_once_it_is_given(counter: Counter) -> None:
    counter.server.answer = ACCEPTED
    counter.earn()
    counter.work()
    refund(counter)
    assert counter.stands() == ("granting", "sending", "confirmation")
    grant = counter.grant().public_id
    assert counter.confirm(grant, status="fulfilled", reference="g-1").status_code == 200
    counter.work()
    assert (counter.reward().state, counter.reward().owed_minor) == ("reversed", 1000)


def test_a_held_gift_is_not_asked_for(counter: Counter) -> None:
    counter.earn()
    reward = counter.reward()
    with within(counter.shop.business.id), transaction():
        place_hold(reward, HoldKind.STAFF, reason="Look.", actor=SYSTEM, at=clock.now())
    counter.work()
    assert (counter.server.asked, counter.reward().state) == ([], "pending")


def refund(counter: Counter, amount_minor: int = 12000) -> Purchase:
    with within(counter.shop.business.id):
        purchase = counter.reward().purchase
    assert purchase is not None
    return counter.shop.refund(purchase, amount_minor, name="re_bank")
