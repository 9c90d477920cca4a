"""docs/stripe.md: its events are the ones we read, and its example runs as it stands."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
import stripe
from sqlalchemy import select

from config import ROOT
from referral import create_app
from referral.domain.businesses import connect_stripe, issue_key, within
from referral.domain.businesses.keys import KeyKind
from referral.domain.people import Person
from referral.domain.purchases import Purchase
from referral.domain.rewards import Reward
from referral.foundation import clock
from referral.foundation.db import db, session, transaction
from referral.gateways.stripe.reading import EVENTS_READ
from referral.worker import work_all
from tests.cast import Shop, open_shop
from tests.docs.markdown import blocks
from tests.fixtures import settings_for
from tests.live import LiveApp
from tools.practice_stripe import PracticeStripe, start

DOCUMENT = ROOT / "docs/stripe.md"
SECRET = "whsec_corner_coffee"
BOB = {"id": "customer-1042", "email": "bob@mail.example", "name": "Bob Baker"}


def test_the_endpoint_it_makes_gets_every_event_we_need() -> None:
    asked = set(re.findall(r"enabled_events\[\]=([\w.]+)", DOCUMENT.read_text("utf-8")))
    also = re.search(r"Also read,\s+but never needed[^:]*:(.*?)\. Anything", _flat())
    assert also
    spare = set(re.findall(r"`([\w.]+)`", also[1]))
    assert asked | spare == set(EVENTS_READ)
    assert asked & spare == set()


def test_the_endpoint_it_makes_has_the_version_of_our_library() -> None:
    assert set(re.findall(r"api_version=(\S+)", _flat())) == {stripe.api_version}


@dataclass
class Story:
    """A shop on a real port with practice Stripe, and the document's example as its server."""

    shop: Shop
    address: str
    practice: PracticeStripe
    example: dict[str, Any]

    def follow(self, code: str) -> str:
        """Follow a link as a browser does, and return the token of the landing address."""
        headers = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
        answer = build_opener(_Stay).open(Request(f"{self.address}/r/{code}", headers=headers))
        return parse_qs(urlsplit(answer.headers["Location"]).query)["ref"][0]

    def pay(self, checkout_url: str) -> None:
        """Pay on the Checkout page, and let the worker read what Stripe tells."""
        self.practice.pay(checkout_url.rpartition("/")[2])
        self.practice.wait_delivered()
        work_all()

    def all(self, model: Any) -> list[Any]:
        """Return every row of the shop."""
        with within(self.shop.business.id):
            return list(session.scalars(select(model).order_by(model.id)))


@pytest.fixture
def story(database_url: str, live_app: LiveApp, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    with start() as running:
        settings = settings_for(database_url, stripe_api_base=running.url)
        app, address = create_app(settings), live_app(settings)
        with app.app_context():
            shop = open_shop(at=clock.now())
            key = _connect(shop)
            running.practice.register_webhook(
                f"{address}/hooks/stripe/{shop.business.public_id}", SECRET
            )
            monkeypatch.setenv("REFERRAL_URL", address)
            monkeypatch.setenv("REFERRAL_SECRET_KEY", key)
            monkeypatch.setenv("REFERRAL_PROGRAM", shop.program.public_id)
            monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_test_corner_coffee")
            yield Story(shop, address, running.practice, _example(running.url))
            session.remove()
            db.engine.dispose()


def test_the_example_gives_the_friend_the_discount_and_thanks_who_sent_them(story: Story) -> None:
    alice = story.shop.customer("alice")
    token = story.follow(story.shop.link_of(alice).code)
    bob = story.example["signed_up"](BOB, token)
    work_all()
    story.pay(story.example["checkout"](BOB, bob, 5000, token))

    assert [(one.gross_minor, one.person.name) for one in story.all(Purchase)] == [
        (4000, "Bob Baker")
    ]
    kinds = {one.person.name: (one.kind, one.state) for one in story.all(Reward)}
    assert kinds == {"Alice": ("account_credit", "pending"), "Bob Baker": ("discount", "granted")}


def test_the_example_sells_again_when_the_discount_was_used(story: Story) -> None:
    token = story.follow(story.shop.link_of(story.shop.customer("alice")).code)
    bob = story.example["signed_up"](BOB, token)
    work_all()
    for _ in range(2):
        story.pay(story.example["checkout"](BOB, bob, 5000, token))
    assert [one.gross_minor for one in story.all(Purchase)] == [4000, 5000]
    assert len(story.all(Person)) == 2


def test_the_example_loses_neither_sale_nor_credit_while_we_are_away(story: Story) -> None:
    token = story.follow(story.shop.link_of(story.shop.customer("alice")).code)
    api, story.example["API"] = story.example["API"], "http://127.0.0.1:1"
    assert story.example["signed_up"](BOB, token) is None
    address = story.example["checkout"](BOB, None, 5000, token)
    story.example["API"] = api
    story.pay(address)
    thanked = {one.person.email for one in story.all(Reward)}
    assert thanked == {"alice@mail.example", BOB["email"]}


class _Stay(HTTPRedirectHandler):
    """Read a redirect instead of following it."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        return fp


def _connect(shop: Shop) -> str:
    with transaction(), within(shop.business.id):
        connect_stripe(
            shop.business.id,
            secret_key="rk_test_corner_coffee",
            webhook_secret=SECRET,
            at=shop.now,
        )
        return issue_key(shop.business.id, KeyKind.SECRET, name="Server", at=shop.now)


def _example(practice_url: str) -> dict[str, Callable[..., Any]]:
    """Run the document's example, with its client led to practice Stripe."""
    [block] = blocks(DOCUMENT, "python")
    names: dict[str, Any] = {}
    exec(compile(block.text, str(DOCUMENT), "exec"), names)
    names["payments"] = stripe.StripeClient(
        "sk_test_corner_coffee", base_addresses={"api": practice_url}
    )
    return names


def _flat() -> str:
    return " ".join(DOCUMENT.read_text("utf-8").split())
