"""What the web answered with success is there, also when it is killed in the same moment."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from itertools import count

import requests
from sqlalchemy import select

from referral.domain.attribution import Signup
from referral.domain.businesses import within
from referral.domain.links import Click, Link, read_token
from referral.domain.people import Person
from referral.foundation.db import session
from referral.gateways.stripe import StripeEvent
from tests.crash.processes import Crew, Process, until
from tests.servers import free_port
from tests.stories.trade import PHONE, SECRET, Trade, answers_at, assert_clean, token_in
from tools.practice_stripe.courier import sign

ENOUGH = 25
"""So many answers of each kind before the web is killed, in the middle of the next ones."""

Visit = Callable[[str, int], str | None]


def test_f18_nothing_answered_is_lost_when_the_web_is_killed(trade: Trade, crew: Crew) -> None:
    """F-50."""
    link = trade.link_of(trade.advocate("alice"))
    port = free_port()
    web = crew.web(port)
    until(lambda: answers_at(port), "the web answers", alive=web)
    visits: list[Visit] = [sends_event(trade), signs_up(trade), clicks(link)]
    answered = until_killed(web, f"http://127.0.0.1:{port}", visits)
    events, signups, tokens = answered
    assert min(map(len, answered)) >= ENOUGH
    with within(trade.shop.business.id):
        assert events <= set(session.scalars(select(StripeEvent.event_id)))
        assert signups <= set(
            session.scalars(select(Person.external_id).join(Signup, Signup.person_id == Person.id))
        )
        stored = set(session.scalars(select(Click.id)))
    assert {read_token(one).click_id for one in tokens} <= stored  # type: ignore[union-attr]
    trade.settle()
    assert_clean()


def until_killed(web: Process, address: str, visits: list[Visit]) -> list[set[str]]:
    """Visit from a thread of each kind until the web is dead; return what was answered."""
    answered: list[set[str]] = [set() for _ in visits]

    def go_on(visit: Visit, done: set[str]) -> None:
        for number in count():
            try:
                got = visit(address, number)
            except requests.RequestException:
                return
            if got is not None:
                done.add(got)

    threads = [
        threading.Thread(target=go_on, args=pair) for pair in zip(visits, answered, strict=True)
    ]
    for one in threads:
        one.start()
    until(lambda: min(map(len, answered)) >= ENOUGH, "enough was answered", alive=web)
    web.kill()
    for one in threads:
        one.join()
    return answered


def sends_event(trade: Trade) -> Visit:
    def visit(address: str, number: int) -> str | None:
        said = {"id": f"evt_{number}", "type": "x", "livemode": False}
        body = json.dumps(said).encode()
        header = sign(body, SECRET, at=int(time.time()))
        answer = requests.post(
            address + trade.hook_path, body, headers={"Stripe-Signature": header}, timeout=30
        )
        return f"evt_{number}" if answer.status_code == 200 else None

    return visit


def signs_up(trade: Trade) -> Visit:
    headers = {"Authorization": f"Bearer {trade.server_key}"}
    program = trade.shop.program.public_id

    def visit(address: str, number: int) -> str | None:
        body = {"program": program, "person": {"external_id": f"bob-{number}"}}
        answer = requests.post(address + "/api/v1/signups", json=body, headers=headers, timeout=30)
        return f"bob-{number}" if answer.status_code == 201 else None

    return visit


def clicks(link: Link) -> Visit:
    code = link.code

    def visit(address: str, number: int) -> str | None:
        answer = requests.get(
            f"{address}/r/{code}",
            headers={"User-Agent": PHONE},
            allow_redirects=False,
            timeout=30,
        )
        return token_in(answer.headers["Location"]) if answer.status_code == 302 else None

    return visit
