"""Links and the human visits through them; knows nothing of who signed up afterwards."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, contains_eager, joinedload, mapped_column, relationship

from referral.domain.businesses import Business, Owned, across_businesses
from referral.domain.links.codes import is_code, make_code, neighbours, spoken
from referral.domain.people import Person
from referral.domain.programs import Program
from referral.foundation.db import Key, Model, Moment, Short, session
from referral.foundation.ids import public_id


class Link(Owned, Model):
    """A person's address and code in a program; one for each source it is made for."""

    __table_args__ = (UniqueConstraint("program_id", "person_id", "source"),)
    prefix: ClassVar[str] = "lnk"

    id: Mapped[Key]
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("program.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), index=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    source: Mapped[Short] = mapped_column(default="share")
    created_at: Mapped[Moment]

    program: Mapped[Program] = relationship()
    person: Mapped[Person] = relationship()

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)

    @property
    def spoken_code(self) -> str:
        return spoken(self.code)


class Click(Owned, Model):
    """One human visit through a link. The network address is kept only as a keyed hash."""

    __table_args__ = (Index(None, "link_id", "at"),)

    id: Mapped[Key]
    link_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("link.id"))
    at: Mapped[Moment]
    device: Mapped[Short]
    referrer_host: Mapped[str | None] = mapped_column(String(200), default=None)
    address_hash: Mapped[str] = mapped_column(String(64))


def has_link(person_id: uuid.UUID) -> bool:
    """Tell whether a person has a link in any program."""
    query = select(Link.id).where(Link.person_id == person_id).limit(1)
    return session.scalar(query) is not None


def has_link_in(program: Program, person: Person, *, source: str = "share") -> bool:
    """Tell whether a person was given their link in a program."""
    query = select(Link.id).where(Link.program_id == program.id, Link.person_id == person.id)
    return session.scalar(query.where(Link.source == source)) is not None


def give_link(person: Person, program: Program, *, at: datetime, source: str = "share") -> Link:
    """Return the person's link in the program, making it the first time; safe in parallel."""
    query = (
        select(Link)
        .where(Link.program_id == program.id, Link.person_id == person.id, Link.source == source)
        .options(joinedload(Link.program), joinedload(Link.person))
    )
    link = session.scalar(query)
    while link is None:
        fresh = Link(
            business_id=program.business_id,
            program_id=program.id,
            person_id=person.id,
            code=make_code(),
            source=source,
            created_at=at,
        )
        try:
            with session.begin_nested():
                session.add(fresh)
        except IntegrityError:
            pass  # Another call made it first, or the code is taken: read, or draw again.
        link = session.scalar(query)
    return link


def find_by_code(code: str) -> Link | None:
    """Return the link of a read code with its program, person and business, in one query.

    A code opens its own business, so this looks across all of them.
    """
    if not is_code(code):
        return None
    query = (
        select(Link)
        .join(Link.program)
        .join(Program.business)
        .where(Link.code == code)
        .options(
            contains_eager(Link.program).contains_eager(Program.business),
            joinedload(Link.person),
        )
        .execution_options(**across_businesses())
    )
    return session.scalar(query)


def did_you_mean(code: str, business: Business | None = None) -> str | None:
    """Return the only existing code one slip away from a wrong one, never crediting it."""
    if is_code(code):
        return None
    query = select(Link.code).where(Link.code.in_(neighbours(code)))
    if business is not None:
        query = query.where(Link.business_id == business.id)
    found = session.scalars(query.limit(2).execution_options(**across_businesses())).all()
    return found[0] if len(found) == 1 else None
