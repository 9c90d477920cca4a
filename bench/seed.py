"""Fills an empty database with a business and its advocates: `python -m bench.seed NUMBER`.

It runs as a process of its own, with the settings of the server under test, and prints a World.
"""

import json
import sys
from datetime import datetime

from flask import Flask, Response, session

from bench.requests import World
from config import Settings
from referral import create_app
from referral.domain import journey
from referral.domain.businesses import (
    Business,
    connect_stripe,
    create_business,
    issue_key,
    within,
)
from referral.domain.businesses.keys import KeyKind
from referral.domain.people import Identity, Person
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
from referral.surfaces.web.sessions import VisitorKind, sign_in

WEBHOOK_SECRET = "whsec_for_the_bench_only"


def main(advocates: int) -> World:
    """Make the tables and the data, and return what a visitor needs."""
    app = create_app(Settings())
    with app.app_context():
        db.create_all()
        at = clock.now()
        with transaction():
            business = create_business(
                "Bench", site_url="https://shop.example/", currency="eur", at=at
            )
            with within(business.id):
                program = program_of(business, at)
                secret_key = issue_key(business.id, KeyKind.SECRET, name="Bench", at=at)
                connect_stripe(
                    business.id, secret_key="sk_test_bench", webhook_secret=WEBHOOK_SECRET, at=at
                )
                people = [_person(business, number, at) for number in range(advocates)]
                codes = [journey.enroll(person, program, at=at).code for person in people]
        return World(
            business=business.public_id,
            slug=business.slug,
            program=program.public_id,
            secret_key=secret_key,
            webhook_secret=WEBHOOK_SECRET,
            cookie=_cookie(app, people[0], at),
            codes=codes,
        )


def program_of(business: Business, at: datetime) -> Program:
    terms = ProgramTerms(name="Friends", landing_url="https://shop.example/hello")
    program = create_program(business, terms, at=at)
    credit = OfferTerms(
        side=Side.ADVOCATE,
        kind=Kind.ACCOUNT_CREDIT,
        trigger=Trigger.FIRST_PURCHASE,
        amount_minor=1000,
    )
    discount = OfferTerms(
        side=Side.FRIEND, kind=Kind.DISCOUNT, trigger=Trigger.SIGNUP, rate_bp=2000
    )
    for terms_of_side in (credit, discount):
        publish_offer(program, terms_of_side, at=at)
    return program


def _person(business: Business, number: int, at: datetime) -> Person:
    identity = Identity.read(email=f"alice{number}@mail.example", name=f"Alice {number}")
    return journey.introduce(business, identity, at=at)[0]


def _cookie(app: Flask, person: Person, at: datetime) -> str:
    """Sign a person in and return their cookie as a browser sends it."""
    answer = Response()
    with app.test_request_context("/portal/bench"):
        with transaction():
            sign_in(VisitorKind.PERSON, person.id, business_id=person.business_id, at=at)
        app.session_interface.save_session(app, session, answer)
    return answer.headers["Set-Cookie"].partition(";")[0]


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1])).as_dict()))
