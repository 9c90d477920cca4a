"""The standing cast and plain functions that make data, each with sensible defaults.

alice shares, bob arrives, mallory cheats, olive operates, charlie may see nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy import select

from referral.domain import journey
from referral.domain.attribution import Told
from referral.domain.businesses import Business, create_business, within
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
)
from referral.domain.purchases import Claim, Purchase, PurchaseFact, RefundFact
from referral.domain.rewards.gift_files import import_codes, prepare_codes, read_codes
from referral.domain.rewards.gift_stock import GiftStock, open_stock
from referral.foundation.db import session, transaction
from referral.foundation.ids import key_at

NOON = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
_numbers = count(1)


@dataclass
class Shop:
    """A business with one open two-sided program; everything happens at `now`."""

    business: Business
    program: Program
    now: datetime = NOON

    def later(self, **delta: float) -> "Shop":
        """Move the shop's clock forward."""
        self.now += timedelta(**delta)
        return self

    def customer(self, name: str, **known: str) -> Person:
        """Introduce a customer, with an email and a Stripe customer of their name."""
        identity = Identity.read(
            email=known.get("email", f"{name.lower()}@mail.example"),
            external_id=known.get("external_id"),
            stripe_customer_id=known.get("customer", f"cus_{name.lower()}"),
            name=known.get("full_name", name.title()),
        )
        with within(self.business.id), transaction():
            return journey.introduce(self.business, identity, at=self.now)[0]

    def link_of(self, person: Person) -> Link:
        """Give a person their link."""
        with within(self.business.id), transaction():
            return journey.enroll(person, self.program, at=self.now)

    def click(self, link: Link) -> str:
        """Follow a link as a human, and return the token."""
        visit = journey.Visit(key_at(self.now), link.code, self.now, "phone", None, "h")
        with transaction():
            places = journey.arrive([visit], over=session.connection())
        return visit.token_at(places[link.code])

    def signup(
        self,
        name: str,
        *,
        token: str = "",
        code: str = "",
        told_by: str = "",
        occurred_at: datetime | None = None,
    ) -> journey.Joined:
        """Sign somebody up with what they brought; told late when it was before now."""
        identity = Identity.read(email=f"{name.lower()}@mail.example", name=name.title())
        told = Told(tokens=(token,) if token else (), code=code or None, told_by=told_by or None)
        with within(self.business.id), transaction():
            return journey.join(
                self.business, self.program, identity, told, at=self.now, occurred_at=occurred_at
            )

    def purchase(
        self,
        name: str,
        gross_minor: int = 12000,
        *,
        tax_minor: int = 2000,
        keys: tuple[str, ...] = (),
        currency: str = "eur",
        at: datetime | None = None,
    ) -> Purchase:
        """Let somebody pay."""
        fact = PurchaseFact(
            claim=Claim(email=f"{name.lower()}@mail.example"),
            keys=keys or (f"in_{next(_numbers)}",),
            gross_minor=gross_minor,
            tax_minor=tax_minor,
            currency=currency,
            occurred_at=at or self.now,
        )
        with within(self.business.id), transaction():
            bought = journey.buy(self.business, fact, at=self.now)
        assert bought is not None
        return bought

    def refund(
        self, purchase: Purchase, amount_minor: int, *, name: str = "", has_failed: bool = False
    ) -> Purchase:
        """Give part of a purchase back, or learn that a refund of this name has failed."""
        fact = RefundFact(
            keys=(purchase.external_id,),
            at=self.now,
            refund_id=name or f"re_{next(_numbers)}",
            amount_minor=amount_minor,
            has_failed=has_failed,
        )
        with within(self.business.id), transaction():
            return journey.refund(self.business, fact, at=self.now)


def open_shop(
    name: str = "Corner Coffee",
    *,
    advocate: OfferTerms | None = None,
    friend: OfferTerms | None = None,
    budget_minor: int | None = None,
    at: datetime = NOON,
    **terms: object,
) -> Shop:
    """Create a business with a program: 10.00 credit for the advocate, 20 % off for the friend."""
    with transaction():
        business = create_business(name, site_url="https://shop.example/", currency="eur", at=at)
        with within(business.id):
            program = create_program(
                business,
                ProgramTerms(name="Friends", landing_url="https://shop.example/hello", **terms),  # type: ignore[arg-type]
                at=at,
                budget_minor=budget_minor,
            )
            publish_offer(program, advocate or credit(), at=at)
            publish_offer(program, friend or discount(), at=at)
    return Shop(business, program, at)


def credit(
    amount_minor: int | None = 1000, *, side: Side = Side.ADVOCATE, **terms: object
) -> OfferTerms:
    """Offer credit on the balance for the first purchase."""
    chosen = {"trigger": Trigger.FIRST_PURCHASE, "amount_minor": amount_minor, **terms}
    return OfferTerms(side=side, kind=Kind.ACCOUNT_CREDIT, **chosen)  # type: ignore[arg-type]


def gift(amount_minor: int = 1000, *, side: Side = Side.ADVOCATE, **terms: object) -> OfferTerms:
    """Offer a gift code for the first purchase."""
    chosen = {"trigger": Trigger.FIRST_PURCHASE, "amount_minor": amount_minor, **terms}
    return OfferTerms(side=side, kind=Kind.GIFT, **chosen)  # type: ignore[arg-type]


def fill_stock(shop: Shop, codes: str, name: str = "Book voucher", **terms: int) -> GiftStock:
    """Put codes, one on each line, into a stock of vouchers over 10.00; opens it when new."""
    with within(shop.business.id):
        lines = read_codes(codes, on=shop.now.date())
        rows = prepare_codes(lines, at=shop.now)
        with transaction():
            stock = session.scalar(select(GiftStock).where(GiftStock.name == name)) or open_stock(
                shop.business.id,
                name,
                value_minor=terms.get("value_minor", 1000),
                currency="eur",
                low_at=terms.get("low_at", 0),
                at=shop.now,
            )
            import_codes(stock, lines, rows, at=shop.now)
    return stock


def cash(
    amount_minor: int | None = 1000, *, side: Side = Side.ADVOCATE, **terms: object
) -> OfferTerms:
    """Offer money for each purchase."""
    chosen = {"trigger": Trigger.PURCHASE, "amount_minor": amount_minor, **terms}
    return OfferTerms(side=side, kind=Kind.CASH, **chosen)  # type: ignore[arg-type]


def store_credit(amount_minor: int | None = 1000, **terms: object) -> OfferTerms:
    """Offer credit that we keep, for each purchase."""
    chosen = {"trigger": Trigger.PURCHASE, "amount_minor": amount_minor, **terms}
    return OfferTerms(side=Side.ADVOCATE, kind=Kind.STORE_CREDIT, **chosen)  # type: ignore[arg-type]


def discount(rate_bp: int = 2000) -> OfferTerms:
    """Offer the friend a discount on their first checkout."""
    return OfferTerms(side=Side.FRIEND, kind=Kind.DISCOUNT, trigger=Trigger.SIGNUP, rate_bp=rate_bp)
