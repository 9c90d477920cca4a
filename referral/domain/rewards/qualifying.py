"""Which of an advocate's friends have bought, and in which place each of them stands.

A place is what steps and milestones ask for. Once taken it is never given to another friend,
unless the friend turns out to have been a customer before and nothing was granted for it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from referral.domain.attribution import Referral
from referral.domain.businesses import Owned
from referral.domain.programs import lock_program
from referral.foundation.db import Key, Model, UTCDateTime, session
from referral.foundation.due import Due
from referral.foundation.ids import new_key
from referral.foundation.inserts import insert_once


class Qualification(Owned, Due, Model):
    """A friend who bought what qualifies, and their place among their advocate's friends.

    The place is given at once where steps ask for it; a milestone counts a friend when it is due,
    at the end of the hold, and `counted_at` is when that was.
    """

    __table_args__ = (
        UniqueConstraint("referral_id"),
        UniqueConstraint("program_id", "advocate_id", "place"),
        CheckConstraint("place IS NULL OR place > 0", name="place_positive"),
        CheckConstraint("(place IS NULL) = (counted_at IS NULL)", name="counted_with_place"),
    )

    id: Mapped[Key]
    program_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("program.id"))
    referral_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("referral.id"))
    advocate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    place: Mapped[int | None] = mapped_column(default=None)
    counted_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)

    referral: Mapped[Referral] = relationship()


def qualification_of(referral: Referral) -> Qualification | None:
    """Return how a friend counts among their advocate's, if they do."""
    return session.scalar(select(Qualification).where(Qualification.referral_id == referral.id))


def place_of(referral: Referral, *, at: datetime) -> int:
    """Return a friend's place, giving them the next one the first time; locks the program."""
    lock_program(referral.program_id)
    known = _note(referral)
    if known.place is None:
        take_place(known, at=at)
    return known.place or 0


def take_place(friend: Qualification, *, at: datetime) -> int:
    """Give a friend the lowest free place; the caller has locked the program."""
    counted = (
        Qualification.program_id == friend.program_id,
        Qualification.advocate_id == friend.advocate_id,
        Qualification.place.is_not(None),
    )
    number, highest = session.execute(
        select(func.count(), func.max(Qualification.place)).where(*counted)
    ).one()
    last = int(highest or 0)
    place = last + 1
    if number != last:
        taken = set(session.scalars(select(Qualification.place).where(*counted)))
        place = next(one for one in range(1, last + 2) if one not in taken)
    friend.place, friend.counted_at = place, at
    session.flush()
    return place


def expect(referral: Referral, *, not_before: datetime) -> None:
    """Have a friend who bought be counted for a milestone once the hold has passed.

    A later purchase never delays the friend; one that was counted stays counted.
    """
    friend = _note(referral)
    if friend.place is None and (friend.due_at is None or friend.due_at > not_before):
        _make_due(friend.id, not_before)


def look_again(friend_id: uuid.UUID, *, at: datetime) -> None:
    """Have a friend who is not counted yet looked at, since their money has changed."""
    waiting = (
        select(Qualification.id)
        .join(Referral, Referral.id == Qualification.referral_id)
        .where(Referral.friend_id == friend_id, Qualification.place.is_(None))
        .where(Qualification.due_at.is_(None))
    )
    for key in session.scalars(waiting).all():
        _make_due(key, at)


def give_up_place(referral: Referral, *, again_at: datetime | None = None) -> int | None:
    """Free the place of a friend, and return it: they never count, or are counted again."""
    query = select(Qualification).where(Qualification.referral_id == referral.id)
    friend = session.scalar(query.execution_options(populate_existing=True))
    if friend is None:
        return None
    place = friend.place
    friend.place, friend.counted_at, friend.due_at = None, None, again_at
    session.flush()
    return place


def friends_above(referral: Referral, place: int) -> Sequence[Qualification]:
    """List an advocate's friends in the places above one, the lowest first."""
    query = (
        select(Qualification)
        .where(Qualification.program_id == referral.program_id)
        .where(Qualification.advocate_id == referral.advocate_id, Qualification.place > place)
        .order_by(Qualification.place)
    )
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _note(referral: Referral) -> Qualification:
    insert_once(
        Qualification,
        {
            "id": new_key(),
            "business_id": referral.business_id,
            "program_id": referral.program_id,
            "referral_id": referral.id,
            "advocate_id": referral.advocate_id,
            "attempts": 0,
        },
    )
    query = select(Qualification).where(Qualification.referral_id == referral.id)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _make_due(key: uuid.UUID, at: datetime) -> None:
    session.execute(
        update(Qualification)
        .where(Qualification.id == key)
        .values(due_at=at, attempts=0, dead_at=None)
        .execution_options(synchronize_session="fetch")
    )
