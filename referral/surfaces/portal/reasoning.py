"""The answer to "where is my reward?" for the one it is for: each gate and step in plain words.

Of the evidence it shows nothing, since most of it is about somebody else; for the same reason it
names days, never the hour somebody bought.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from markupsafe import Markup

from referral.domain.reports.explanation import explain_reward
from referral.domain.reports.gates import Gate, GateCode, GateName, GateState
from referral.domain.rewards import Reward, RewardMove, RewardState
from referral.surfaces.web.reasons import REASONS, WAITING, reason_words, waiting_words
from referral.surfaces.web.words import day

_NAMES = {
    GateName.TOUCH: "The recommendation",
    GateName.MATCH: "The recommendation",
    GateName.QUALIFY: "What earned it",
    GateName.RULE: "What was promised",
    GateName.HOLD: "The wait",
    GateName.BUDGET: "Room in the program",
    GateName.GRANT: "Handed over",
}
CODES: dict[str, str] = {
    GateCode.FOUND: "We saw that somebody was recommended to us.",
    "credited": "The recommendation counted.",
    GateCode.SIGNED_UP: "The signup itself earned it.",
    GateCode.BOUGHT: "A purchase earned it.",
    GateCode.MILESTONE_REACHED: "The number of friends it is for was reached.",
    GateCode.AS_PROMISED: "What was promised on the day of the signup applies.",
    GateCode.BEING_COUNTED: "It is being worked out.",
    GateCode.NOTHING_TO_WAIT_FOR: "There is nothing to wait for.",
    GateCode.HOLD_PERIOD: "It waits until returns are no longer possible.",
    GateCode.BEING_APPROVED: "The wait is over. It is confirmed within moments.",
    GateCode.AWAITS_STAFF: "The wait is over. Somebody takes a last look.",
    GateCode.AWAITS_TWO: "The wait is over. Somebody takes a last look.",
    GateCode.AWAITS_SECOND: "The wait is over. Somebody takes a last look.",
    GateCode.HELD: "Somebody is taking a closer look first.",
    GateCode.APPROVED: "The wait is over, and it was confirmed.",
    GateCode.APPROVED_BY_STAFF: "It was confirmed.",
    GateCode.DENIED: "It was not confirmed.",
    GateCode.CANCELLED: "It was cancelled.",
    GateCode.RESERVED: "The amount was set aside for you.",
    GateCode.PLANNED: "It is next in line.",
    GateCode.SENDING: "It is on its way.",
    GateCode.GRANTED: "It is yours.",
    GateCode.FAILED: "It could not be given. We have been told and will look into it.",
    GateCode.ISSUED_AGAIN: "It could not be given. It begins anew.",
    GateCode.EXPIRED: "It was not taken in time, so it has ended.",
    GateCode.TAKEN_BACK: "We took it back.",
    GateCode.LET_GO: "It was to go back, and you may keep what you still had of it.",
}
_STEPS: dict[str, tuple[str, str, str]] = {
    RewardState.PENDING: ("Earned", "sparkles", "calm"),
    RewardState.APPROVED: ("Confirmed", "check", "info"),
    RewardState.GRANTING: ("On its way", "send", "info"),
    RewardState.GRANTED: ("Given", "gift", "good"),
    RewardState.REVERSED: ("Taken back", "arrow-back-up", "calm"),
    RewardState.DENIED: ("Not given", "ban", "calm"),
    RewardState.CANCELLED: ("Cancelled", "x", "calm"),
    RewardState.EXPIRED: ("Expired", "clock", "calm"),
    RewardState.FAILED: ("Could not be given", "alert-triangle", "bad"),
}


def gates_of(reward: Reward, *, at: datetime) -> list[dict[str, Any]]:
    """List the gates on the way to a reward as the page's macro takes them."""
    explained = explain_reward(reward, at=at).gates
    return [_item(gate) for gate in explained if _is_worth_saying(gate)]


def history_of(reward: Reward, moves: Iterable[RewardMove]) -> list[dict[str, Any]]:
    """List what happened to a reward, the newest first.

    Who of the staff did it, and why, stays with them.
    """
    story: list[dict[str, Any]] = []
    for move in moves:
        title, symbol, tone = _STEPS[move.to_state]
        if move.to_state == RewardState.REVERSED and reward.is_let_go:
            title = "Was to go back"
        story.append({"at": move.at, "title": title, "icon": symbol, "tone": tone})
    if reward.fell_back_at is not None:
        changed = {"title": "Given another way from here", "icon": "refresh", "tone": "info"}
        story.append({"at": reward.fell_back_at, **changed})
        story.sort(key=lambda event: event["at"], reverse=True)
    return story


def _is_worth_saying(gate: Gate) -> bool:
    """Leave out what is not needed, and that a touch was found when it also counted."""
    if gate.name is GateName.TOUCH:
        return gate.state is not GateState.PASSED
    return gate.state is not GateState.SKIPPED


def _item(gate: Gate) -> dict[str, Any]:
    is_reached = gate.code != GateCode.NOT_REACHED
    return {
        "name": _NAMES[gate.name],
        "state": gate.state.value if is_reached else "later",
        "reason": _words(gate) if is_reached else "Comes after what is above.",
        "next": _next(gate),
    }


def _words(gate: Gate) -> str:
    if gate.name is GateName.GRANT and gate.code in WAITING:
        return waiting_words(gate.code)
    if gate.code in CODES:
        return CODES[gate.code]
    return reason_words(gate.code) if gate.code in REASONS else "This is being looked into."


def _next(gate: Gate) -> Markup | None:
    if gate.code == GateCode.HOLD_PERIOD and gate.next_at is not None:
        return Markup("Expected on {}.").format(day(gate.next_at))
    return None
