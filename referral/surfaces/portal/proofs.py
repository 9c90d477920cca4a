"""From an address to a session: ask for a proof, and let in whoever brings it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, g, redirect, request, url_for
from prometheus_client import Counter
from sqlalchemy import select

from referral.domain import journey
from referral.domain.attribution import Signup, Told
from referral.domain.notices import notify
from referral.domain.people import Identity, Person
from referral.domain.programs import find_program
from referral.domain.programs.programs import ProgramNotOpen
from referral.foundation.db import session, transaction
from referral.surfaces.portal.door import safe_next
from referral.surfaces.portal.visitors import device_words, network_words
from referral.surfaces.web.challenges import (
    LIFE,
    ChallengeEnded,
    Secrets,
    SignInChallenge,
    address_hash,
    challenge_of_browser,
    open_challenge,
)
from referral.surfaces.web.sessions import VisitorKind, current_row, sign_in, sign_out
from referral.surfaces.web.settings import public_url, settings

PROVED = Counter("referral_proofs_total", "Proofs of an address by how they ended", ["outcome"])


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody who was let in, with the signup that came of it when they joined."""

    person: Person
    signup: Signup | None
    goes_to: str


def ask_for_proof(email: str, wish: Mapping[str, Any], *, at: datetime) -> Response:
    """Send a link and a code to a canonical address, and lead to the page that takes the code.

    Somebody unknown gets the same answer by the same statements; the worker drops their mail,
    unless they ask to join (S-37, S-38).
    """
    is_joining = "join" in wish
    with transaction():
        person_id = _id_of(email)
        is_known = is_joining or person_id is not None
        made = open_challenge(
            g.business.id,
            email,
            person_id=person_id,
            wish={**wish, "place": network_words(request.remote_addr)},
            device=device_words(request.user_agent.string),
            at=at,
            can_be_met=is_known,
        )
        _write(made, email, is_known=is_known, is_joining=is_joining)
    answer = redirect(url_for("portal.code", slug=g.business.slug), 303)
    answer.set_cookie(
        _cookie_name(),
        made.browser,
        max_age=int(LIFE.total_seconds()),
        secure=settings().is_https,
        httponly=True,
        samesite="Lax",
    )
    return answer  # type: ignore[return-value]


def asking_browser() -> str:
    """Return the secret this browser was given when it asked, or nothing."""
    return request.cookies.get(_cookie_name(), "")[:100]


def own_challenge() -> SignInChallenge | None:
    """Return the challenge this browser asked for, in the business of this page."""
    browser = asking_browser()
    return challenge_of_browser(browser) if browser else None


def forget_asking(answer: Response) -> Response:
    """Take the asking browser's secret back: it has served."""
    answer.delete_cookie(_cookie_name(), secure=settings().is_https, httponly=True, samesite="Lax")
    return answer


def admit(challenge: SignInChallenge, *, at: datetime) -> Admitted:
    """Begin a session for whoever met a challenge; call inside the transaction that met it.

    A session this browser had before ends (S-40). Raises ChallengeEnded when the address is not
    this person's any more (S-28).
    """
    wish = challenge.wish
    signup = _join(wish, at=at) if "join" in wish else None
    person = signup.person if signup else session.get(Person, challenge.person_id)
    if person is None or address_hash(person.email or "") != challenge.address_hash:
        raise ChallengeEnded
    if current_row() is not None:
        sign_out(at=at)
    sign_in(VisitorKind.PERSON, person.id, business_id=g.business.id, at=at)
    return Admitted(person, signup, safe_next(wish.get("next"), g.business.slug))


def _join(wish: Mapping[str, Any], *, at: datetime) -> Signup:
    """Sign somebody up with the evidence they came with, and give them their link."""
    asked = wish["join"]
    program = find_program(g.business.id, asked["program"])
    identity = Identity.read(email=wish["email"], name=asked["name"])
    told = Told(tokens=tuple(asked["tokens"]), code=asked["code"] or None)
    joined = journey.join(g.business, program, identity, told, at=at)
    with suppress(ProgramNotOpen):
        journey.enroll(joined.person, program, at=at)
    return joined.signup


def _id_of(email: str) -> uuid.UUID | None:
    query = select(Person.id).where(Person.business_id == g.business.id, Person.email == email)
    return session.scalar(query)


def _write(made: Secrets, email: str, *, is_known: bool, is_joining: bool) -> None:
    challenge = made.challenge
    link = public_url(url_for("portal.link", slug=g.business.slug, link=made.link))
    notify(
        g.business.id,
        "sign_in",
        to=email,
        once_key=f"sign_in:{challenge.id}",
        at=challenge.asked_at,
        said={
            "code": made.code,
            "link": link,
            "device": challenge.device,
            "place": challenge.wish["place"],
            "asked": f"{challenge.asked_at:%H:%M} UTC",
            "is_known": is_known,
            "is_joining": is_joining,
        },
    )


def _cookie_name() -> str:
    return "__Host-asking" if settings().is_https else "asking"
