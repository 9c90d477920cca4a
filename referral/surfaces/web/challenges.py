"""Proofs of an address under way: a mailed link and a 6-digit code, bound to the asking browser.

Knows how an address is proved, and how often one may be asked. Refuses to know what the proof is
for, and who gets the mail.
"""

from __future__ import annotations

import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import Index, String, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from referral.domain.businesses import Owned, across_businesses
from referral.foundation.crypto import keyed_hash, plain_hash, random_token, seal, unseal
from referral.foundation.db import Key, Long, Model, Moment, UTCDateTime, changed, session
from referral.foundation.errors import Gone, TooMany
from referral.foundation.ids import new_key, public_id

LIFE = timedelta(minutes=10)
MOST_TRIES = 5
MOST_ASKED = ((timedelta(hours=1), 5), (timedelta(days=1), 20))
"""How many challenges one address may get, over all businesses: with five tries each, guessing
succeeds at most 25 times in a million an hour (S-33, S-39)."""


class SignInChallenge(Owned, Model):
    """One request to prove an address to a business's portal.

    `browser_digest` is the hash of a cookie only the asking browser holds; link and code are kept
    as hashes (S-35). `person_id` is empty when nobody of that address is known, so that the
    answer looks the same (S-37). `sealed` is what was wished for, wiped once it is granted.
    """

    __table_args__ = (Index(None, "address_hash", "asked_at"),)
    prefix: ClassVar[str] = "chl"

    id: Mapped[Key]
    person_id: Mapped[uuid.UUID | None]
    address_hash: Mapped[str] = mapped_column(String(64))
    browser_digest: Mapped[str] = mapped_column(String(64), unique=True)
    link_digest: Mapped[str] = mapped_column(String(64), unique=True)
    code_digest: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[Long]
    device: Mapped[str] = mapped_column(String(120))
    tries: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)

    @property
    def public_id(self) -> str:
        return public_id(self.prefix, self.id)

    @property
    def tries_left(self) -> int:
        return MOST_TRIES - self.tries

    @property
    def wish(self) -> dict[str, Any]:
        """Return what the proof is for; nothing once it was used."""
        said: dict[str, Any] = json.loads(unseal(self.sealed)) if self.sealed else {}
        return said

    def is_open(self, at: datetime) -> bool:
        """Tell whether the challenge can still be met."""
        return self.used_at is None and at < self.expires_at and self.tries_left > 0

    def is_from(self, browser: str) -> bool:
        """Tell whether this is the browser that asked, by its cookie."""
        return hmac.compare_digest(plain_hash(browser), self.browser_digest)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What proves an address: for the asking browser's cookie, and for the mail."""

    challenge: SignInChallenge
    browser: str
    link: str
    code: str


class AskedTooOften(TooMany):
    """This address was asked for too often, by whomever and wherever."""

    code = "asked_too_often"
    message = "This address has had several mails already. Use the newest one, or try again later."


class ChallengeEnded(Gone):
    """It was used, has expired, was tried too often, or a newer one took its place."""

    code = "challenge_ended"
    message = "This sign-in has ended. Ask for a new mail and use the newest one."


def address_hash(email: str) -> str:
    """Return what an address is counted by, in every business alike; it must be canonical."""
    return keyed_hash("address", email)


def open_challenge(
    business_id: uuid.UUID,
    email: str,
    *,
    person_id: uuid.UUID | None,
    wish: Mapping[str, Any],
    device: str,
    at: datetime,
    can_be_met: bool = True,
) -> Secrets:
    """Begin to prove a canonical address; older challenges for it end (S-28).

    With `can_be_met` unset it looks like any other, but no code meets it. Raises AskedTooOften.
    """
    asked_for = address_hash(email)
    _take_turn(asked_for)
    _refuse_too_many(asked_for, at=at)
    session.execute(
        update(SignInChallenge)
        .where(SignInChallenge.business_id == business_id)
        .where(SignInChallenge.address_hash == asked_for, SignInChallenge.expires_at > at)
        .values(expires_at=at)
        .execution_options(synchronize_session=False)
    )
    key, browser, link = new_key(), random_token(), random_token()
    code = f"{secrets.randbelow(10**6):06}"
    challenge = SignInChallenge(
        id=key,
        business_id=business_id,
        person_id=person_id,
        address_hash=asked_for,
        browser_digest=plain_hash(browser),
        link_digest=plain_hash(link),
        code_digest=_code_digest(key, code if can_be_met else random_token()),
        sealed=seal(json.dumps({**wish, "email": email})),
        device=device[:120],
        asked_at=at,
        expires_at=at + LIFE,
    )
    session.add(challenge)
    session.flush()
    return Secrets(challenge, browser, link, code)


def challenge_of_browser(browser: str) -> SignInChallenge | None:
    """Return the challenge this browser's cookie was given for, in the business at work."""
    digest = plain_hash(browser)
    return session.scalar(select(SignInChallenge).where(SignInChallenge.browser_digest == digest))


def challenge_of_link(link: str) -> SignInChallenge | None:
    """Return the challenge a mailed link was made for, in the business at work."""
    digest = plain_hash(link)
    return session.scalar(select(SignInChallenge).where(SignInChallenge.link_digest == digest))


def meet_by_code(challenge: SignInChallenge, code: str, *, at: datetime) -> bool:
    """Try a code: True meets the challenge for good, False was a wrong one.

    Every try counts before it is compared, so parallel ones cannot exceed the limit; of parallel
    right ones exactly one returns True (S-27). Raises ChallengeEnded. Commit either answer.
    """
    counted = session.execute(
        update(SignInChallenge)
        .where(SignInChallenge.id == challenge.id, SignInChallenge.used_at.is_(None))
        .where(SignInChallenge.expires_at > at, SignInChallenge.tries < MOST_TRIES)
        .values(tries=SignInChallenge.tries + 1)
        .execution_options(synchronize_session=False)
    )
    if changed(counted) != 1:
        raise ChallengeEnded
    digest = _code_digest(challenge.id, "".join(filter(str.isdigit, code)))
    if hmac.compare_digest(digest, challenge.code_digest):
        _use(challenge, at=at)
        return True
    session.refresh(challenge)
    return False


def meet_by_link(challenge: SignInChallenge, browser: str, *, at: datetime) -> None:
    """Meet the challenge by its link; raises ChallengeEnded, also for another browser (S-30)."""
    if not challenge.is_from(browser) or not challenge.is_open(at):
        raise ChallengeEnded
    _use(challenge, at=at)


def forget_old(*, at: datetime) -> int:
    """Delete challenges that no limit counts any more; returns how many there were."""
    longest = max(period for period, _ in MOST_ASKED)
    gone = session.execute(
        delete(SignInChallenge)
        .where(SignInChallenge.asked_at <= at - longest)
        .execution_options(**across_businesses(), synchronize_session=False)
    )
    return changed(gone)


def _take_turn(asked_for: str) -> None:
    """Let one request at a time ask for an address, so that the limit holds in parallel.

    SQLite has one writer anyway; PostgreSQL keeps a lock until the commit.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(int(asked_for[:15], 16))))


def _refuse_too_many(asked_for: str, *, at: datetime) -> None:
    for period, most in MOST_ASKED:
        asked = session.scalar(
            select(func.count())
            .select_from(SignInChallenge)
            .where(SignInChallenge.address_hash == asked_for)
            .where(SignInChallenge.asked_at > at - period)
            .execution_options(**across_businesses())
        )
        if (asked or 0) >= most:
            raise AskedTooOften(retry_after_s=int(period.total_seconds()))


def _use(challenge: SignInChallenge, *, at: datetime) -> None:
    used = session.execute(
        update(SignInChallenge)
        .where(SignInChallenge.id == challenge.id, SignInChallenge.used_at.is_(None))
        .where(SignInChallenge.expires_at > at)
        .values(used_at=at, sealed="")
        .execution_options(synchronize_session=False)
    )
    if changed(used) != 1:
        raise ChallengeEnded


def _code_digest(key: uuid.UUID, code: str) -> str:
    return keyed_hash("sign-in code", f"{key}:{code}")
