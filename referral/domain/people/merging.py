"""Two records of one person: a nameless customer turns out to be somebody known."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from referral.domain.people.customers import StripeCustomer
from referral.domain.people.people import Identity, Person, know_since
from referral.foundation.db import session


def is_anonymous(person: Person) -> bool:
    """Tell whether nothing but a provider's customer id identifies this person."""
    return person.email is None and person.external_id is None


def name(nameless: Person, identity: Identity) -> Person:
    """Write down who a nameless person turned out to be."""
    nameless.external_id, nameless.email = identity.external_id, identity.email
    nameless.name = identity.name or nameless.name
    session.flush()
    return nameless


def absorb(nameless: Person, *, into: Person) -> None:
    """Give a nameless person's customers and history to the person they are, and drop the record.

    The caller has moved everything else that can be moved. Where something kept for good still
    names the record, such as a refused touch, it stays without anything to know it by.
    """
    session.execute(
        update(StripeCustomer)
        .where(StripeCustomer.person_id == nameless.id)
        .values(person_id=into.id)
        .execution_options(synchronize_session=False)
    )
    if nameless.known_since is not None:
        know_since(into, nameless.known_since)
    into.name = into.name or nameless.name
    with suppress(IntegrityError), session.begin_nested():
        session.delete(nameless)
