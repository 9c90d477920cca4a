"""Signups as they were decided, and the referrals that came of them; one advocate, for good."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from referral.domain.attribution.decision import Circumstances, Decision, Evidence, Outcome, decide
from referral.domain.attribution.gathering import Told, gather
from referral.domain.attribution.touches import Touch
from referral.domain.businesses import Owned
from referral.domain.people import Person
from referral.domain.programs import Offer, Program, Side, TouchRule, offers_on
from referral.foundation.db import Json, Key, Model, Moment, Short, one_of, session
from referral.foundation.guards import append_only
from referral.foundation.ids import new_key, public_id


class Referral(Owned, Model):
    """An advocate sent a friend: who, by which touch, and the offers promised that day.

    It is never changed, so the friend has this one advocate for good (I-3).
    """

    __table_args__ = (
        UniqueConstraint("program_id", "friend_id"),
        Index(None, "advocate_id", "at"),
    )
    prefix: ClassVar[str] = "ref"

    id: Mapped[Key]
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("program.id"))
    advocate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    friend_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), index=True)
    touch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("touch.id"))
    at: Mapped[Moment]
    qualify_by: Mapped[Moment]
    advocate_offer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("offer.id"))
    friend_offer_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("offer.id"))

    program: Mapped[Program] = relationship()
    touch: Mapped[Touch] = relationship()
    advocate: Mapped[Person] = relationship(foreign_keys=[advocate_id])
    friend: Mapped[Person] = relationship(foreign_keys=[friend_id])
    advocate_offer: Mapped[Offer | None] = relationship(foreign_keys=[advocate_offer_id])
    friend_offer: Mapped[Offer | None] = relationship(foreign_keys=[friend_offer_id])

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)


append_only(Referral)


class Signup(Owned, Model):
    """A signup and how it was decided; the same person with the same evidence is decided once."""

    __table_args__ = (
        UniqueConstraint("program_id", "person_id", "fingerprint"),
        one_of("outcome", Outcome),
        Index(None, "program_id", "at"),
    )
    prefix: ClassVar[str] = "sgn"

    id: Mapped[Key]
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("program.id"))
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    at: Mapped[Moment]
    outcome: Mapped[Short]
    reason: Mapped[Short]
    referral_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("referral.id"))
    circumstances: Mapped[Json]

    person: Mapped[Person] = relationship()
    program: Mapped[Program] = relationship()
    referral: Mapped[Referral | None] = relationship()

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)

    @property
    def considered(self) -> list[dict[str, Any]]:
        """Return each piece of evidence with its verdict, as it was weighed."""
        return list(self.circumstances["considered"])


def settle(
    friend: Person, program: Program, told: Told, *, at: datetime, occurred_at: datetime
) -> tuple[Signup, bool]:
    """Decide a signup once, as of when it occurred, and keep all; the flag says whether it was new.

    The race for a friend is lost inside a savepoint: the loser weighs again and finds them taken.
    """
    earlier = _decided(friend, program, told)
    if earlier is not None:
        return earlier, False
    evidence = gather(told, program, at=occurred_at)
    while True:
        known = _circumstances(friend, program, at=occurred_at)
        decision = decide(evidence, known)
        try:
            with session.begin_nested():
                return _keep(friend, program, told, decision, known, at=at), True
        except IntegrityError:
            winner = _decided(friend, program, told)
            if winner is not None:
                return winner, False
            session.expire_all()


def referral_of(friend_id: uuid.UUID, program_id: uuid.UUID) -> Referral | None:
    """Return the referral of a friend in a program."""
    query = select(Referral).where(
        Referral.friend_id == friend_id, Referral.program_id == program_id
    )
    return session.scalar(query)


def referrals_of_friend(friend: Person) -> Sequence[Referral]:
    """List the referrals that name this person as the friend, with what a decision needs."""
    query = (
        select(Referral)
        .where(Referral.friend_id == friend.id)
        .options(
            joinedload(Referral.program),
            joinedload(Referral.touch),
            joinedload(Referral.advocate),
            joinedload(Referral.friend),
            joinedload(Referral.advocate_offer),
            joinedload(Referral.friend_offer),
        )
        .order_by(Referral.at)
    )
    return session.scalars(query).all()


def _decided(friend: Person, program: Program, told: Told) -> Signup | None:
    query = (
        select(Signup)
        .where(Signup.program_id == program.id, Signup.person_id == friend.id)
        .where(Signup.fingerprint == told.fingerprint)
        .options(joinedload(Signup.referral), joinedload(Signup.person))
    )
    return session.scalar(query)


def _circumstances(friend: Person, program: Program, *, at: datetime) -> Circumstances:
    taken = referral_of(friend.id, program.id)
    return Circumstances(
        program_id=program.id,
        program_is_open=program.is_open,
        first_touch_wins=program.touch_rule == TouchRule.FIRST,
        click_window=program.click_window,
        friend_id=friend.id,
        friend_known_since=friend.known_since,
        referred_by=taken.advocate_id if taken else None,
        at=at,
    )


def _keep(
    friend: Person,
    program: Program,
    told: Told,
    decision: Decision,
    known: Circumstances,
    *,
    at: datetime,
) -> Signup:
    touches = {
        id(seen.evidence): _touch(friend, program, seen.evidence, recorded_at=at)
        for seen in decision.considered
    }
    referral = None
    if decision.credited is not None:
        referral = _refer(friend, program, touches[id(decision.credited)], known.at)
    elif decision.outcome is Outcome.REFERRED:
        referral = referral_of(friend.id, program.id)
    session.add_all(touches.values())
    signup = Signup(
        business_id=friend.business_id,
        program_id=program.id,
        person_id=friend.id,
        fingerprint=told.fingerprint,
        at=known.at,
        outcome=decision.outcome,
        reason=decision.reason,
        referral_id=referral.id if referral else None,
        circumstances=_as_json(decision, known, touches),
        person=friend,
        program=program,
        referral=referral,
    )
    session.add(signup)
    session.flush()
    return signup


def _refer(friend: Person, program: Program, touch: Touch, at: datetime) -> Referral:
    offers = offers_on(program.id, at)
    advocate_offer, friend_offer = offers.get(Side.ADVOCATE), offers.get(Side.FRIEND)
    referral = Referral(
        id=new_key(),
        business_id=friend.business_id,
        program_id=program.id,
        advocate_id=touch.advocate_id,
        friend_id=friend.id,
        touch_id=touch.id,
        at=at,
        qualify_by=at + program.qualify_window,
        advocate_offer_id=advocate_offer.id if advocate_offer else None,
        friend_offer_id=friend_offer.id if friend_offer else None,
        program=program,
        touch=touch,
        friend=friend,
        advocate_offer=advocate_offer,
        friend_offer=friend_offer,
    )
    session.add(referral)
    return referral


def _touch(friend: Person, program: Program, one: Evidence, *, recorded_at: datetime) -> Touch:
    return Touch(
        id=new_key(),
        business_id=friend.business_id,
        program_id=program.id,
        friend_id=friend.id,
        advocate_id=one.advocate_id,
        link_id=one.link_id,
        click_id=one.click_id,
        kind=one.kind,
        at=one.at,
        said=one.said,
        recorded_at=recorded_at,
    )


def _as_json(decision: Decision, known: Circumstances, touches: dict[int, Touch]) -> dict[str, Any]:
    """Keep what the decision saw, so that it can be shown and computed again (I-31)."""
    return {
        "program_is_open": known.program_is_open,
        "first_touch_wins": known.first_touch_wins,
        "click_window_days": known.click_window.days,
        "friend_known_since": known.friend_known_since.isoformat()
        if known.friend_known_since
        else None,
        "referred_by": str(known.referred_by) if known.referred_by else None,
        "considered": [
            {
                "touch": touches[id(seen.evidence)].public_id,
                "kind": seen.evidence.kind.value,
                "at": seen.evidence.at.isoformat(),
                "said": seen.evidence.said,
                "advocate": (
                    public_id(Person.prefix, seen.evidence.advocate_id)
                    if seen.evidence.advocate_id
                    else None
                ),
                "problem": seen.evidence.problem.value if seen.evidence.problem else None,
                "verdict": seen.reason.value,
            }
            for seen in decision.considered
        ],
    }
