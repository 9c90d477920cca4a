"""Two businesses with two programmes each, as the product keeps them and as the model sees them."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from referral.domain import journey
from referral.domain.attribution import Referral, Told
from referral.domain.businesses import Actor, Business, create_business, within
from referral.domain.links import Link
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
    set_budget,
)
from referral.domain.purchases import Claim, PurchaseFact
from referral.domain.rewards import Grant, LedgerAccount, Reward
from referral.domain.rewards.rewards import REPLACED
from referral.foundation.db import session, transaction
from tests.machine import model
from tests.provider import Provider

OLIVE, SERVER = Actor("operator", "Olive"), Actor("api_key", "Shop")
ADVOCATES, FRIENDS = ("alice", "anna"), ("bob", "ben", "bea", "alice")
CREDIT, DISCOUNT, THANKS = Kind.ACCOUNT_CREDIT, Kind.DISCOUNT, Kind.RECOGNITION


def promise(
    side: Side,
    trigger: Trigger,
    *,
    kind: Kind = CREDIT,
    amount: int | None = None,
    rate_bp: int | None = None,
    cap: int | None = None,
    person_cap: int | None = None,
    minimum: int = 0,
) -> model.Offer:
    return model.Offer(side, kind, trigger, amount, rate_bp, cap, person_cap, minimum)


OFFERS = [
    promise(Side.ADVOCATE, Trigger.FIRST_PURCHASE, amount=1000),
    promise(Side.FRIEND, Trigger.SIGNUP, kind=DISCOUNT, rate_bp=2000),
    promise(Side.ADVOCATE, Trigger.PURCHASE, rate_bp=1000, cap=900, person_cap=2500, minimum=100),
    promise(Side.FRIEND, Trigger.PURCHASE, amount=250),
    promise(Side.ADVOCATE, Trigger.SIGNUP, amount=300, person_cap=500),
    promise(Side.FRIEND, Trigger.FIRST_PURCHASE, rate_bp=700),
    promise(Side.ADVOCATE, Trigger.FIRST_PURCHASE, rate_bp=333),
    promise(Side.FRIEND, Trigger.FIRST_PURCHASE, kind=THANKS),
    promise(Side.ADVOCATE, Trigger.PURCHASE, kind=THANKS),
]


@dataclass
class Place:
    """One business: its rows, and its model; programmes stand in the same order in both."""

    business: Business
    programs: list[Program]
    model: model.Model
    links: dict[tuple[int, str], Link] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)

    def customer(self, name: str) -> str:
        return f"cus_{self.business.slug}_{name}"


def open_place(name: str, at: datetime, rules: list[dict[str, Any]]) -> Place:
    """Open a business whose advocates have their links from the start."""
    with transaction():
        business = create_business(name, site_url="https://x.example", currency="eur", at=at)
    place = Place(business, [], model.Model([]))
    with within(business.id), transaction():
        for rule in rules:
            _add_program(place, at=at, **rule)
        for advocate in ADVOCATES:
            identity = _identity(place, advocate)
            person, _ = journey.introduce(business, identity, at=at)
            place.model.known[advocate] = at
            for number, program in enumerate(place.programs):
                place.links[number, advocate] = journey.enroll(person, program, at=at)
    return place


def _add_program(
    place: Place,
    *,
    at: datetime,
    offers: tuple[int, int],
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
    place.model.programs.append(model.Program({}, budget, first, staff, hold, **rules))
    for number in offers:
        publish(place, len(place.programs) - 1, OFFERS[number], at=at)


def publish(place: Place, number: int, offer: model.Offer, *, at: datetime) -> None:
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
        "Thank you." if offer.kind == THANKS else None,
    )
    publish_offer(place.programs[number], terms, at=at)
    rules = place.model.programs[number]
    promised = replace(offer, day_cap=rules.day_cap, month_cap=rules.month_cap)
    rules.offers[offer.side] = promised


def sign_up(place: Place, number: int, friend: str, told: Told, *, at: datetime) -> None:
    """Sign a friend up, with their customer at the provider."""
    with within(place.business.id), transaction():
        journey.join(place.business, place.programs[number], _identity(place, friend), told, at=at)


def buy(place: Place, key: str, purchase: model.Purchase, *, at: datetime) -> None:
    """Tell of what a friend paid."""
    claim = Claim(email=_mail(purchase.friend))
    fact = PurchaseFact(claim, (key,), purchase.gross, purchase.tax, "eur", purchase.at)
    with within(place.business.id), transaction():
        journey.buy(place.business, fact, at=at)


def reward_of(place: Place, known: model.Reward) -> Reward:
    """Return the row of a reward the model knows."""
    session.rollback()
    with within(place.business.id):
        query = select(Reward).options(*_LOADED)
        (found,) = [
            row
            for row in session.scalars(query)
            if (place.programs.index(row.program), row.side, row.person.email)
            == (place.model.programs.index(known.referral.program), known.offer.side,
                _mail(known.person))
            and row.referral.friend.email == _mail(known.referral.friend)
            and (row.purchase.external_id if row.purchase else None) == _key(place, known)
            and (int(row.slot.rpartition(":")[2]) if row.is_restored else 0) == known.number
            and not row.slot.startswith(REPLACED)
        ]  # fmt: skip
    return found


def grant_of(place: Place, known: model.Reward) -> Grant:
    """Return the act that is under way for a reward."""
    reward = reward_of(place, known)
    with within(place.business.id):
        query = select(Grant).where(Grant.reward_id == reward.id)
        return session.scalars(query.where(Grant.state.in_(("waiting", "sending")))).one()


def written(place: Place, provider: Provider) -> dict[str, Any]:
    """Read everything the model also knows out of the database and the provider."""
    session.rollback()
    with within(place.business.id):
        rewards = [
            (
                place.programs.index(row.program), row.side, row.person.email,
                row.purchase.external_id if row.purchase else None,
                row.state, row.reason, row.amount_minor, row.clawback_minor,
                row.withheld_minor, row.debited_minor, row.owed_minor, row.open_holds,
                row.approvals_given,
            )
            for row in session.scalars(select(Reward).options(*_LOADED))
        ]  # fmt: skip
        referrals = session.scalars(
            select(Referral).options(joinedload(Referral.advocate), joinedload(Referral.friend))
        )
        sent = {
            (place.programs.index(one.program), one.friend.email): one.advocate.email
            for one in referrals
        }
        committed = [
            session.get_one(Program, one.id, populate_existing=True).committed_minor
            for one in place.programs
        ]
        accounts = session.execute(select(LedgerAccount.name, LedgerAccount.balance_minor)).all()
    names = ("reserved", "payable", "granted", "clawback_due")
    return {
        "rewards": sorted(rewards, key=repr),
        "referrals": sent,
        "committed": committed,
        "ledger": {name: sum(sum_ for row, sum_ in accounts if row == name) for name in names},
        "credit": {
            name: provider.credit.get(place.customer(name), 0) for name in {*ADVOCATES, *FRIENDS}
        },
    }


def expected(place: Place) -> dict[str, Any]:
    """Say the same of the model."""
    mine = place.model
    rewards = [
        (
            mine.programs.index(one.referral.program), one.offer.side, _mail(one.person),
            _key(place, one), one.state, one.reason, one.amount, one.claw, one.withheld,
            one.debited, one.owed, len(one.holds), len(one.agreed),
        )
        for one in mine.rewards
    ]  # fmt: skip
    in_states = {
        "reserved": ("pending",),
        "payable": ("approved", "granting"),
        "granted": ("granted", "reversed"),
    }
    ledger = {
        name: sum(
            one.payable - one.debited - one.owed for one in mine.rewards if one.state in states
        )
        for name, states in in_states.items()
    }
    return {
        "rewards": sorted(rewards, key=repr),
        "referrals": {
            (mine.programs.index(one.program), _mail(one.friend)): _mail(one.advocate)
            for one in mine.referrals
        },
        "committed": [program.committed for program in mine.programs],
        "ledger": {**ledger, "clawback_due": sum(one.owed for one in mine.rewards)},
        "credit": {name: mine.credit[name] for name in {*ADVOCATES, *FRIENDS}},
    }


_LOADED = (
    joinedload(Reward.program),
    joinedload(Reward.person),
    joinedload(Reward.purchase),
    joinedload(Reward.referral).joinedload(Referral.friend),
)


def _identity(place: Place, name: str) -> Identity:
    return Identity.read(email=_mail(name), stripe_customer_id=place.customer(name))


def _mail(name: str) -> str:
    return f"{name}@mail.example"


def _key(place: Place, reward: model.Reward) -> str | None:
    if reward.purchase is None:
        return None
    return place.keys[place.model.purchases.index(reward.purchase)]
