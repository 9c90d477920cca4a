"""Shops for offers of every form, and what their people have earned."""

from datetime import date, datetime, timedelta

from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import within
from referral.domain.currencies import RateTerms
from referral.domain.people import Identity, Person
from referral.domain.programs import OfferTerms, ProgramTerms, create_program, publish_offer
from referral.domain.purchases import Claim, Purchase, PurchaseFact
from referral.domain.rewards import Reward
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.worker.loop import work_all
from tests.cast import NOON, Shop, open_shop


def shop_in(currency: str, *offers: OfferTerms, at: datetime = NOON, **terms: object) -> Shop:
    """Open a second program in a currency, with these offers and nothing else."""
    shop = open_shop(at=at)
    with within(shop.business.id), transaction():
        chosen = {"name": "More", "landing_url": "https://shop.example/more", **terms}
        shop.program = create_program(
            shop.business,
            ProgramTerms(**chosen),  # type: ignore[arg-type]
            at=at,
            currency=currency,
        )
        for offer in offers:
            publish_offer(shop.program, offer, at=at)
    return shop


def bring(shop: Shop, advocate: Person, *names: str) -> None:
    """Let friends sign up by an advocate's code."""
    code = shop.link_of(advocate).code
    for name in names:
        assert shop.signup(name, code=code).referral is not None


def pay(
    shop: Shop,
    name: str,
    base_minor: int,
    *,
    currency: str = "eur",
    key: str = "",
    renewal: bool = False,
    at: datetime | None = None,
) -> Purchase:
    """Let somebody pay without tax."""
    fact = PurchaseFact(
        claim=Claim(email=f"{name.lower()}@mail.example"),
        keys=(key or f"{name}-{base_minor}-{shop.now:%m%d%H%M}",),
        gross_minor=base_minor,
        tax_minor=0,
        currency=currency,
        occurred_at=at or shop.now,
        is_renewal=renewal,
    )
    with within(shop.business.id), transaction():
        bought = journey.buy(shop.business, fact, at=shop.now)
    assert bought is not None
    return bought


def tell(
    shop: Shop, base: str, quote: str, rate: str, *, day: date | None = None, source: str = "bank"
) -> bool:
    """Tell a rate of a day, today's unless said otherwise; True when it was new."""
    terms = RateTerms(base, quote, rate, day or shop.now.date(), source)
    with within(shop.business.id), transaction():
        return journey.tell_rates(shop.business, [terms], at=shop.now)[0][1]


def earned(shop: Shop, person: Person) -> list[Reward]:
    """List what somebody earned in the shop's program and keeps, the earliest first."""
    query = (
        select(Reward)
        .where(Reward.person_id == person.id, Reward.program_id == shop.program.id)
        .where(Reward.state.not_in(["cancelled"]))
        .order_by(Reward.earned_at, Reward.id)
    )
    with within(shop.business.id):
        return list(session.scalars(query))


def amounts(shop: Shop, person: Person) -> list[int]:
    """List the amounts of what somebody earned."""
    return [reward.amount_minor for reward in earned(shop, person)]


def days_pass(shop: Shop, days: float) -> None:
    """Move the calendar forward, and do what is due then."""
    shop.later(days=days)
    work_at(shop.now)


def work_at(moment: datetime) -> None:
    """Do everything that is due at a moment."""
    session.commit()
    seconds = (moment - clock.wall_now()) / timedelta(seconds=1)
    clock.shift(int(seconds) + 1)
    try:
        work_all()
    finally:
        clock.shift(0)


def met(shop: Shop, name: str) -> Person:
    """Meet somebody by name."""
    identity = Identity.read(email=f"{name.lower()}@mail.example", name=name.title())
    with within(shop.business.id), transaction():
        return journey.introduce(shop.business, identity, at=shop.now)[0]
