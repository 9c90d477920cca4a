"""Every attribution, decided again from what was kept of it (I-4, I-29, I-31)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from referral.domain.attribution import (
    Evidence,
    Outcome,
    Reason,
    Referral,
    Signup,
    Touch,
    TouchKind,
    decide,
)
from referral.domain.attribution.decision import Circumstances
from referral.domain.links import Link
from referral.domain.reports.auditor.asking import named
from referral.domain.reports.auditor.report import Violation
from referral.foundation.clock import to_second
from referral.foundation.ids import parse_public_id

Line = Row[*tuple[Any, ...]]
_CHUNK = 300
_SIGNUPS: Select[*tuple[Any, ...]] = select(
    Signup.id,
    Signup.program_id,
    Signup.person_id,
    Signup.at,
    Signup.outcome,
    Signup.reason,
    Signup.circumstances,
    Referral.id.label("referral_id"),
    Referral.advocate_id,
    Referral.touch_id,
).outerjoin(Referral, Referral.id == Signup.referral_id)
_TOUCHES: Select[*tuple[Any, ...]] = select(
    Touch.id,
    Touch.kind,
    Touch.at,
    Touch.said,
    Touch.advocate_id,
    Touch.link_id,
    Touch.click_id,
    Link.program_id.label("link_program_id"),
).outerjoin(Link, Link.id == Touch.link_id)


def check(connection: Connection) -> Iterator[Violation]:
    """Yield each signup that would be decided otherwise by the same evidence and rules."""
    signups = iter(connection.execution_options(yield_per=_CHUNK).execute(_SIGNUPS))
    while chunk := list(islice(signups, _CHUNK)):
        seen = {signup.id: _considered(signup) for signup in chunk}
        touches = _touches(connection, [key for told in seen.values() for key in told])
        for signup in chunk:
            for invariant, said in _faults(signup, seen[signup.id], touches):
                yield Violation(invariant, named("signup", signup.id), said)


def _considered(signup: Line) -> dict[uuid.UUID, dict[str, Any]]:
    """Return what was kept of each touch that was weighed, by its key."""
    told = signup.circumstances["considered"]
    return {parse_public_id(Touch.prefix, one["touch"]): one for one in told}


def _touches(connection: Connection, keys: Sequence[uuid.UUID]) -> dict[uuid.UUID, Line]:
    return {touch.id: touch for touch in connection.execute(_TOUCHES.where(Touch.id.in_(keys)))}


def _faults(
    signup: Line, seen: Mapping[uuid.UUID, dict[str, Any]], touches: Mapping[uuid.UUID, Line]
) -> Iterator[tuple[str, str]]:
    if not seen.keys() <= touches.keys():
        yield "I-31", "A touch that was weighed is not kept."
        return
    evidence = {key: _evidence(touches[key], one) for key, one in seen.items()}
    again = decide(list(evidence.values()), _circumstances(signup))
    if (again.outcome, again.reason) != (signup.outcome, signup.reason):
        now, then = f"{again.outcome}, {again.reason}", f"{signup.outcome}, {signup.reason}"
        yield "I-31", f"It was decided as {then} and would be {now}."
        return
    verdicts = {id(verdict.evidence): verdict.reason for verdict in again.considered}
    if any(verdicts[id(evidence[key])] != one["verdict"] for key, one in seen.items()):
        yield "I-31", "A touch would be judged otherwise."
    if (signup.referral_id is None) != (signup.outcome != Outcome.REFERRED):
        yield "I-31", f"It is {signup.outcome}, which its referral contradicts."
    if again.credited is not None and signup.referral_id is not None:
        if evidence.get(signup.touch_id) is not again.credited:
            yield "I-31", "Its referral names another touch than the one that won."
        yield from _credit(signup, again.credited)


def _credit(signup: Line, credited: Evidence) -> Iterator[tuple[str, str]]:
    since = _moment(signup.circumstances["friend_known_since"])
    if since is not None and since < to_second(credited.at):
        yield "I-4", "The friend was a customer before the touch that was credited."
    if not signup.circumstances["program_is_open"]:
        yield "I-29", "A closed program credited it."


def _evidence(touch: Line, told: dict[str, Any]) -> Evidence:
    return Evidence(
        TouchKind(touch.kind),
        touch.at,
        touch.said,
        advocate_id=touch.advocate_id,
        link_id=touch.link_id,
        click_id=touch.click_id,
        program_id=touch.link_program_id,
        problem=Reason(told["problem"]) if told["problem"] else None,
    )


def _circumstances(signup: Line) -> Circumstances:
    told = signup.circumstances
    return Circumstances(
        program_id=signup.program_id,
        program_is_open=told["program_is_open"],
        first_touch_wins=told["first_touch_wins"],
        click_window=timedelta(days=told["click_window_days"]),
        friend_id=signup.person_id,
        friend_known_since=_moment(told["friend_known_since"]),
        referred_by=uuid.UUID(told["referred_by"]) if told["referred_by"] else None,
        at=signup.at,
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
