"""Turns what a friend brought (tokens, a code, a name) into evidence; reads, never writes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from referral.domain.attribution.decision import Evidence, Reason
from referral.domain.attribution.touches import TouchKind
from referral.domain.links import Link, is_code, read_code, read_token
from referral.domain.people import Person
from referral.domain.programs import Program
from referral.foundation.crypto import plain_hash
from referral.foundation.db import session
from referral.foundation.folding import fold, folded
from referral.foundation.text import plain


@dataclass(frozen=True, slots=True)
class Told:
    """What came with a signup: signed tokens, a typed code, and whom the friend named."""

    tokens: tuple[str, ...] = ()
    code: str | None = None
    told_by: str | None = None

    @property
    def fingerprint(self) -> str:
        """Return the same text for the same evidence, so that a repeated call is recognised."""
        said = [*sorted({token.removeprefix("wom_") for token in self.tokens if token})]
        said += [f"code {read_code(self.code)}"] if self.code and self.code.strip() else []
        said += (
            [f"told {self.told_by.strip().lower()}"]
            if self.told_by and self.told_by.strip()
            else []
        )
        return plain_hash("\n".join(said))


def gather(told: Told, program: Program, *, at: datetime) -> list[Evidence]:
    """List the evidence, each piece once; what cannot be read is kept with its problem."""
    found = [*_from_tokens(told.tokens, at=at)]
    if told.code and told.code.strip():
        found.append(_from_code(told.code, at=at))
    if told.told_by and told.told_by.strip():
        found.append(_from_name(told.told_by, program, at=at))
    return found


def _from_tokens(tokens: Iterable[str], *, at: datetime) -> Iterable[Evidence]:
    for text in dict.fromkeys(token.removeprefix("wom_") for token in tokens if token):
        token = read_token(text)
        if token is None:
            yield Evidence(TouchKind.CLICK, at, text[:40], problem=Reason.UNREADABLE)
            continue
        link = session.scalar(select(Link).where(Link.id == token.link_id))
        if link is None:
            yield Evidence(TouchKind.CLICK, at, "link", problem=Reason.UNKNOWN_CODE)
            continue
        yield _by_link(TouchKind.CLICK, token.at, link, click_id=token.click_id)


def _from_code(text: str, *, at: datetime) -> Evidence:
    code = read_code(text)
    link = session.scalar(select(Link).where(Link.code == code)) if is_code(code) else None
    if link is None:
        return Evidence(TouchKind.CODE, at, plain(text)[:40], problem=Reason.UNKNOWN_CODE)
    return _by_link(TouchKind.CODE, at, link)


def _from_name(text: str, program: Program, *, at: datetime) -> Evidence:
    """A stated name counts only when it leads to exactly one person with a link."""
    name = plain(text)[:200]
    query = (
        select(Link)
        .join(Link.person)
        .where(Link.program_id == program.id)
        .where(or_(folded(Person.name) == fold(name), Person.email == fold(name)))
        .options(joinedload(Link.person))
        .limit(2)
    )
    links = session.scalars(query).all()
    if len({link.person_id for link in links}) != 1:
        return Evidence(TouchKind.STATED, at, name, problem=Reason.UNKNOWN_NAME)
    return _by_link(TouchKind.STATED, at, links[0], said=name)


def _by_link(
    kind: TouchKind, at: datetime, link: Link, *, click_id: uuid.UUID | None = None, said: str = ""
) -> Evidence:
    return Evidence(
        kind,
        at,
        said or link.code,
        advocate_id=link.person_id,
        link_id=link.id,
        click_id=click_id,
        program_id=link.program_id,
    )
