"""How a caller names somebody: by your own id, by email, or by ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Self

from pydantic import ConfigDict, model_validator
from sqlalchemy import select

from referral.domain import journey
from referral.domain.businesses import Business
from referral.domain.people import Identity, Person, customer_of
from referral.domain.people.people import IdentityConflict, people_named
from referral.domain.purchases import Claim
from referral.foundation import clock
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.foundation.ids import parse_public_id
from referral.surfaces.api.contract import CustomerId, Email, In, OwnId, PersonId, PersonName
from referral.surfaces.web.sessions import VisitorKind, end_sessions


class UnknownPerson(NotFound):
    """No person of the business has this id."""

    code = "unknown_person"
    message = "There is no such person."


def named_by(*names: str) -> dict[str, Any]:
    """Say in the document that at least one of these fields is needed."""
    return {
        "anyOf": [{"required": [name], "properties": {name: {"type": "string"}}} for name in names]
    }


class NamedPerson(In):
    """Somebody, named by `external_id`, `email` or both; the rest is kept with them."""

    model_config = ConfigDict(json_schema_extra=named_by("external_id", "email"))

    external_id: OwnId | None = None
    email: Email | None = None
    name: PersonName | None = None
    stripe_customer_id: CustomerId | None = None

    @model_validator(mode="after")
    def _must_name_somebody(self) -> Self:
        if self.external_id is None and self.email is None:
            raise ValueError("Give an external_id or an email.")
        return self

    @property
    def identity(self) -> Identity:
        return Identity.read(
            external_id=self.external_id,
            email=self.email,
            stripe_customer_id=self.stripe_customer_id,
            name=self.name,
        )


@contextmanager
def minding_address(business: Business, identity: Identity, *, at: datetime) -> Iterator[None]:
    """End somebody's portal sessions when what is told inside gives them another email (S-42)."""
    before = {person.id: person.email for person in people_named(business.id, identity)}
    yield
    for key, email in before.items():
        known = session.get(Person, key)
        if known is None or known.email != email:
            end_sessions(VisitorKind.PERSON, key, at=at)


class WhoPaid(In):
    """Who pays, by our `id`, your `external_id` or their `email`; all that is given must agree."""

    model_config = ConfigDict(json_schema_extra=named_by("id", "external_id", "email"))

    id: PersonId | None = None
    external_id: OwnId | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def _must_name_somebody(self) -> Self:
        if self.id is None and self.external_id is None and self.email is None:
            raise ValueError("Give an id, an external_id or an email.")
        return self

    def claim(self, business: Business) -> Claim:
        """Return who paid, as a purchase tells it.

        Raises UnknownPerson for an id that is nobody's, IdentityConflict when two people are meant.
        """
        named = None
        if self.external_id or self.email:
            said = Identity.read(external_id=self.external_id, email=self.email)
            named = journey.recognise(business.id, said, at=clock.now())
        if self.id is None:
            return Claim(external_id=self.external_id, email=self.email)
        person = person_named(self.id)
        if (self.external_id or self.email) and named is not person:
            raise IdentityConflict("The id and the rest belong to two different people.")
        return Claim(
            external_id=person.external_id, email=person.email, customer_id=customer_of(person)
        )

    def person(self, business: Business) -> Person:
        """Return who is meant; raises UnknownPerson, or IdentityConflict when two people are."""
        named = None
        if self.external_id or self.email:
            said = Identity.read(external_id=self.external_id, email=self.email)
            named = journey.recognise(business.id, said, at=clock.now())
        known = person_named(self.id) if self.id else named
        if known is None:
            raise UnknownPerson
        if not self.is_person(known):
            raise IdentityConflict("What is given belongs to two different people.")
        return known

    def is_person(self, person: Person) -> bool:
        """Tell whether everything said here is true of a person."""
        return (
            self.id in (None, person.public_id)
            and self.external_id in (None, person.external_id)
            and self.email in (None, person.email)
        )


def person_named(text: str) -> Person:
    """Return the business's person of a public id; raises UnknownPerson."""
    query = select(Person).where(Person.id == parse_public_id(Person.prefix, text))
    person = session.scalar(query)
    if person is None:
        raise UnknownPerson
    return person
