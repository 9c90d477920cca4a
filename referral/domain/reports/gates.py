"""The seven gates between a recommendation and a reward, and how an answer to "why?" is kept.

Knows codes and evidence only; the sentences are the surfaces'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from referral.foundation.money import Money

Value = str | int | bool | datetime | Money | None
Evidence = tuple[tuple[str, Mapping[str, Value]], ...]


class GateName(StrEnum):
    """The gates in their order."""

    TOUCH = "touch"
    MATCH = "match"
    QUALIFY = "qualify"
    RULE = "rule"
    HOLD = "hold"
    BUDGET = "budget"
    GRANT = "grant"


class GateState(StrEnum):
    """How a gate stands; a skipped one is not needed, or not any more."""

    PASSED = "passed"
    FAILED = "failed"
    WAITING = "waiting"
    SKIPPED = "skipped"


class GateCode(StrEnum):
    """Why a gate stands as it does, beyond the reasons other packages give."""

    FOUND = "found"
    SIGNED_UP = "signed_up"
    BOUGHT = "bought"
    NO_PURCHASE = "no_purchase"
    NO_OFFER = "no_offer"
    AS_PROMISED = "as_promised"
    MILESTONE_REACHED = "milestone_reached"
    COUNTED = "counted"
    STANDS_LATER = "stands_later"
    BEING_COUNTED = "being_counted"
    NOTHING_TO_WAIT_FOR = "nothing_to_wait_for"
    HOLD_PERIOD = "hold_period"
    BEING_APPROVED = "being_approved"
    AWAITS_STAFF = "awaits_staff"
    AWAITS_TWO = "awaits_two"
    AWAITS_SECOND = "awaits_second"
    HELD = "held"
    APPROVED = "approved"
    APPROVED_BY_STAFF = "approved_by_staff"
    DENIED = "denied"
    CANCELLED = "cancelled"
    RESERVED = "reserved"
    PLANNED = "planned"
    SENDING = "sending"
    GRANTED = "granted"
    FAILED = "failed"
    ISSUED_AGAIN = "issued_again"
    EXPIRED = "expired"
    TAKEN_BACK = "taken_back"
    LET_GO = "let_go"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate: how it stands and why, since when, what comes when, and what was weighed."""

    name: GateName
    state: GateState
    code: str
    at: datetime | None = None
    next_at: datetime | None = None
    evidence: Evidence = ()

    def as_json(self) -> dict[str, Any]:
        """Return the gate as JSON takes it: times as RFC 3339, amounts with their currency."""
        return {
            "name": self.name.value,
            "state": self.state.value,
            "code": str(self.code),
            "at": _plain(self.at),
            "next_at": _plain(self.next_at),
            "evidence": [
                {"label": label, **{key: _plain(value) for key, value in facts.items()}}
                for label, facts in self.evidence
            ],
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer to "why?" for one signup, referral or reward: the seven gates in order."""

    subject: str
    gates: tuple[Gate, ...]

    @property
    def stands_at(self) -> Gate:
        """Return the gate that answers the question: the first not passed, else the last."""
        open_gates = (GateState.FAILED, GateState.WAITING)
        return next((gate for gate in self.gates if gate.state in open_gates), self.gates[-1])

    def as_json(self) -> dict[str, Any]:
        """Return the explanation as JSON takes it."""
        return {
            "subject": self.subject,
            "stands_at": self.stands_at.name.value,
            "gates": [gate.as_json() for gate in self.gates],
        }


def completed(gates: list[Gate]) -> tuple[Gate, ...]:
    """Fill in the gates that were not reached: skipped after a failure, else still to come."""
    has_failed = any(gate.state is GateState.FAILED for gate in gates)
    state = GateState.SKIPPED if has_failed else GateState.WAITING
    known = {gate.name: gate for gate in gates}
    return tuple(known.get(name, Gate(name, state, GateCode.NOT_REACHED)) for name in GateName)


def _plain(value: Value) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Money):
        return {"amount_minor": value.amount_minor, "currency": value.currency}
    return value
