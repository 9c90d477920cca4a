"""Two records of one person: one of them turns out to be somebody known."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from referral.domain.people.customers import StripeCustomer
from referral.domain.people.payees import Payee
from referral.domain.people.people import Identity, Person, know_since
from referral.foundation.db import session


def is_anonymous(person: Person) -> bool:
    """Tell whether nothing but a provider's customer id identifies this person."""
    return person.email is None and person.external_id is None


def agree(one: Person, other: Person) -> bool:
    """Tell whether nothing that names two records says that they are two people."""
    return (one.external_id is None or other.external_id is None) and (
        one.email is None or other.email is None
    )


def name(nameless: Person, identity: Identity) -> Person:
    """Write down who a nameless person turned out to be."""
    nameless.external_id, nameless.email = identity.external_id, identity.email
    nameless.name = identity.name or nameless.name
    session.flush()
    return nameless


def absorb(half: Person, *, into: Person) -> None:
    """Give what names a record, its customers and its history to the person it is, and drop it.

    The caller has moved everything else that can be moved. Where something kept for good still
    names the record, such as a refused touch, it stays without anything to know it by.
    """
    for held in (StripeCustomer, Payee):
        session.execute(
            update(held)
            .where(held.person_id == half.id)
            .values(person_id=into.id)
            .execution_options(synchronize_session=False)
        )
    if half.known_since is not None:
        know_since(into, half.known_since)
    external_id, email, said = half.external_id, half.email, half.name
    half.external_id = half.email = half.name = None
    session.flush()
    into.external_id = into.external_id or external_id
    into.email = into.email or email
    into.name = into.name or said
    into.household = into.household or half.household
    session.flush()
    with suppress(IntegrityError), session.begin_nested():
        session.delete(half)
