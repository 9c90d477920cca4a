"""Which customer at Stripe is which person; knows nothing of what they bought."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from referral.domain.businesses import Owned, across_businesses
from referral.domain.businesses.providers import beside_on_account
from referral.domain.people.people import Person
from referral.foundation.db import Key, Model, Moment, session
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once


class StripeCustomer(Owned, Model):
    """A customer id at Stripe and the person it stands for.

    `is_ours` marks one we made so that a friend's discount could wait for them; the business's
    own customer goes before it.
    """

    __table_args__ = (UniqueConstraint("business_id", "customer_id"),)

    id: Mapped[Key]
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), index=True)
    customer_id: Mapped[str] = mapped_column(String(100))
    is_ours: Mapped[bool] = mapped_column(default=False)
    tied_at: Mapped[Moment]

    person: Mapped[Person] = relationship()


def person_of_customer(business_id: uuid.UUID, customer_id: str) -> Person | None:
    """Return the person a Stripe customer stands for, if one is known."""
    query = (
        select(Person)
        .join(StripeCustomer, StripeCustomer.person_id == Person.id)
        .where(StripeCustomer.business_id == business_id, StripeCustomer.customer_id == customer_id)
    )
    return session.scalar(query)


def customer_of(person: Person) -> str | None:
    """Return the Stripe customer to credit: the business's own newest, else the one we made."""
    query = (
        select(StripeCustomer.customer_id)
        .where(StripeCustomer.person_id == person.id)
        .order_by(StripeCustomer.is_ours, StripeCustomer.tied_at.desc(), StripeCustomer.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def who_shares_customers(person: Person) -> list[uuid.UUID]:
    """Return the person, and who stands for a customer of theirs in businesses of the same account.

    What is read of a customer at Stripe may be changed for any of them.
    """
    beside = beside_on_account(person.business_id)
    if not beside:
        return [person.id]
    own, other = aliased(StripeCustomer), aliased(StripeCustomer)
    query = (
        select(other.person_id)
        .join(own, own.customer_id == other.customer_id)
        .where(own.person_id == person.id, other.business_id.in_(beside))
        .distinct()
        .execution_options(**across_businesses())
    )
    return [person.id, *session.scalars(query)]


def tie_customer(person: Person, customer_id: str, *, at: datetime, is_ours: bool = False) -> bool:
    """Tie a Stripe customer to a person; True when it was new. The first tie stays."""
    values = {
        "id": new_key(),
        "business_id": person.business_id,
        "person_id": person.id,
        "customer_id": customer_id,
        "is_ours": is_ours,
        "tied_at": at,
    }
    return insert_once(StripeCustomer, values)
