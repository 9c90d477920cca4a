"""Who somebody is: found by what a business or its provider says, and never counted twice.

What the business says with its own keys is believed. An address somebody typed at a checkout
names them only where nothing weightier does.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from referral.domain.attribution import referrals_of_friend
from referral.domain.businesses import Business
from referral.domain.journey.thanking import retract, thank_since
from referral.domain.links import has_link
from referral.domain.people import (
    Identity,
    Person,
    find_person,
    meet,
    person_of_customer,
    tie_customer,
)
from referral.domain.people.merging import absorb, agree, is_anonymous, name
from referral.domain.people.people import (
    IdentityConflict,
    lock_people,
    make,
    people_named,
    the_one,
)
from referral.domain.purchases import Claim, reassign
from referral.domain.rewards.waking import wake_grants
from referral.foundation.db import session


def recognise(business_id: uuid.UUID, identity: Identity, *, at: datetime) -> Person | None:
    """Find who a business means; two records it names together become one where they can.

    Raises IdentityConflict when they are two different people.
    """
    named = people_named(business_id, identity)
    if len(named) > 1:
        _unite(named, at=at)
        named = people_named(business_id, identity)
    return the_one(named, identity)


def meet_named(business_id: uuid.UUID, identity: Identity, *, at: datetime) -> tuple[Person, bool]:
    """Find the person by what the business says, else by their customer, else make them.

    The flag says whether they were new to us.
    """
    found = recognise(business_id, identity, at=at)
    if found is None and identity.stripe_customer_id:
        known = person_of_customer(business_id, identity.stripe_customer_id)
        if known is not None and is_anonymous(known):
            found = name(known, identity)
    known = found or make(business_id, identity, at=at)
    person = meet(business_id, identity, at=at, known=known)
    return tie(person, identity.stripe_customer_id, at=at), found is None


def tie(person: Person, customer_id: str | None, *, at: datetime) -> Person:
    """Tie a customer to a person; a nameless person of that customer turns out to be the same.

    Returns the person, who is the nameless one where only that one was referred.
    """
    if customer_id is None:
        return person
    known = person_of_customer(person.business_id, customer_id)
    if known is None:
        tie_customer(person, customer_id, at=at)
        wake_grants(person.id, at=at)
    elif known.id != person.id and is_anonymous(known):
        return _unite([person, known], at=at) or person
    return person


def claimed(business: Business, claim: Claim, *, at: datetime) -> Person | None:
    """Find or meet who a provider says somebody is; None when nothing identifies them.

    The business's own id comes first, then the customer, then the address.
    """
    known = person_of_customer(business.id, claim.customer_id) if claim.customer_id else None
    if not (claim.external_id or claim.email):
        return known or _nameless(business, claim, at=at)
    identity = Identity.read(external_id=claim.external_id, email=claim.email, name=claim.name)
    if known is None or is_anonymous(known):
        return tie(_named(business.id, identity, known, at=at), claim.customer_id, at=at)
    if claim.external_id in (None, known.external_id):
        return known
    return _by_own_id(business.id, identity, known, at=at)


def _named(
    business_id: uuid.UUID, identity: Identity, known: Person | None, *, at: datetime
) -> Person:
    """Find or meet who was named; the business's own id outweighs an address somebody typed."""
    try:
        found = find_person(business_id, identity)
    except IdentityConflict:
        identity = replace(identity, email=None)
        found = find_person(business_id, identity)
    if found is None and known is not None:
        return name(known, identity)
    return found or meet(business_id, identity, at=at)


def _by_own_id(
    business_id: uuid.UUID, identity: Identity, known: Person, *, at: datetime
) -> Person:
    """Find who the business says pays, though their customer is tied to `known`.

    The two are one person where they can be; else the customer stays whose it was.
    """
    own = Identity(external_id=identity.external_id)
    holder = find_person(business_id, own)
    if holder is not None:
        return _unite([holder, known], at=at) or holder
    if known.external_id is None:
        return meet(business_id, replace(own, email=known.email), at=at)
    return _named(business_id, identity, None, at=at)


def _unite(named: Sequence[Person], *, at: datetime) -> Person | None:
    """Make one person of two records, keeping the one that was referred or has a link.

    Returns None where both were, or where what names them disagrees.
    """
    records = lock_people([person.id for person in named])
    if len(records) < 2:
        return records[0] if records else None  # Somebody else united them meanwhile.
    if not agree(*records):
        return None
    first, second = sorted(records, key=named.index)
    for kept, half in ((first, second), (second, first)):
        if not referrals_of_friend(half) and not has_link(half.id):
            reassign(half, kept)
            absorb(half, into=kept)
            retract(kept, at=at)
            thank_since(kept, at=at)
            wake_grants(kept.id, at=at)
            return kept
    return None


def _nameless(business: Business, claim: Claim, *, at: datetime) -> Person | None:
    """Meet a customer nothing else is known of; another worker's record of them stays."""
    if claim.customer_id is None:
        return None
    nameless = Person(business_id=business.id, name=claim.name, first_seen_at=at)
    with session.begin_nested():
        session.add(nameless)
        session.flush()
    if tie_customer(nameless, claim.customer_id, at=at):
        return nameless
    session.delete(nameless)
    session.flush()
    return person_of_customer(business.id, claim.customer_id)
