"""One business of the histories: its people by name, and the rows of what the model knows."""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from referral.domain.attribution import Referral
from referral.domain.businesses import Business, within
from referral.domain.links import Link
from referral.domain.people import Identity, Person
from referral.domain.programs import Program
from referral.domain.rewards import Grant, Reward
from referral.domain.rewards.rewards import REPLACED, SUPERSEDED
from referral.foundation.db import session
from tests.machine.bank import Bank
from tests.machine.model import Model
from tests.machine.things import Reward as Promise

LOADED = (
    joinedload(Reward.program),
    joinedload(Reward.person),
    joinedload(Reward.purchase),
    joinedload(Reward.referral).joinedload(Referral.friend),
)


@dataclass
class Place:
    """One business: its rows, and its model; programmes stand in the same order in both."""

    business: Business
    programs: list[Program]
    model: Model
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
            if (place.programs.index(row.program), row.side, row.person.email)
            == (place.model.programs.index(known.referral.program), known.offer.side,
                mail(known.person))
            and row.referral.friend.email == mail(known.referral.friend)
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
        return session.scalar(select(Person).where(Person.email == mail(name)))


def identity_of(place: Place, name: str) -> Identity:
    return Identity.read(email=mail(name), stripe_customer_id=place.customer(name))


def mail(name: str) -> str:
    return f"{name}@mail.example"


def key_of(reward: Promise) -> str | None:
    return reward.purchase.key if reward.purchase else None
