"""The demo's business as it opens, and its people as they come in."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from flask import current_app

from referral.domain import journey
from referral.domain.businesses import (
    Actor,
    Business,
    Role,
    connect_stripe,
    create_business,
    invite,
    issue_key,
    within,
)
from referral.domain.businesses.keys import KeyKind
from referral.domain.links import Link
from referral.domain.people import Identity
from referral.domain.programs import (
    Approval,
    Kind,
    OfferTerms,
    Program,
    ProgramTerms,
    Side,
    Trigger,
    create_program,
    publish_offer,
)
from referral.domain.rewards.charities import add_charity, set_default
from referral.domain.rewards.gift_files import import_codes, prepare_codes, read_codes
from referral.domain.rewards.gift_stock import open_stock
from referral.foundation.db import session, transaction
from referral.worker.accounts import account_of

NAME = "Corner Coffee"
SLUG = "corner-coffee"
BEING_TOLD = "corner-coffee-being-told"
OWNER = "olive@cornercoffee.example"
PASSWORD = "good coffee takes time"
TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # The demo's public authenticator secret.
PRACTICE_KEY = "sk_test_practice_demo_key"
CUSTOMER = "alice@mail.example"
OLIVE = Actor("operator", "Olive Marsh")


@dataclass
class Story:
    """The business while its month is told. The worker drops what was loaded, so it is reloaded."""

    business_id: uuid.UUID
    program_id: uuid.UUID
    workshops_id: uuid.UUID
    dice: random.Random
    today: datetime
    numbers: count[int] = field(default_factory=lambda: count(1001))

    @property
    def business(self) -> Business:
        return session.get_one(Business, self.business_id)

    @property
    def program(self) -> Program:
        return session.get_one(Program, self.program_id)

    @property
    def workshops(self) -> Program:
        return session.get_one(Program, self.workshops_id)

    def moment(self, days_ago: float) -> datetime:
        """Return a moment so many days ago, in shop hours."""
        day = self.today - timedelta(days=days_ago)
        return day.replace(hour=9, minute=0) + timedelta(minutes=self.dice.randrange(600))


def open_shop(at: datetime, today: datetime) -> Story:
    from referral.domain.businesses.credentials import set_up_operator

    settings = current_app.extensions["settings"]
    own_key = settings.stripe_secret_key.get_secret_value()
    with transaction():
        business = create_business(
            NAME, site_url="https://cornercoffee.example/", currency="eur", at=at
        )
        business.slug = BEING_TOLD
        with within(business.id):
            olive = invite(business.id, OWNER, role=Role.OWNER, name="Olive Marsh", at=at)
            set_up_operator(olive, password=PASSWORD, totp_secret=TOTP, at=at)
            issue_key(business.id, KeyKind.SECRET, name="Shop server", at=at)
            issue_key(business.id, KeyKind.PUBLISHABLE, name="Website widget", at=at)
            connect_stripe(
                business.id,
                secret_key=own_key or PRACTICE_KEY,
                webhook_secret=settings.stripe_webhook_secret.get_secret_value()
                or "whsec_practice",
                at=at,
                is_practice=not own_key,
            )
            credit = OfferTerms(
                Side.ADVOCATE, Kind.ACCOUNT_CREDIT, Trigger.FIRST_PURCHASE, amount_minor=1000
            )
            program = _program(business, "Bring a friend", Approval.AUTOMATIC, credit, at)
            choice = OfferTerms(
                Side.ADVOCATE,
                Kind.CHOICE,
                Trigger.FIRST_PURCHASE,
                amount_minor=2500,
                choices=(Kind.STORE_CREDIT, Kind.GIFT, Kind.CHARITY),
            )
            workshops = _program(business, "Barista workshops", Approval.STAFF, choice, at)
            _fill_shelves(business, at)
    dice = random.Random(7)  # noqa: S311
    return Story(business.id, program.id, workshops.id, dice, today)


def _program(
    business: Business, name: str, approval: Approval, thanks: OfferTerms, at: datetime
) -> Program:
    page = name.lower().replace(" ", "-")
    terms = ProgramTerms(
        name=name,
        landing_url=f"https://cornercoffee.example/{page}",
        approval=approval,
        hold_days=14,
    )
    program = create_program(business, terms, at=at, budget_minor=200_000)
    discount = OfferTerms(Side.FRIEND, Kind.DISCOUNT, Trigger.SIGNUP, rate_bp=2000)
    for offer in (thanks, discount):
        publish_offer(program, offer, at=at)
    return program


def _fill_shelves(business: Business, at: datetime) -> None:
    """Buy vouchers and name charities, for those who would rather have that than credit."""
    stock = open_stock(
        business.id, "Bookshop voucher", value_minor=2500, currency="eur", low_at=5, at=at
    )
    codes = "\n".join(f"BOOKS-{number:04}-DEMO" for number in range(1, 13))
    lines = read_codes(codes, on=at.date())
    import_codes(stock, lines, prepare_codes(lines, at=at), at=at)
    add_charity(business.id, "Clean Rivers", "https://rivers.example", at=at)
    set_default(add_charity(business.id, "School Garden", "https://garden.example", at=at))


def customer(story: Story, name: str, *, days_ago: float) -> Link:
    """Introduce a regular, with a customer at Stripe and a link in the main program."""
    email = f"{name.split(maxsplit=1)[0].lower()}@mail.example"
    account = account_of(story.business.id)
    customer = (
        account.make_customer(
            email=email, name=name, marks={}, key=f"demo:{story.today:%s}:{email}"
        )
        if account
        else None
    )
    at = story.moment(days_ago)
    identity = Identity.read(
        email=email,
        external_id=f"shop-{next(story.numbers)}",
        stripe_customer_id=customer,
        name=name,
    )
    with transaction():
        person, _ = journey.introduce(story.business, identity, at=at)
        return journey.enroll(person, story.program, at=at)


def email_of(name: str) -> str:
    return f"{name.split(maxsplit=1)[0].lower()}@mail.example"
