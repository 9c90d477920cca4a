"""What the business says of a gift its server was asked for: fulfilled, or refused for good.

The server says so in its answer or later, or staff do; the first word counts, and the same word
again is no news.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned
from referral.domain.notices import notify
from referral.domain.rewards.gift_requests import awaits_word
from referral.domain.rewards.grants import Done, Grant, GrantState
from referral.domain.rewards.moving import lock
from referral.domain.rewards.rewards import Reward
from referral.domain.rewards.settling import fail, settle
from referral.foundation.crypto import seal, unseal
from referral.foundation.db import Key, Model, Moment, Short, UTCDateTime, one_of, session
from referral.foundation.errors import Conflict, Invalid, NotFound
from referral.foundation.text import plain

LONGEST_REFERENCE, LONGEST_CODE, LONGEST_NOTE, LONGEST_REASON = 60, 200, 200, 400
_REFERENCE = re.compile(rf"[!-~]{{1,{LONGEST_REFERENCE}}}")


class Verdict(StrEnum):
    """What became of the gift, for good."""

    FULFILLED = "fulfilled"
    REFUSED = "refused"


class GiftConfirmation(Owned, Model):
    """The business's word on one gift. `shown_at` is when its person first looked at the code."""

    __table_args__ = (
        UniqueConstraint("grant_id"),
        UniqueConstraint("reward_id"),
        one_of("verdict", Verdict),
    )

    id: Mapped[Key]
    grant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("grant.id"))
    reward_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reward.id"))
    verdict: Mapped[Short]
    reference: Mapped[str | None] = mapped_column(String(60), default=None)
    sealed_code: Mapped[str | None] = mapped_column(Text, default=None)
    note: Mapped[str | None] = mapped_column(String(200), default=None)
    reason: Mapped[str | None] = mapped_column(String(400), default=None)
    came_at: Mapped[Moment]
    shown_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)

    @property
    def text(self) -> str | None:
        """Return the code itself, for the person it is for."""
        return unseal(self.sealed_code) if self.sealed_code else None


class NotAsked(Conflict):
    """The gift was not asked for yet, or not any more."""

    code = "gift_not_asked"
    message = "This gift is not waiting for a confirmation."


class AlreadyConfirmed(Conflict):
    """Something else was said of the gift before."""

    code = "gift_confirmed"
    message = "Something else was said of this gift before, and that counts."


@dataclass(frozen=True, slots=True)
class Word:
    """What is said of a gift: with a reference and perhaps a code, or with a reason."""

    verdict: Verdict
    reference: str | None = None
    code: str | None = None
    note: str | None = None
    reason: str | None = None

    def check(self) -> None:
        """Raise Invalid naming what is missing, too long, or does not belong."""
        wrong = dict(self._wrong())
        if wrong:
            raise Invalid(fields=wrong)

    def _wrong(self) -> list[tuple[str, str]]:
        is_given = self.verdict == Verdict.FULFILLED
        found = []
        if is_given and not _REFERENCE.fullmatch(self.reference or ""):
            said = f"Give your own reference: 1 to {LONGEST_REFERENCE} letters, digits and signs."
            found.append(("reference", said))
        if not is_given and not _is_line(self.reason, LONGEST_REASON):
            found.append(("reason", f"Say why, in at most {LONGEST_REASON} characters."))
        for name, longest in (("code", LONGEST_CODE), ("note", LONGEST_NOTE)):
            text = getattr(self, name)
            if text is not None and not _is_line(text, longest):
                found.append((name, f"One line of at most {longest} characters."))
        misplaced = ("reason",) if is_given else ("reference", "code", "note")
        found += [
            (name, f"This does not go with {self.verdict}.")
            for name in misplaced
            if getattr(self, name) is not None
        ]
        return found


def confirm(grant: Grant, word: Word, *, at: datetime, by_staff: bool = False) -> GiftConfirmation:
    """Book what became of a gift that was asked for: granted, or failed with the reason given.

    The same word again changes nothing. Raises AlreadyConfirmed for another one, NotAsked while
    nothing was sent, and Invalid. Staff have no say while the server is still asked for its word.
    """
    word.check()
    lock(grant.reward)
    session.refresh(grant)
    known = confirmation_of(grant.reward_id)
    if known is not None:
        if known.grant_id != grant.id or _word_of(known) != word:
            raise AlreadyConfirmed
        return known
    if grant.state != GrantState.SENDING or (by_staff and not awaits_word(grant)):
        raise NotAsked
    found = _keep(grant, word, at=at)
    if word.verdict == Verdict.REFUSED:
        said = "It was not given" if by_staff else "Your server refused it"
        fail(grant, f"{said}: {word.reason}", at=at)
    else:
        settle(grant, _done(grant, word), at=at)
        _tell(grant, found, at=at)
    return found


def confirmation_of(reward_id: uuid.UUID) -> GiftConfirmation | None:
    """Return what was said of a reward's gift, if anything was."""
    return session.scalar(select(GiftConfirmation).where(GiftConfirmation.reward_id == reward_id))


def show_confirmed_code(reward: Reward, *, at: datetime) -> None:
    """Write down that a person looked at the code they were given; raises NotFound without one."""
    found = confirmation_of(reward.id)
    if found is None or found.sealed_code is None:
        raise NotFound("There is no code for this reward.")
    session.execute(
        update(GiftConfirmation)
        .where(GiftConfirmation.id == found.id, GiftConfirmation.shown_at.is_(None))
        .values(shown_at=at)
        .execution_options(synchronize_session=False)
    )
    session.refresh(found)


def _is_line(text: str | None, longest: int) -> bool:
    return text is not None and 0 < len(text) <= longest and text == plain(text)


def _word_of(known: GiftConfirmation) -> Word:
    verdict = Verdict(known.verdict)
    return Word(verdict, known.reference, known.text, known.note, known.reason)


def _keep(grant: Grant, word: Word, *, at: datetime) -> GiftConfirmation:
    found = GiftConfirmation(
        business_id=grant.business_id,
        grant_id=grant.id,
        reward_id=grant.reward_id,
        verdict=word.verdict,
        reference=word.reference,
        sealed_code=seal(word.code) if word.code else None,
        note=word.note,
        reason=word.reason,
        came_at=at,
    )
    session.add(found)
    session.flush()
    return found


def _done(grant: Grant, word: Word) -> Done:
    """Say what was given; the grant's id makes a reference unique that the server used twice."""
    return Done(
        object_id=f"{word.reference}:{grant.public_id}",
        amount_minor=grant.amount_minor,
        currency=grant.currency,
        recipient="",
        details={"reference": word.reference},
    )


def _tell(grant: Grant, found: GiftConfirmation, *, at: datetime) -> None:
    """Tell the person by mail that their gift is there, without its code."""
    person = grant.reward.person
    if person.email:
        notify(
            grant.business_id,
            "gift_fulfilled",
            to=person.email,
            once_key=f"gift_fulfilled:{grant.public_id}",
            at=at,
            said={
                "note": found.note,
                "has_code": found.sealed_code is not None,
                "reward": grant.reward.public_id,
            },
        )
