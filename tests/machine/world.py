"""Two businesses with two programs each, as the product keeps them and as the model sees them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from referral.domain import journey
from referral.domain.attribution import Told
from referral.domain.businesses import Actor, Operator, create_business, within
from referral.domain.businesses.endpoints import set_endpoint
from referral.domain.programs import (
    Fulfilment,
    Kind,
    OfferTerms,
    ProgramTerms,
    Side,
    Step,
    Trigger,
    create_program,
    publish_offer,
    set_budget,
)
from referral.domain.purchases import PurchaseFact
from referral.domain.rewards.charities import add_charity, set_default
from referral.domain.rewards.gift_files import import_codes, prepare_codes, read_codes
from referral.domain.rewards.gift_stock import GiftStock, open_stock
from referral.foundation.db import session, transaction
from tests.cast import NOON
from tests.machine.bank import Bank
from tests.machine.offers import GIFT_WORTH
from tests.machine.place import Place, claim_of, identity_of, mail
from tests.machine.promises import Offer
from tests.machine.promises import Program as Rules
from tests.machine.records import Records
from tests.machine.things import Purchase, Said

SECOND = ".2"
SERVER = Actor("api_key", "Shop")
STAFF = ("olive", "anna", "server")
"""Who decides about rewards; anna also shares, so some of them are her own."""
ADVOCATES, FRIENDS = ("alice", "anna"), ("bob", "ben", "bea", "alice")
PEOPLE = sorted({*ADVOCATES, *FRIENDS})
CUSTOMERS = sorted([*PEOPLE, *(one + SECOND for one in FRIENDS)])
"""Who may be a customer at the provider: some friends are one twice."""
START_DAYS = 20
"""How long every subscription is paid for at first."""


def open_place(
    name: str, currency: str, at: datetime, rules: list[dict[str, Any]], *, stranger: str = ""
) -> Place:
    """Open a business with a charity, whose advocates have their links from the start.

    The stranger among them is no customer at the provider.
    """
    with transaction():
        business = create_business(name, site_url="https://x.example", currency=currency, at=at)
    start = at + timedelta(days=START_DAYS)
    place = Place(business, [], Records(start, currency), Bank(name=business.slug, start=start))
    with within(business.id), transaction():
        set_endpoint(business.id, "http://127.0.0.1:9/gifts", at=at)
        set_default(add_charity(business.id, "Trees", "https://trees.example", at=at))
        for rule in rules:
            _add_program(place, at=at, **rule)
        for advocate in ADVOCATES:
            said = Said(mail=advocate) if advocate == stranger else everything_of(advocate)
            person, _ = journey.introduce(business, identity_of(place, said), at=at)
            place.model.linked.add(place.model.introduce(said, at))
            for number, program in enumerate(place.programs):
                place.links[number, advocate] = journey.enroll(person, program, at=at)
    return place


def _add_program(
    place: Place,
    *,
    at: datetime,
    offers: Sequence[Offer],
    budget: int | None,
    first: bool,
    staff: bool,
    hold_days: int,
    **rules: int,
) -> None:
    terms = ProgramTerms(
        name="Friends",
        landing_url="https://x.example/hello",
        touch_rule="first" if first else "last",  # type: ignore[arg-type]
        approval="staff" if staff else "automatic",  # type: ignore[arg-type]
        hold_days=hold_days,
        automatic_below_minor=rules.get("automatic_below"),
        second_person_from_minor=rules.get("second_from"),
        day_cap_minor=rules.get("day_cap"),
        month_cap_minor=rules.get("month_cap"),
        household_cap_minor=rules.get("household_cap"),
        expire_days=rules.get("expire_days"),
    )
    program = create_program(place.business, terms, at=at)
    set_budget(program, budget)
    place.programs.append(program)
    hold = timedelta(days=hold_days)
    place.model.programs.append(Rules({}, budget, first, staff, hold, **rules))
    for offer in offers:
        publish(place, len(place.programs) - 1, offer, at=at)


def publish(place: Place, number: int, offer: Offer, *, at: datetime) -> None:
    """Publish the next version of one side's offer."""
    terms = OfferTerms(
        Side(offer.side),
        Kind(offer.kind),
        Trigger(offer.trigger),
        offer.amount,
        offer.rate_bp,
        offer.cap,
        offer.person_cap,
        offer.minimum,
        "Thank you." if offer.kind == Kind.RECOGNITION else None,
        choices=tuple(Kind(one) for one in offer.choices),
        minimum_payout_minor=offer.payout,
        credit_life_days=offer.life_days,
        times=offer.times,
        milestone_every=offer.every,
        milestone_at=offer.at,
        steps=tuple(_step(offer, *step) for step in offer.steps),
        discount_days=offer.code_days,
        discount_minimum_minor=offer.code_minimum,
        fulfilment=Fulfilment.WEBHOOK if offer.by_server else None,
        fallback_kind=Kind(offer.fallback) if offer.fallback else None,
        fallback_days=offer.fallback_days if offer.fallback else None,
    )
    publish_offer(place.programs[number], terms, at=at)
    rules = place.model.programs[number]
    promised = replace(
        offer,
        day_cap=rules.day_cap,
        month_cap=rules.month_cap,
        household_cap=rules.household_cap,
        expire_days=rules.expire_days,
        unit=10 if place.currency == "kwd" else 1,
    )
    rules.offers[offer.side] = promised
    rules.published.append((at, promised))


def _step(offer: Offer, friends: int, worth: int) -> Step:
    return Step(friends, worth) if offer.amount is not None else Step(friends, rate_bp=worth)


def everything_of(name: str) -> Said:
    """Name somebody by their mail address and their customer at the provider."""
    return Said(mail=name, customer=name)


def sign_up(
    place: Place, number: int, said: Said, told: Told, *, at: datetime, occurred_at: datetime
) -> None:
    """Sign a friend up, by what names them; the caller opens the transaction."""
    identity, program = identity_of(place, said), place.programs[number]
    journey.join(place.business, program, identity, told, at=at, occurred_at=occurred_at)


def buy(
    place: Place, purchase: Purchase, said: Said, *tokens: str, is_renewal: bool, at: datetime
) -> None:
    """Tell of what a friend paid, perhaps with what they brought from a link."""
    fact = PurchaseFact(
        claim_of(place, said, *tokens),
        (purchase.key,),
        purchase.gross,
        purchase.tax,
        purchase.currency,
        purchase.at,
        is_renewal,
    )
    with within(place.business.id), transaction():
        journey.buy(place.business, fact, at=at)


def fill_stock(place: Place, count: int, *, at: datetime) -> None:
    """Add gift codes to the one stock."""
    known = range(place.codes, place.codes + count)
    lines = read_codes("\n".join(f"CODE-{number:06}" for number in known), on=at.date())
    rows = prepare_codes(lines, at=at)
    place.codes += count
    key = place.business.id
    with within(key), transaction():
        stock = session.scalar(select(GiftStock)) or open_stock(
            key, "Books", value_minor=GIFT_WORTH, currency=place.currency, low_at=0, at=at
        )
        import_codes(stock, lines, rows, at=at)
    place.model.gifts.free[GIFT_WORTH] += count


def staff() -> dict[str, Actor]:
    """Make the team: two people with accounts, and a server with a key."""
    team = {"server": SERVER}
    with transaction():
        for name in ("olive", "anna"):
            row = Operator(email=mail(name), name=name.title(), created_at=NOON)
            session.add(row)
            session.flush()
            team[name] = Actor("operator", row.name, row.id)
    return team
