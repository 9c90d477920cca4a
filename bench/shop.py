"""Fills an empty database with friends whose purchases earn credit at once: `python -m bench.shop`.

It runs as a process of its own, with the settings of the server under test, and prints a Shop.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import requests

from bench.seed import WEBHOOK_SECRET
from config import Settings
from referral import create_app
from referral.domain import journey
from referral.domain.attribution import Told
from referral.domain.businesses import Business, connect_stripe, create_business, issue_key, within
from referral.domain.businesses.keys import KeyKind
from referral.domain.people import Identity
from referral.domain.programs import (
    Kind,
    OfferTerms,
    Program,
    ProgramTerms,
    Side,
    Trigger,
    create_program,
    publish_offer,
)
from referral.foundation import clock
from referral.foundation.db import db, transaction

STRIPE_KEY = "sk_test_bench"
FRIENDS = 16


@dataclass(frozen=True)
class Shop:
    """Who may buy, the key to tell of it, and the first advocate's customer at practice Stripe."""

    secret_key: str
    friends: list[str]
    customer: str


def main() -> Shop:
    """Make the tables, and advocates with a friend each."""
    settings = Settings()
    customers = [_customer(settings.stripe_api_base, number) for number in range(FRIENDS)]
    app = create_app(settings)
    with app.app_context():
        db.create_all()
        at = clock.now()
        with transaction():
            business = create_business(
                "Bench", site_url="https://shop.example/", currency="eur", at=at
            )
        with within(business.id), transaction():
            connect_stripe(business.id, secret_key=STRIPE_KEY, webhook_secret=WEBHOOK_SECRET, at=at)
            key = issue_key(business.id, KeyKind.SECRET, name="Bench", at=at)
            program = _program(business)
            friends = [
                _friend(business, program, number, customer)
                for number, customer in enumerate(customers)
            ]
        return Shop(key, friends, customers[0])


def _program(business: Business) -> Program:
    at = clock.now()
    terms = ProgramTerms(name="Friends", landing_url="https://shop.example/hello", hold_days=0)
    program = create_program(business, terms, at=at)
    credit = OfferTerms(
        side=Side.ADVOCATE, kind=Kind.ACCOUNT_CREDIT, trigger=Trigger.PURCHASE, amount_minor=1000
    )
    publish_offer(program, credit, at=at)
    return program


def _friend(business: Business, program: Program, number: int, customer: str) -> str:
    at = clock.now()
    identity = Identity.read(email=f"alice{number}@mail.example", stripe_customer_id=customer)
    alice, _ = journey.introduce(business, identity, at=at)
    code = journey.enroll(alice, program, at=at).code
    email = f"bob{number}@mail.example"
    journey.join(business, program, Identity.read(email=email), Told(code=code), at=at)
    return email


def _customer(stripe: str, number: int) -> str:
    answer = requests.post(
        f"{stripe}/v1/customers",
        data={"email": f"alice{number}@mail.example"},
        auth=(STRIPE_KEY, ""),
        timeout=10,
    )
    answer.raise_for_status()
    return str(answer.json()["id"])


if __name__ == "__main__":
    print(json.dumps(asdict(main())))
