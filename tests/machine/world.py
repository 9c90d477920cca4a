"""Two businesses with two programmes each, as the product keeps them and as the model sees them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from referral.domain import journey
from referral.domain.attribution import Referral, Told
from referral.domain.businesses import Actor, Business, create_business, within
from referral.domain.links import Link
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
    set_budget,
)
from referral.domain.purchases import Claim, PurchaseFact
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.charities import add_charity, set_default
from referral.domain.rewards.gift_files import import_codes, prepare_codes, read_codes
from referral.domain.rewards.gift_stock import GiftStock, open_stock
from referral.domain.rewards.rewards import REPLACED
from referral.foundation.db import session, transaction
from tests.machine.bank import Bank
from tests.machine.model import Model
from tests.machine.offers import GIFT_WORTH
from tests.machine.things import Offer, Purchase
from tests.machine.things import Program as Rules
from tests.machine.things import Reward as Promise

OLIVE, SERVER = Actor("operator", "Olive"), Actor("api_key", "Shop")
ADVOCATES, FRIENDS = ("alice", "anna"), ("bob", "ben", "bea", "alice")
PEOPLE = sorted({*ADVOCATES, *FRIENDS})
START_DAYS = 20
"""How long every subscription is paid for at first."""


@dataclass
class Place:
    """One business: its rows, and its model; programmes stand in the same order in both."""

    business: Business
    programs: list[Program]
    model: Model
    bank: Bank
    links: dict[tuple[int, str], Link] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    codes: int = 0

    def customer(self, name: str) -> str:
        return f"cus_{self.business.slug}_{name}"

    def account(self, name: str) -> str:
        return f"acct_{self.business.slug}_{name}"


def open_place(name: str, at: datetime, rules: list[dict[str, Any]]) -> Place:
    """Open a business with a charity, whose advocates have their links from the start."""
    with transaction():
        business = create_business(name, site_url="https://x.example", currency="eur", at=at)
    start = at + timedelta(days=START_DAYS)
    place = Place(business, [], Model(start), Bank(start=start))
    with within(business.id), transaction():
        set_default(add_charity(business.id, "Trees", "https://trees.example", at=at))
        for rule in rules:
            _add_program(place, at=at, **rule)
        for advocate in ADVOCATES:
            identity = identity_of(place, advocate)
            person, _ = journey.introduce(business, identity, at=at)
            place.model.known[advocate] = at
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
    )
    publish_offer(place.programs[number], terms, at=at)
    rules = place.model.programs[number]
    promised = replace(offer, day_cap=rules.day_cap, month_cap=rules.month_cap)
    rules.offers[offer.side] = promised


def sign_up(place: Place, number: int, friend: str, told: Told, *, at: datetime) -> None:
    """Sign a friend up, with their customer at the provider."""
    with within(place.business.id), transaction():
        journey.join(
            place.business, place.programs[number], identity_of(place, friend), told, at=at
        )


def buy(place: Place, key: str, purchase: Purchase, *, at: datetime) -> None:
    """Tell of what a friend paid."""
    claim = Claim(email=mail(purchase.friend))
    fact = PurchaseFact(claim, (key,), purchase.gross, purchase.tax, "eur", purchase.at)
    with within(place.business.id), transaction():
        journey.buy(place.business, fact, at=at)


def reward_of(place: Place, known: Promise) -> Reward:
    """Return the row of a reward the model knows."""
    session.rollback()
    with within(place.business.id):
        query = select(Reward).options(*LOADED)
        (found,) = [
            row
            for row in session.scalars(query)
            if (place.programs.index(row.program), row.side, row.person.email)
            == (place.model.programs.index(known.referral.program), known.offer.side,
                mail(known.person))
            and row.referral.friend.email == mail(known.referral.friend)
            and (row.purchase.external_id if row.purchase else None) == key_of(place, known)
            and (int(row.slot.rpartition(":")[2]) if row.is_restored else 0) == known.number
            and not row.slot.startswith(REPLACED)
        ]  # fmt: skip
    return found


def grant_of(place: Place, known: Promise) -> Grant:
    """Return the act that is under way for a reward."""
    reward = reward_of(place, known)
    with within(place.business.id):
        query = select(Grant).where(Grant.reward_id == reward.id)
        return session.scalars(query.where(Grant.state.in_(("waiting", "sending")))).one()


def person_of(place: Place, name: str) -> Person | None:
    """Return the row of somebody, if the business met them."""
    with within(place.business.id):
        return session.scalar(select(Person).where(Person.email == mail(name)))


def fill_stock(place: Place, count: int, *, at: datetime) -> None:
    """Add gift codes to the one stock."""
    known = range(place.codes, place.codes + count)
    lines = read_codes("\n".join(f"CODE-{number:06}" for number in known), on=at.date())
    rows = prepare_codes(lines, at=at)
    place.codes += count
    key = place.business.id
    with within(key), transaction():
        stock = session.scalar(select(GiftStock)) or open_stock(
            key, "Books", value_minor=GIFT_WORTH, currency="eur", low_at=0, at=at
        )
        import_codes(stock, lines, rows, at=at)
    place.model.gifts.free[GIFT_WORTH] += count


LOADED = (
    joinedload(Reward.program),
    joinedload(Reward.person),
    joinedload(Reward.purchase),
    joinedload(Reward.referral).joinedload(Referral.friend),
)


def identity_of(place: Place, name: str) -> Identity:
    return Identity.read(email=mail(name), stripe_customer_id=place.customer(name))


def mail(name: str) -> str:
    return f"{name}@mail.example"


def key_of(place: Place, reward: Promise) -> str | None:
    if reward.purchase is None:
        return None
    return place.keys[place.model.purchases.index(reward.purchase)]
