"""The answer to "why?": the seven gates between a recommendation and its reward."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from referral.domain.reports.explanation import Explanation, GateName, GateState
from referral.surfaces.api.contract import Moment, Out


class WeighedOut(Out):
    """Something a gate weighed: its `label`, and the facts of it by name."""

    model_config = ConfigDict(extra="allow")

    label: str


class GateOut(Out):
    """One gate: how it stands and why, since when, what comes when, and what was weighed."""

    name: GateName
    state: GateState
    code: Annotated[str, Field(examples=["hold_period"])]
    at: Moment | None
    next_at: Moment | None
    evidence: list[WeighedOut]


class ExplanationOut(Out):
    """The gates in order; `stands_at` is the one that answers the question."""

    subject: str
    stands_at: GateName
    gates: list[GateOut]

    @classmethod
    def of(cls, explanation: Explanation) -> ExplanationOut:
        """Write an explanation."""
        return cls.model_validate(explanation.as_json())
