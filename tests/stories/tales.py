"""What can happen at Stripe, recorded once at practice Stripe and told to many shops.

A tale's events name a token; each shop that hears it puts in its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from referral.foundation import clock
from tests.stories.trade import Thing, at_stripe
from tools.practice_stripe import PracticeStripe

BOB = "bob@mail.example"
_TOKEN = "wom_" + "T" * 66
_READ = ("customer.", "checkout.session.", "invoice.paid", "invoice.payment_", "charge.", "refund.")
_NOT_READ = ("charge.succeeded", "charge.pending", "charge.failed", "charge.updated")


@dataclass(frozen=True)
class Tale:
    """Events in the order they happened, and what Alice ends up with at Stripe.

    `paid` is gross and refunded of each purchase of Bob's.
    """

    name: str
    at: datetime
    events: tuple[Thing, ...]
    credit_minor: int
    paid: tuple[tuple[int, int], ...]

    def with_token(self, token: str) -> list[Thing]:
        """Return the events as they would be for a visit with this token."""
        told: list[Thing] = json.loads(json.dumps(self.events).replace(_TOKEN, f"wom_{token}"))
        return told


Telling = Callable[[PracticeStripe], tuple[list[Thing], int, list[tuple[int, int]]]]
TALES: dict[str, Telling] = {}


def record(name: str, practice: PracticeStripe) -> Tale:
    """Let a tale happen at practice Stripe without telling anybody."""
    at = clock.now()
    events, credit_minor, paid = TALES[name](practice)
    heard = [
        one for one in events if one["type"].startswith(_READ) and one["type"] not in _NOT_READ
    ]
    return Tale(name, at, tuple(heard), credit_minor, tuple(paid))


def _tale(telling: Telling) -> Telling:
    TALES[telling.__name__] = telling
    return telling


def _buy(practice: PracticeStripe, **terms: object) -> Thing:
    chosen = {"currency": "eur", "tax": 2000, "email": BOB, "name": "Bob Baker", **terms}
    chosen.setdefault("client_reference_id", _TOKEN)
    bought: Thing = practice.buy(12000, deliver=False, **chosen)
    return bought


@_tale
def one_payment(practice: PracticeStripe) -> tuple[list[Thing], int, list[tuple[int, int]]]:
    """Bob pays once."""
    return _buy(practice)["events"], -1000, [(12000, 0)]


@_tale
def a_guest_pays(practice: PracticeStripe) -> tuple[list[Thing], int, list[tuple[int, int]]]:
    """Bob pays without becoming a customer at Stripe, and has half of it back."""
    bought = _buy(practice, is_guest=True)
    back = practice.refund(bought["charge"]["id"], 6000, deliver=False)
    return [*bought["events"], *back["events"]], -500, [(12000, 6000)]


@_tale
def a_payment_with_an_invoice(
    practice: PracticeStripe,
) -> tuple[list[Thing], int, list[tuple[int, int]]]:
    """One payment makes a session, an invoice and two events about the invoice."""
    return _buy(practice, invoice=True)["events"], -1000, [(12000, 0)]


@_tale
def a_subscription(practice: PracticeStripe) -> tuple[list[Thing], int, list[tuple[int, int]]]:
    """The session and the first invoice are the same money."""
    return _buy(practice, mode="subscription")["events"], -1000, [(12000, 0)]


@_tale
def a_free_month_first(practice: PracticeStripe) -> tuple[list[Thing], int, list[tuple[int, int]]]:
    """The first invoice is nothing; only the second one is money."""
    at_stripe(practice, "POST", "/v1/coupons", id="free", percent_off=100, duration="once")
    begun = _buy(practice, mode="subscription", coupon="free")
    renewed = practice.renew(begun["subscription"]["id"], tax=2000, deliver=False)
    return [*begun["events"], *renewed["events"]], -1000, [(0, 0), (12000, 0)]


@_tale
def credit_pays_a_part(practice: PracticeStripe) -> tuple[list[Thing], int, list[tuple[int, int]]]:
    """Bob's own credit pays a part; only the rest is money."""
    made = at_stripe(practice, "POST", "/v1/customers", email=BOB)
    path = f"/v1/customers/{made['id']}/balance_transactions"
    at_stripe(practice, "POST", path, amount=-5000, currency="eur")
    paid = _buy(practice, mode="subscription", customer=made["id"], email=None)
    return paid["events"], -1000, [(7000, 0)]


@_tale
def slow_money_arrives(practice: PracticeStripe) -> tuple[list[Thing], int, list[tuple[int, int]]]:
    """The session is complete before the money is there."""
    bought = _buy(practice, is_delayed=True)
    there = practice.settle(bought["session"]["id"], deliver=False)
    return [*bought["events"], *there["events"]], -1000, [(12000, 0)]


@_tale
def slow_money_fails(practice: PracticeStripe) -> tuple[list[Thing], int, list[tuple[int, int]]]:
    """The session is complete and the money never comes."""
    bought = _buy(practice, is_delayed=True)
    gone = practice.settle(bought["session"]["id"], outcome="failed", deliver=False)
    return [*bought["events"], *gone["events"]], 0, []


@_tale
def two_partial_refunds(practice: PracticeStripe) -> tuple[list[Thing], int, list[tuple[int, int]]]:
    """A quarter goes back, and then a twelfth."""
    bought = _buy(practice)
    first = practice.refund(bought["charge"]["id"], 3000, deliver=False)
    second = practice.refund(bought["charge"]["id"], 1000, deliver=False)
    events = [*bought["events"], *first["events"], *second["events"]]
    return events, -667, [(12000, 4000)]


@_tale
def everything_goes_back(
    practice: PracticeStripe,
) -> tuple[list[Thing], int, list[tuple[int, int]]]:
    """The whole payment is refunded."""
    bought = _buy(practice)
    back = practice.refund(bought["charge"]["id"], deliver=False)
    return [*bought["events"], *back["events"]], 0, [(12000, 12000)]


@_tale
def an_invoice_is_refunded(
    practice: PracticeStripe,
) -> tuple[list[Thing], int, list[tuple[int, int]]]:
    """Half of a subscription's invoice goes back; the charge does not name the invoice."""
    bought = _buy(practice, mode="subscription")
    back = practice.refund(bought["charge"]["id"], 6000, deliver=False)
    return [*bought["events"], *back["events"]], -500, [(12000, 6000)]


@_tale
def a_dispute_is_won(practice: PracticeStripe) -> tuple[list[Thing], int, list[tuple[int, int]]]:
    """Bob's bank disputes the payment and the business wins."""
    bought = _buy(practice)
    begun = practice.dispute(bought["charge"]["id"], deliver=False)
    ended = practice.close_dispute(begun["dispute"]["id"], "won", deliver=False)
    return [*bought["events"], *begun["events"], *ended["events"]], -1000, [(12000, 0)]


@_tale
def a_dispute_is_lost(practice: PracticeStripe) -> tuple[list[Thing], int, list[tuple[int, int]]]:
    """Bob's bank disputes the payment and the business loses."""
    bought = _buy(practice)
    begun = practice.dispute(bought["charge"]["id"], deliver=False)
    ended = practice.close_dispute(begun["dispute"]["id"], "lost", deliver=False)
    return [*bought["events"], *begun["events"], *ended["events"]], 0, [(12000, 12000)]


@_tale
def another_currency(practice: PracticeStripe) -> tuple[list[Thing], int, list[tuple[int, int]]]:
    """Bob pays in a currency the program does not reward."""
    return _buy(practice, currency="usd")["events"], 0, [(12000, 0)]
