"""The decision: a pure function of the evidence, the program's rules and the signup (I-31).

It reads no clock and no table, so it can be recomputed at any time, and the order in which the
evidence arrived does not matter. It returns its reasoning with its result.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from referral.domain.attribution.touches import TouchKind
from referral.foundation.clock import to_second


class Outcome(StrEnum):
    """How a signup was decided."""

    REFERRED = "referred"
    REFUSED = "refused"
    UNREFERRED = "unreferred"


class Reason(StrEnum):
    """Why; each has one plain sentence for people in the pages."""

    CREDITED = "credited"
    CONFIRMED = "confirmed"
    OUTWEIGHED = "outweighed"
    NO_EVIDENCE = "no_evidence"
    UNREADABLE = "unreadable"
    UNKNOWN_CODE = "unknown_code"
    UNKNOWN_NAME = "unknown_name"
    OTHER_PROGRAM = "other_program"
    PROGRAM_CLOSED = "program_closed"
    ALREADY_REFERRED = "already_referred"
    OWN_LINK = "own_link"
    EXISTING_CUSTOMER = "existing_customer"
    EXPIRED = "expired"
    FROM_THE_FUTURE = "from_the_future"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One touch as the decision sees it; `advocate_id` is empty when it leads to nobody.

    `problem` is set when the evidence could not be read or leads nowhere.
    """

    kind: TouchKind
    at: datetime
    said: str
    advocate_id: uuid.UUID | None = None
    link_id: uuid.UUID | None = None
    click_id: uuid.UUID | None = None
    program_id: uuid.UUID | None = None
    problem: Reason | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else bears on the decision: the program's rules and what is known of the friend."""

    program_id: uuid.UUID
    program_is_open: bool
    first_touch_wins: bool
    click_window: timedelta
    friend_id: uuid.UUID
    friend_known_since: datetime | None
    referred_by: uuid.UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one piece of evidence."""

    evidence: Evidence
    reason: Reason

    @property
    def is_credited(self) -> bool:
        return self.reason is Reason.CREDITED


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, its reason, and the verdict on each piece of evidence considered."""

    outcome: Outcome
    reason: Reason
    considered: tuple[Verdict, ...]

    @property
    def credited(self) -> Evidence | None:
        """Return the evidence that won, if any."""
        return next((seen.evidence for seen in self.considered if seen.is_credited), None)


def decide(evidence: Sequence[Evidence], known: Circumstances) -> Decision:
    """Weigh all evidence and decide once: heavier kinds first, then the program's rule.

    A friend who is referred already stays so: evidence of the same advocate only confirms it.
    Order of weight: staff, typed code, coupon, click, stated name. Among equals the first to
    vouch wins, or the last where the program says so.
    """
    ordered = sorted(evidence, key=lambda one: _rank(one, known))
    reasons = [_objection(one, known) for one in ordered]
    winner = next((place for place, reason in enumerate(reasons) if reason is None), None)
    considered = tuple(
        Verdict(one, reason or (Reason.CREDITED if place == winner else Reason.OUTWEIGHED))
        for place, (one, reason) in enumerate(zip(ordered, reasons, strict=True))
    )
    if winner is not None:
        return Decision(Outcome.REFERRED, Reason.CREDITED, considered)
    if Reason.CONFIRMED in reasons:
        return Decision(Outcome.REFERRED, Reason.CONFIRMED, considered)
    if not considered:
        return Decision(Outcome.UNREFERRED, Reason.NO_EVIDENCE, ())
    return Decision(Outcome.REFUSED, considered[0].reason, considered)


def _rank(one: Evidence, known: Circumstances) -> tuple[int, float, tuple[str, ...]]:
    """Sort heavier first, then by the program's rule, then by all the rest of what it says."""
    moment = one.at.timestamp()
    rest = (one.link_id, one.click_id, one.program_id, one.advocate_id, one.said, one.problem)
    return (
        -one.kind.weight,
        moment if known.first_touch_wins else -moment,
        tuple(str(part) for part in rest),
    )


def _objection(one: Evidence, known: Circumstances) -> Reason | None:
    """Return why this evidence earns no credit, or None when it may."""
    if one.problem is not None:
        return one.problem
    if one.advocate_id is None:
        return Reason.UNREADABLE
    if one.program_id != known.program_id:
        return Reason.OTHER_PROGRAM
    if known.referred_by is not None:
        same = one.advocate_id == known.referred_by
        return Reason.CONFIRMED if same else Reason.ALREADY_REFERRED
    if one.advocate_id == known.friend_id:
        return Reason.OWN_LINK
    if not known.program_is_open:
        return Reason.PROGRAM_CLOSED
    if one.at > known.at.astimezone(UTC) + timedelta(minutes=10):
        return Reason.FROM_THE_FUTURE
    if known.friend_known_since is not None and known.friend_known_since < to_second(one.at):
        return Reason.EXISTING_CUSTOMER
    if known.at >= one.at.astimezone(UTC) + known.click_window:
        return Reason.EXPIRED
    return None
