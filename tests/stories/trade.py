"""A business that sells through practice Stripe, and what its stories are made of.

Everything here goes the way it goes in life: links are followed over HTTP, events arrive signed,
and the worker asks Stripe through the real SDK.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from referral.domain.businesses import connect_stripe, issue_key, within
from referral.domain.businesses.keys import KeyKind
from referral.domain.links import Link
from referral.domain.people import Person
from referral.domain.people.customers import StripeCustomer
from referral.domain.reports.auditor import audit
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.worker import work_all
from tests.cast import Shop, open_shop
from tools.practice_stripe import PracticeStripe
from tools.practice_stripe.courier import sign

Thing = dict[str, Any]
KEY = "sk_test_practice"
SECRET = "whsec_practice"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)
A_WHILE_S = 600


@dataclass
class Trade:
    """A shop connected to practice Stripe, whose rewards are due at once."""

    app: Flask
    practice: PracticeStripe
    shop: Shop
    secret: str = SECRET

    @property
    def business_id(self) -> str:
        return self.shop.business.public_id

    @property
    def hook_path(self) -> str:
        return f"/hooks/stripe/{self.business_id}"

    @property
    def client(self) -> FlaskClient:
        """Return a visitor without cookies."""
        return self.app.test_client()

    def advocate(self, name: str = "alice") -> Person:
        """Introduce a customer who exists at Stripe too."""
        customer = at_stripe(self.practice, "POST", "/v1/customers", email=f"{name}@mail.example")
        return self.shop.customer(name, customer=customer["id"])

    def link_of(self, person: Person) -> Link:
        """Give a person their link."""
        return self.shop.link_of(person)

    def token_of(self, person: Person) -> str:
        """Follow a person's link as a human, at the moment the shop opened; return the token."""
        return self.shop.click(self.link_of(person))

    def follow(self, link: Link) -> str:
        """Follow a link with a telephone now, over HTTP; return the token of the landing page."""
        answer = self.client.get(f"/r/{link.code}", headers={"User-Agent": PHONE})
        assert answer.status_code == 302
        return token_in(answer.headers["Location"])

    def tell(self, events: Iterable[Thing], *, times: int = 1) -> None:
        """Deliver events, each signed and so many times."""
        for event in events:
            for _ in range(times):
                assert self.post(json.dumps(event).encode()) == 200

    def post(self, body: bytes, *, header: str | None = None) -> int:
        """Send a body to the hook, signed now unless a header is given; return the status."""
        signed = sign(body, self.secret, at=int(time.time())) if header is None else header
        answer = self.client.post(self.hook_path, data=body, headers={"Stripe-Signature": signed})
        return answer.status_code

    def api(self, path: str, **body: Any) -> Thing:
        """Send something to the API as the business's server; return the answer."""
        answer = self.client.post(
            f"/api/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.server_key}"},
        )
        assert answer.status_code in (200, 201), answer.text
        found: Thing = answer.get_json()
        return found

    @property
    def server_key(self) -> str:
        """Issue a key for the business's server."""
        with within(self.shop.business.id), transaction():
            return issue_key(self.shop.business.id, KeyKind.SECRET, name="Shop", at=self.shop.now)

    def work(self) -> None:
        """Do everything that is due."""
        work_afresh()

    def settle(self, *, from_s: int = 0) -> None:
        """Do everything that is due so many seconds from now, and then what had to wait."""
        for seconds in (from_s, from_s + A_WHILE_S):
            with later(seconds):
                work_afresh()

    def customers_of(self, person: Person) -> list[str]:
        """List the customers at Stripe that stand for a person."""
        return customers_of(self, person)

    def credits_of(self, person: Person) -> list[Thing]:
        """List what we did to the balance of a person's customers at Stripe, the first first."""
        return [
            entry
            for customer in customers_of(self, person)
            for entry in balance_of(self.practice, customer)
            if entry["metadata"].get("wom_business") == self.business_id
        ]


def open_trade(app: Flask, practice: PracticeStripe, **terms: Any) -> Trade:
    """Open a shop whose rewards need no waiting, connected to practice Stripe."""
    shop = open_shop(**{"at": clock.now(), "hold_days": 0, **terms})
    connect(shop)
    return Trade(app, practice, shop)


def connect(shop: Shop, *, key: str = KEY, secret: str = SECRET) -> None:
    """Connect a shop to Stripe."""
    with within(shop.business.id), transaction():
        connect_stripe(shop.business.id, secret_key=key, webhook_secret=secret, at=shop.now)


def work_afresh() -> None:
    """Do everything that is due as another process would, knowing nothing the test has loaded."""
    session.remove()
    work_all()


def at_stripe(practice: PracticeStripe, method: str, path: str, **form: Any) -> Thing:
    """Ask practice Stripe for something as the business would."""
    answer = requests.request(
        method,
        practice.url + path,
        data=form if method == "POST" else None,
        params=form if method == "GET" else None,
        auth=(KEY, ""),
        timeout=10,
    )
    answer.raise_for_status()
    found: Thing = answer.json()
    return found


def listed(practice: PracticeStripe, path: str) -> list[Thing]:
    """List everything of a kind that practice Stripe has, the first first."""
    page = at_stripe(practice, "GET", path, limit=100)
    entries = page["data"]
    while page["has_more"]:
        page = at_stripe(practice, "GET", path, limit=100, starting_after=entries[-1]["id"])
        entries += page["data"]
    return list(reversed(entries))


def balance_of(practice: PracticeStripe, customer: str) -> list[Thing]:
    """List every change of a customer's balance, the first first; none of one who is not there."""
    try:
        return listed(practice, f"/v1/customers/{customer}/balance_transactions")
    except requests.HTTPError as error:
        if error.response.status_code != 404:
            raise
        return []


def customers_of(trade: Trade, person: Person) -> list[str]:
    """List the customers at Stripe that stand for a person."""
    with within(trade.shop.business.id):
        query = select(StripeCustomer.customer_id).where(StripeCustomer.person_id == person.id)
        found = list(session.scalars(query))
    session.commit()
    return found


def token_in(address: str) -> str:
    """Return the token a landing address carries."""
    return parse_qs(urlsplit(address).query)["ref"][0]


@contextmanager
def later(seconds: int) -> Iterator[None]:
    """Let it be later for a moment."""
    clock.shift(seconds)
    try:
        yield
    finally:
        clock.shift(0)


def assert_clean() -> None:
    """Let the auditor look at everything."""
    session.remove()
    report = audit(clock.now())
    assert report.violations == []
    assert [one for one in report.warnings if one.invariant == "dead"] == []


def answers_at(port: int) -> bool:
    """Tell whether the web answers at a port of this machine."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    except requests.RequestException:
        return False
