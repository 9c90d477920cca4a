"""A business's own server that is slow, away, gone or flooded (F-44 to F-47)."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from referral.domain.businesses import Role, invite, within
from referral.domain.businesses.endpoints import LONGEST_REST, endpoint_of, set_endpoint
from referral.domain.notices import Notice
from referral.domain.programs import Fulfilment, Trigger
from referral.domain.rewards import Grant, Reward
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.gateways.hooks import sending
from referral.gateways.hooks.lanes import PER_SERVER_S, Crowded, turn_at
from tests.cast import Shop, gift, open_shop
from tests.gift_server import CUT_BEFORE, GiftServer, gift_server
from tests.stories.trade import later, work_afresh

HOUR_S = 3600


@pytest.fixture
def server() -> Iterator[GiftServer]:
    """The business's own server."""
    with gift_server() as running:
        yield running


def open_counter(server: GiftServer, name: str = "Corner Coffee", count: int = 1) -> Shop:
    """Open a shop with so many gifts of its own server to give."""
    terms = gift(trigger=Trigger.PURCHASE, fulfilment=Fulfilment.WEBHOOK)
    shop = open_shop(name, advocate=terms, hold_days=0, at=clock.now())
    with within(shop.business.id), transaction():
        set_endpoint(shop.business.id, server.url, at=clock.now())
    alice = shop.customer("alice")
    shop.signup("bob", token=shop.click(shop.link_of(alice)))
    for _ in range(count):
        shop.purchase("bob")
    return shop


def granted(shop: Shop) -> int:
    session.remove()
    with within(shop.business.id):
        query = select(func.count()).select_from(Reward)
        return int(session.scalar(query.where(Reward.state == "granted")) or 0)


def told_gone(shop: Shop) -> list[Notice]:
    session.remove()
    with within(shop.business.id):
        return list(session.scalars(select(Notice).where(Notice.kind == "gift_server_gone")))


def drip(door: Any) -> None:
    """Answer one byte after the other for as long as anybody listens."""
    door.send_response(200)
    door.end_headers()
    try:
        while True:
            door.wfile.write(b" ")
            time.sleep(0.05)
    except OSError:
        return


def test_f44_a_dripping_server_is_cut_off_and_left_alone_and_others_go_on(
    app: Flask, server: GiftServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LONGEST_S", 1.0)
    server.troubles.extend([drip] * 3)
    slow = open_counter(server, count=5)
    with gift_server() as other:
        quick = open_counter(other, "Quick Cakes", count=3)
        began = time.monotonic()
        work_afresh()
        assert time.monotonic() - began < 10
        assert (granted(slow), granted(quick)) == (0, 3)
    assert len(server.asked) == 1
    server.troubles.clear()
    with later(600):
        work_afresh()
    assert (granted(slow), len(server.done)) == (5, 5)


def test_f44_a_server_has_two_requests_at_once_at_most() -> None:
    with turn_at("https://one.example/x"), turn_at("https://one.example/y"):
        with pytest.raises(Crowded), turn_at("https://one.example/z"):
            pytest.fail("three at once")
        with turn_at("https://two.example/x"):
            pass


def test_f45_a_server_that_is_away_for_three_days_gets_every_request_in_the_end(
    app: Flask, server: GiftServer
) -> None:
    shop = open_counter(server, count=3)
    server.troubles.extend([CUT_BEFORE] * 1000)
    for hour in range(0, 73, 6):
        with later(hour * HOUR_S):
            work_afresh()
    assert granted(shop) == 0
    server.troubles.clear()
    with later(73 * HOUR_S):
        work_afresh()
        assert granted(shop) == 3
    assert len(server.done) == 3
    assert {one.message_id for one in server.asked} == set(server.done)


def test_f45_a_server_that_is_away_is_asked_every_five_minutes_at_most(
    app: Flask, server: GiftServer
) -> None:
    shop = open_counter(server)
    server.troubles.extend([CUT_BEFORE] * 1000)
    for number in range(12):
        with later(number * 600):
            work_afresh()
    with within(shop.business.id):
        known = endpoint_of(shop.business.id)
        assert known is not None
        assert known.rests_until is not None
        assert known.faults == 12
        assert known.rests_until <= clock.now() + timedelta(hours=2) + LONGEST_REST


def test_f45_after_four_days_staff_are_told_and_saving_it_anew_sends_everything(
    app: Flask, server: GiftServer
) -> None:
    shop = open_counter(server, count=3)
    with within(shop.business.id), transaction():
        invite(shop.business.id, "m@shop.example", role=Role.MANAGER, name="M", at=shop.now)
    server.troubles.extend([CUT_BEFORE, (401, {})] * 500)
    for hour in range(0, 96, 8):
        with later(hour * HOUR_S):
            work_afresh()
    assert told_gone(shop) == []
    for hour in (96, 104, 112):
        with later(hour * HOUR_S):
            work_afresh()
    assert (len(told_gone(shop)), len(server.asked), granted(shop)) == (1, 13, 0)
    server.troubles.clear()
    with within(shop.business.id):
        waits = set(session.scalars(select(Grant.waits_for).where(Grant.due_at.is_not(None))))
        assert "no_endpoint" in waits
        with transaction():
            set_endpoint(shop.business.id, server.url, at=clock.now())
    with later(120 * HOUR_S):
        work_afresh()
        assert granted(shop) == 3


def test_f45_single_faults_days_apart_are_no_row_of_them(app: Flask, server: GiftServer) -> None:
    shop = open_counter(server)
    server.troubles.extend([CUT_BEFORE] * 1000)
    for day in (0, 3, 6, 9):
        with later(day * 24 * HOUR_S):
            work_afresh()
    assert (told_gone(shop), len(server.asked)) == ([], 4)


def test_f45_an_answer_ends_the_row_of_faults(app: Flask, server: GiftServer) -> None:
    shop = open_counter(server)
    for day in range(6):
        server.troubles.append((200, {"status": "accepted"}) if day == 3 else CUT_BEFORE)
        with later(day * 24 * HOUR_S + HOUR_S * day):
            work_afresh()
    assert (told_gone(shop), len(server.asked)) == ([], 6)


def test_f46_what_a_server_said_that_was_replaced_meanwhile_counts_no_more(
    app: Flask, server: GiftServer
) -> None:
    shop = open_counter(server)

    def replaced(door: Any) -> None:
        with app.app_context(), within(shop.business.id), transaction():
            set_endpoint(shop.business.id, f"{server.url}/new", at=clock.now())
        door.send_response(410)
        door.end_headers()

    server.troubles.append(replaced)
    work_afresh()
    assert told_gone(shop) == []
    with later(600):
        work_afresh()
    assert granted(shop) == 1


def test_f46_a_server_that_says_it_is_gone_is_asked_no_more_and_staff_are_told(
    app: Flask, server: GiftServer
) -> None:
    shop = open_counter(server, count=2)
    with within(shop.business.id), transaction():
        for role in (Role.MANAGER, Role.SUPPORT):
            invite(shop.business.id, f"{role}@shop.example", role=role, name=role, at=shop.now)
    server.troubles.append((410, {}))
    for seconds in (0, 600, 1200):
        with later(seconds):
            work_afresh()
    assert (granted(shop), len(server.asked)) == (0, 1)
    with within(shop.business.id):
        kinds = session.scalars(select(Notice.kind).where(Notice.kind == "gift_server_gone")).all()
        waits = set(session.scalars(select(Grant.waits_for).where(Grant.due_at.is_not(None))))
        assert (len(kinds), "no_endpoint" in waits) == (1, True)
        with transaction():
            set_endpoint(shop.business.id, server.url, at=clock.now())
    with later(1800):
        work_afresh()
    assert granted(shop) == 2


def test_f46_a_redirect_is_not_followed_and_any_success_is_a_success(
    app: Flask, server: GiftServer
) -> None:
    shop = open_counter(server)
    server.troubles.append((301, {"status": "fulfilled", "reference": "elsewhere"}))
    work_afresh()
    assert (granted(shop), len(server.asked)) == (0, 1)
    server.answer = (201, {"status": "fulfilled", "reference": "made"})
    with later(600):
        work_afresh()
    assert granted(shop) == 1


def test_f47_what_waited_goes_out_at_a_steady_pace(app: Flask, server: GiftServer) -> None:
    shop = open_counter(server, count=12)
    work_afresh()
    assert granted(shop) == 12
    took_s = server.asked[-1].at - server.asked[0].at
    assert took_s >= 11 / PER_SERVER_S - 0.3
