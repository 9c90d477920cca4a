"""Two businesses with two programmes each, as the product keeps them and as the model sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
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
from referral.domain.rewards import CreditBalance, Grant, LedgerAccount, Reward
from referral.domain.rewards.charities import Donation, add_charity, set_default
from referral.domain.rewards.gift_files import import_codes, prepare_codes, read_codes
from referral.domain.rewards.gift_stock import GiftCode, GiftStock, open_stock
from referral.domain.rewards.rewards import REPLACED
from referral.foundation.db import session, transaction
from tests.machine.bank import Bank
from tests.machine.model import Model
from tests.machine.things import Offer, Purchase
from tests.machine.things import Program as Rules
from tests.machine.things import Reward as Promise

OLIVE, SERVER = Actor("operator", "Olive"), Actor("api_key", "Shop")
ADVOCATES, FRIENDS = ("alice", "anna"), ("bob", "ben", "bea", "alice")
PEOPLE = sorted({*ADVOCATES, *FRIENDS})
GIFT_WORTH = 1000
START_DAYS = 20
"""How long every subscription is paid for at first."""


def promise(
    side: Side,
    trigger: Trigger,
    *,
    kind: Kind = Kind.ACCOUNT_CREDIT,
    amount: int | None = None,
    rate_bp: int | None = None,
    cap: int | None = None,
    person_cap: int | None = None,
    minimum: int = 0,
    **rest: Any,
) -> Offer:
    return Offer(side, kind, trigger, amount, rate_bp, cap, person_cap, minimum, **rest)


ADVOCATE, FRIEND = Side.ADVOCATE, Side.FRIEND
FIRST, EACH, SIGNUP = Trigger.FIRST_PURCHASE, Trigger.PURCHASE, Trigger.SIGNUP
TO_CHOOSE = (Kind.CASH, Kind.STORE_CREDIT, Kind.GIFT, Kind.CHARITY, Kind.ACCOUNT_CREDIT)
OFFERS = [
    promise(ADVOCATE, FIRST, amount=1000),
    promise(ADVOCATE, EACH, rate_bp=1000, cap=900, person_cap=2500, minimum=100),
    promise(ADVOCATE, SIGNUP, amount=300, person_cap=500),
    promise(ADVOCATE, FIRST, rate_bp=333),
    promise(ADVOCATE, EACH, kind=Kind.RECOGNITION),
    promise(ADVOCATE, EACH, kind=Kind.CASH, rate_bp=1000, payout=1500),
    promise(ADVOCATE, EACH, kind=Kind.CASH, amount=700),
    promise(ADVOCATE, EACH, kind=Kind.STORE_CREDIT, amount=800, life_days=40),
    promise(ADVOCATE, EACH, kind=Kind.GIFT, amount=GIFT_WORTH),
    promise(ADVOCATE, EACH, kind=Kind.FREE_PERIOD, amount=900),
    promise(ADVOCATE, EACH, kind=Kind.REFUND, amount=600),
    promise(ADVOCATE, EACH, kind=Kind.CHARITY, rate_bp=500),
    promise(ADVOCATE, EACH, kind=Kind.CHOICE, amount=GIFT_WORTH, choices=TO_CHOOSE),
    promise(FRIEND, SIGNUP, kind=Kind.DISCOUNT, rate_bp=2000),
    promise(FRIEND, EACH, amount=250),
    promise(FRIEND, FIRST, rate_bp=700),
    promise(FRIEND, FIRST, kind=Kind.RECOGNITION),
    promise(FRIEND, EACH, kind=Kind.STORE_CREDIT, rate_bp=400),
    promise(FRIEND, FIRST, kind=Kind.CASH, amount=500),
]
TO_ADVOCATES = [offer for offer in OFFERS if offer.side == ADVOCATE]
TO_FRIENDS = [offer for offer in OFFERS if offer.side == FRIEND]


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
        journey.join(place.business, place.programs[number], _identity(place, friend), told, at=at)


def buy(place: Place, key: str, purchase: Purchase, *, at: datetime) -> None:
    """Tell of what a friend paid."""
    claim = Claim(email=_mail(purchase.friend))
    fact = PurchaseFact(claim, (key,), purchase.gross, purchase.tax, "eur", purchase.at)
    with within(place.business.id), transaction():
        journey.buy(place.business, fact, at=at)


def reward_of(place: Place, known: Promise) -> Reward:
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


def grant_of(place: Place, known: Promise) -> Grant:
    """Return the act that is under way for a reward."""
    reward = reward_of(place, known)
    with within(place.business.id):
        query = select(Grant).where(Grant.reward_id == reward.id)
        return session.scalars(query.where(Grant.state.in_(("waiting", "sending")))).one()


def person_of(place: Place, name: str) -> Person | None:
    """Return the row of somebody, if the business met them."""
    with within(place.business.id):
        return session.scalar(select(Person).where(Person.email == _mail(name)))


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


def written(place: Place) -> dict[str, Any]:
    """Read everything the model also knows out of the database and the provider."""
    session.rollback()
    with within(place.business.id):
        rewards = [
            (
                place.programs.index(row.program), row.side, row.person.email,
                row.purchase.external_id if row.purchase else None,
                row.kind, row.state, row.reason, row.amount_minor, row.clawback_minor,
                row.withheld_minor, row.debited_minor, row.owed_minor, row.netted_minor,
                row.settled_minor, row.forgiven_minor, row.expired_minor, row.open_holds,
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
        kept = _kept_here()
    names = ("reserved", "payable", "granted", "clawback_due")
    return {
        "rewards": sorted(rewards, key=repr),
        "referrals": sent,
        "committed": committed,
        "ledger": {name: sum(sum_ for row, sum_ in accounts if row == name) for name in names},
        **_held_there(place),
        **kept,
    }


def _held_there(place: Place) -> dict[str, Any]:
    """Say what the provider holds or gave, of each kind."""
    bank, tables = place.bank, {}
    told = {"credit": bank.credit, "codes": bank.codes, "periods": bank.ends, "refunds": bank.back}
    for kind, table in told.items():
        tables[kind] = _anything({name: table.get(place.customer(name)) for name in PEOPLE})
    sent = bank.sent_to()
    cash = _anything({name: sent.get(place.account(name)) for name in PEOPLE})
    return {**tables, "cash": cash, "balance": bank.balance}


def _kept_here() -> dict[str, Any]:
    """Say what the business at work keeps of each kind itself."""
    balances = select(Person.email, CreditBalance.balance_minor).join(
        Person, Person.id == CreditBalance.person_id
    )
    codes = select(func.count(), func.count(GiftCode.reward_id), func.count(GiftCode.shown_at))
    net = Donation.amount_minor - Donation.withdrawn_minor
    owed = select(net).where(Donation.paid_at.is_(None))
    paid = select(net).where(Donation.paid_at.is_not(None))
    return {
        "store_credit": _anything(dict(session.execute(balances).all())),
        "gifts": tuple(session.execute(codes).one()),
        "donations": tuple(sum(session.scalars(query)) for query in (owed, paid)),
    }


def expected(place: Place) -> dict[str, Any]:
    """Say the same of the model."""
    mine = place.model
    rewards = [
        (
            mine.programs.index(one.referral.program), one.offer.side, _mail(one.person),
            _key(place, one), one.kind, one.state, one.reason, one.amount, one.claw,
            one.withheld, one.debited, one.owed, one.netted, one.settled, one.forgiven,
            one.expired, len(one.holds), len(one.agreed),
        )
        for one in mine.rewards
    ]  # fmt: skip
    return {
        "rewards": sorted(rewards, key=repr),
        "referrals": {
            (mine.programs.index(one.program), _mail(one.friend)): _mail(one.advocate)
            for one in mine.referrals
        },
        "committed": [program.committed for program in mine.programs],
        "ledger": _ledger(mine.rewards),
        **_totals(mine),
    }


def _ledger(rewards: Sequence[Promise]) -> dict[str, int]:
    """Say what lies in the accounts: what settles debts counts as granted from the start."""
    waiting = [one for one in rewards if one.state in ("approved", "granting")]
    given = [one for one in rewards if one.state in ("granted", "reversed")]
    return {
        "reserved": sum(one.payable for one in rewards if one.state == "pending"),
        "payable": sum(one.payable for one in waiting),
        "granted": sum(one.netted for one in waiting)
        + sum(one.amount - one.withheld - one.debited - one.expired for one in given)
        - sum(one.owed - one.forgiven for one in given),
        "clawback_due": sum(one.debt for one in rewards),
    }


def _totals(mine: Model) -> dict[str, Any]:
    lots = {_mail(name): left for name, left in mine.lots.in_all().items()}
    out = mine.gifts.out.values()
    return {
        "credit": _anything(mine.credit.of),
        "codes": _anything(mine.codes.of),
        "periods": _anything(mine.periods.ends),
        "refunds": _anything(mine.payments.back),
        "cash": _anything(mine.accounts.in_all()),
        "balance": mine.accounts.balance,
        "store_credit": _anything(lots),
        "gifts": (sum(mine.gifts.free.values()) + len(out), len(out), sum(out)),
        "donations": (sum(mine.donations.owed.values()), mine.donations.paid),
    }


def _anything(table: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out who has nothing."""
    return {name: amount for name, amount in table.items() if amount}


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


def _key(place: Place, reward: Promise) -> str | None:
    if reward.purchase is None:
        return None
    return place.keys[place.model.purchases.index(reward.purchase)]
