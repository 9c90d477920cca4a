"""People and how they are found again: by the business's own id, by email, by customer.

An advocate is a person with a link and a friend a person a referral names; there is no role.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Select, String, UniqueConstraint, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from referral.domain.businesses import Owned, across_businesses
from referral.foundation.crypto import keyed_hash
from referral.foundation.db import Key, Model, Moment, UTCDateTime, session
from referral.foundation.errors import Conflict, Invalid
from referral.foundation.folding import fold, folded
from referral.foundation.ids import public_id
from referral.foundation.text import plain

_DOTLESS_HOSTS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}


class Person(Owned, Model):
    """Anyone the business knows. `known_since` is when they became a customer, if they did.

    `household` is a keyed hash of what the business calls the household, never its words.
    """

    __table_args__ = (
        UniqueConstraint("business_id", "external_id"),
        UniqueConstraint("business_id", "email"),
    )
    prefix: ClassVar[str] = "per"

    id: Mapped[Key]
    external_id: Mapped[str | None] = mapped_column(String(200), default=None)
    email: Mapped[str | None] = mapped_column(String(320), default=None)
    name: Mapped[str | None] = mapped_column(String(200), default=None)
    first_seen_at: Mapped[Moment]
    known_since: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)
    household: Mapped[str | None] = mapped_column(String(64), default=None, sort_order=6)

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)

    @property
    def shown_name(self) -> str:
        """Return what staff call this person."""
        return self.name or self.email or self.external_id or "Somebody"

    @property
    def first_name(self) -> str:
        """Return what another customer may see of this person: a first name, or nothing much."""
        return self.name.split()[0] if self.name and self.name.strip() else "A friend"


class IdentityConflict(Conflict):
    """One id and another belong to two different people."""

    code = "identity_conflict"
    message = "The external_id and the email belong to two different people."


@dataclass(frozen=True, slots=True)
class Identity:
    """What a caller says of a person; at least one of the first three is needed to find them."""

    external_id: str | None = None
    email: str | None = None
    stripe_customer_id: str | None = None
    name: str | None = None

    @classmethod
    def read(
        cls,
        *,
        external_id: str | None = None,
        email: str | None = None,
        stripe_customer_id: str | None = None,
        name: str | None = None,
    ) -> Identity:
        """Clean what a caller sent; raises Invalid naming the field."""
        external_id = (external_id or "").strip() or None
        customer = (stripe_customer_id or "").strip() or None
        address = canonical_email(email) if email and email.strip() else None
        if not (external_id or address or customer):
            raise Invalid(fields={"person": "Give an external_id or an email."})
        if external_id and len(external_id) > 200:
            raise Invalid(fields={"person.external_id": "At most 200 characters."})
        return cls(external_id, address, customer, plain(name or "")[:200] or None)


def canonical_email(text: str) -> str:
    """Return the one form an address is stored and looked up in (S-47); raises Invalid."""
    from email_validator import EmailNotValidError, validate_email

    try:
        checked = validate_email(
            text.strip(), check_deliverability=False, test_environment=True, allow_smtputf8=True
        )
    except EmailNotValidError:
        raise Invalid(
            fields={"email": "Give one email address such as bob@mail.example."}
        ) from None
    return checked.normalized.lower()


def mailbox(email: str) -> str:
    """Return whose post an address is: capitals and a tag after `+` make no other person of it.

    Where a provider leaves dots out of account, so does this.

    >>> mailbox("Olive+shop@Mail.example"), mailbox("o.live@googlemail.com")
    ('olive@mail.example', 'olive@gmail.com')
    """
    local, _, host = email.strip().lower().rpartition("@")
    local = local.split("+", 1)[0] or local
    if host in _DOTLESS_HOSTS:
        return f"{local.replace('.', '')}@{_DOTLESS_HOSTS[host]}"
    return f"{local}@{host}"


def find_person(business_id: uuid.UUID, identity: Identity) -> Person | None:
    """Find a person by external id, then email; raises IdentityConflict when these disagree."""
    return the_one(people_named(business_id, identity), identity)


def the_one(named: Sequence[Person], identity: Identity) -> Person | None:
    """Return the only person named, if any; raises IdentityConflict as finding them does."""
    if len(named) > 1:
        raise IdentityConflict
    person = named[0] if named else None
    if person and identity.external_id and person.external_id not in (None, identity.external_id):
        raise IdentityConflict(
            "This email belongs to a person with another external_id. Correct one of them."
        )
    return person


def people_named(business_id: uuid.UUID, identity: Identity) -> list[Person]:
    """List the people an own id or an email leads to, whoever was met first before another."""
    known = [Person.external_id == identity.external_id] if identity.external_id else []
    if identity.email:
        known.append(Person.email == identity.email)
    if not known:
        return []
    query = select(Person).where(Person.business_id == business_id, or_(*known))
    return list(session.scalars(query.order_by(Person.id)))


def meet(
    business_id: uuid.UUID, identity: Identity, *, at: datetime, known: Person | None = None
) -> Person:
    """Find the person or make them, and fill in what was not known; safe in parallel.

    What is known already is never overwritten by an anonymous or weaker statement, except the
    name and the email of a person found by external id.
    """
    person = known or find_person(business_id, identity) or make(business_id, identity, at=at)
    person.external_id = person.external_id or identity.external_id
    person.email = identity.email or person.email
    person.name = identity.name or person.name
    session.flush()
    return person


def live_together(person: Person, household: str) -> None:
    """Note which household a person belongs to, by any text that is the same for all of it.

    A postal address will do: case, spaces and punctuation do not matter. Only a keyed hash is
    stored. An empty text makes them a household of their own; what was counted before stays.
    """
    folded = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", household).casefold()).strip()
    bound = f"{person.business_id}:{folded}"
    person.household = keyed_hash("household", bound) if folded else None


def lock_person(person: Person) -> None:
    """Keep a signup and a purchase of one person apart, so that the later one sees the earlier."""
    session.execute(select(Person.id).where(Person.id == person.id).with_for_update(key_share=True))


def lock_people(keys: Collection[uuid.UUID]) -> list[Person]:
    """Lock several people, always in the same order, and read them afresh; some may be gone.

    They may be of several businesses.
    """
    query = (
        select(Person)
        .where(Person.id.in_(keys))
        .order_by(Person.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True, **across_businesses())
    )
    return list(session.scalars(query))


def know_since(person: Person, moment: datetime) -> None:
    """Note that the person was a customer at this moment; only an earlier one changes anything."""
    is_earlier = session.scalar(
        update(Person)
        .where(Person.id == person.id)
        .where(or_(Person.known_since.is_(None), Person.known_since > moment))
        .values(known_since=moment)
        .returning(Person.id)
        .execution_options(synchronize_session=False)
    )
    if is_earlier:
        set_committed_value(person, "known_since", moment)
    else:
        session.refresh(person, ["known_since"])


def search_people(text: str) -> Select[Person]:
    """Select people whose name, email or own id contains the text; wildcards are literal."""
    literal = fold(text.strip()).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    pattern = f"%{literal}%"
    columns = (Person.email, Person.name, Person.external_id)
    return select(Person).where(
        or_(*(folded(column).like(pattern, escape="\\") for column in columns))
    )


def make(business_id: uuid.UUID, identity: Identity, *, at: datetime) -> Person:
    """Make a person nobody found; whoever was made in the same moment is the one instead."""
    person = Person(
        business_id=business_id,
        external_id=identity.external_id,
        email=identity.email,
        name=identity.name,
        first_seen_at=at,
    )
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:
        winner = find_person(business_id, identity)
        if winner is None:
            raise
        return winner
    return person
