"""One business of the histories: its people by name, and the rows of what the model knows."""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from referral.domain.attribution import Referral
from referral.domain.businesses import Business, within
from referral.domain.links import Link
from referral.domain.people import Identity, Person, StripeCustomer
from referral.domain.programs import Program
from referral.domain.purchases import Claim
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.rewards import REPLACED, SUPERSEDED
from referral.foundation.db import session
from tests.machine.bank import Bank
from tests.machine.records import Records
from tests.machine.things import Reward as Promise
from tests.machine.things import Said

AT = "@mail.example"
LOADED = (
    joinedload(Reward.program),
    joinedload(Reward.person),
    joinedload(Reward.purchase),
    joinedload(Reward.referral).joinedload(Referral.friend),
)


@dataclass
class Place:
    """One business: its rows, and its model; programs stand in the same order in both."""

    business: Business
    programs: list[Program]
    model: Records
    bank: Bank
    links: dict[tuple[int, str], Link] = field(default_factory=dict)
    codes: int = 0

    @property
    def currency(self) -> str:
        return self.model.home

    def customer(self, name: str) -> str:
        return f"cus_{self.business.slug}_{name}"

    def account(self, name: str) -> str:
        return f"acct_{self.business.slug}_{name}"


def reward_of(place: Place, known: Promise) -> Reward:
    """Return the row of a reward the model knows."""
    session.rollback()
    with within(place.business.id):
        query = select(Reward).options(*LOADED)
        (found,) = [
            row
            for row in session.scalars(query)
            if (place.programs.index(row.program), row.side, who(row.person))
            == (place.model.programs.index(known.referral.program), known.offer.side,
                known.person)
            and who(row.referral.friend) == known.referral.friend
            and (row.purchase.external_id if row.purchase else None) == key_of(known)
            and (int(row.slot.rpartition(":")[2]) if row.is_restored else 0) == known.number
            and not row.slot.startswith((REPLACED, SUPERSEDED))
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
        return next((one for one in session.scalars(select(Person)) if who(one) == name), None)


def who(person: Person) -> str:
    """Call a row as the model calls its record."""
    if person.email is not None:
        return person.email.removesuffix(AT)
    if person.external_id is not None:
        return person.external_id
    first = select(StripeCustomer.customer_id).where(StripeCustomer.person_id == person.id)
    customer = session.scalar(first.order_by(StripeCustomer.id).limit(1)) or "_"
    return "?" + customer.rpartition("_")[2]


def identity_of(place: Place, said: Said) -> Identity:
    """Say of somebody what names them, as the business says it."""
    customer = place.customer(said.customer) if said.customer else None
    return Identity.read(email=_mail(said), external_id=said.own, stripe_customer_id=customer)


def claim_of(place: Place, said: Said, *tokens: str) -> Claim:
    """Say the same as a provider does."""
    customer = place.customer(said.customer) if said.customer else None
    return Claim(customer, _mail(said), None, said.own, tokens)


def mail(name: str) -> str:
    return name + AT


def _mail(said: Said) -> str | None:
    return mail(said.mail) if said.mail else None


def key_of(reward: Promise) -> str | None:
    return reward.purchase.key if reward.purchase else None
