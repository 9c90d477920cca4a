"""How evidence looks from outside: weighed for somebody nobody has met, so it betrays nobody.

A page that anybody can open, with an address that anybody can type, may say this much and no more.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from referral.domain.attribution import Decision, Outcome, Reason, Told, TouchKind, decide, gather
from referral.domain.attribution.decision import Circumstances
from referral.domain.links import Link
from referral.domain.programs import Program, ProgramState, TouchRule, find_program
from referral.foundation.db import session
from referral.foundation.errors import Invalid

UNPROVED = "widget"
"""The source of links shown to whoever typed an address; such a link never names its owner."""

_NOBODY = uuid.UUID(int=0)


@dataclass(frozen=True, slots=True)
class Invitation:
    """The decision a newcomer would meet, and who invited them by first name, if it may be told."""

    decision: Decision
    inviter: str | None

    @property
    def is_good(self) -> bool:
        return self.decision.outcome is Outcome.REFERRED

    @property
    def wrong_code(self) -> Reason | None:
        """Return what is wrong with the typed code, whatever the other evidence says."""
        for seen in self.decision.considered:
            if seen.evidence.kind is TouchKind.CODE and not seen.is_credited:
                return seen.reason
        return None


def invitation(told: Told, program: Program, *, at: datetime) -> Invitation:
    """Weigh what somebody brought as if they were new: it reads links, never people's history."""
    newcomer = Circumstances(
        program_id=program.id,
        program_is_open=program.is_open,
        first_touch_wins=program.touch_rule == TouchRule.FIRST,
        click_window=program.click_window,
        friend_id=_NOBODY,
        friend_known_since=None,
        referred_by=None,
        at=at,
    )
    decision = decide(gather(told, program, at=at), newcomer)
    link_id = decision.credited.link_id if decision.credited else None
    return Invitation(decision, _first_name(link_id) if link_id else None)


def program_meant(business_id: uuid.UUID, text: str | None) -> Program:
    """Return the program named, or else the only active one, or else the newest.

    Raises NotFound for a name that is not the business's, Invalid when several could be meant.
    """
    if text:
        return find_program(business_id, text)
    query = (
        select(Program)
        .where(Program.business_id == business_id)
        .options(joinedload(Program.business))
        .order_by(Program.state == ProgramState.ACTIVE, Program.id)
    )
    programs = session.scalars(query).all()
    if not programs or sum(program.is_open for program in programs) > 1:
        raise Invalid(fields={"program": "Name one of the business's programs."})
    return programs[-1]


def _first_name(link_id: uuid.UUID) -> str | None:
    query = select(Link).where(Link.id == link_id).options(joinedload(Link.person))
    link = session.scalars(query).one()
    return link.person.first_name if link.source != UNPROVED and link.person.name else None
