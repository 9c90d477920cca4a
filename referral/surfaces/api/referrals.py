"""Referrals: who sent whom, by what, and the offers promised that day."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from referral.domain.attribution import Referral, Touch, TouchKind
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.foundation.ids import parse_public_id, public_id
from referral.surfaces.api.contract import (
    Moment,
    Out,
    Page,
    PersonId,
    ProgramId,
    ReferralId,
    TouchId,
)
from referral.surfaces.api.cursors import PageAsked, page
from referral.surfaces.api.layer import Call, Resource
from referral.surfaces.api.programs import OfferOut

route = Resource(
    "Referrals", "An advocate sent a friend: one for each friend and program, for good."
)


class TouchOut(Out):
    """The evidence that won."""

    id: TouchId
    kind: TouchKind
    at: Moment
    said: Annotated[str, Field(description="The code, or the name that was stated.")]

    @classmethod
    def of(cls, touch: Touch) -> TouchOut:
        """Write a piece of evidence."""
        return cls(id=touch.public_id, kind=TouchKind(touch.kind), at=touch.at, said=touch.said)


class ReferralOut(Out):
    """Who sent whom. A purchase counts from the touch on and before `qualify_by`."""

    id: ReferralId
    program: ProgramId
    advocate: PersonId
    friend: PersonId
    at: Moment
    qualify_by: Moment
    touch: TouchOut
    advocate_offer: OfferOut | None
    friend_offer: OfferOut | None

    @classmethod
    def of(cls, referral: Referral) -> ReferralOut:
        """Write a referral."""
        promised = referral.advocate_offer, referral.friend_offer
        advocate_offer, friend_offer = (OfferOut.of(one) if one else None for one in promised)
        return cls(
            id=referral.public_id,
            program=public_id("prg", referral.program_id),
            advocate=public_id("per", referral.advocate_id),
            friend=public_id("per", referral.friend_id),
            at=referral.at,
            qualify_by=referral.qualify_by,
            touch=TouchOut.of(referral.touch),
            advocate_offer=advocate_offer,
            friend_offer=friend_offer,
        )


class ReferralsOut(Page[ReferralOut]):
    """A page of referrals."""


class ReferralsAsked(PageAsked):
    """Which referrals to list."""

    program: ProgramId | None = None
    advocate: PersonId | None = None
    friend: PersonId | None = None


_WHOLE = (
    joinedload(Referral.touch),
    joinedload(Referral.advocate_offer),
    joinedload(Referral.friend_offer),
)


@route.get("/referrals", gives=ReferralsOut, asks=ReferralsAsked)
def list_referrals(call: Call, asked: ReferralsAsked) -> ReferralsOut:
    """List referrals, of a program, an advocate or a friend if you like."""
    query = select(Referral).options(*_WHOLE)
    for column, prefix, text in (
        (Referral.program_id, "prg", asked.program),
        (Referral.advocate_id, "per", asked.advocate),
        (Referral.friend_id, "per", asked.friend),
    ):
        if text is not None:
            query = query.where(column == parse_public_id(prefix, text))
    rows, after = page(call.business, "referrals", query, Referral.id, asked)
    return ReferralsOut(items=[ReferralOut.of(row) for row in rows], next=after)


@route.get("/referrals/{referral}", gives=ReferralOut, refuses=(NotFound,))
def get_referral(call: Call, referral: str) -> ReferralOut:
    """Show one referral, with the evidence that won and the offers promised that day."""
    key = parse_public_id(Referral.prefix, referral)
    found = session.scalar(select(Referral).where(Referral.id == key).options(*_WHOLE))
    if found is None:
        raise NotFound
    return ReferralOut.of(found)
