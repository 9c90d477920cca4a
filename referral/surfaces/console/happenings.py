"""Each thing that happened to somebody, as the timeline of their page tells it to staff."""

from __future__ import annotations

from typing import Any

from flask import url_for

from referral.domain.attribution import Outcome
from referral.domain.purchases import DisputeOutcome
from referral.domain.reports.credit import Change
from referral.domain.reports.story import Happening
from referral.domain.rewards import Redemption, Reward, RewardState
from referral.domain.rewards.credit import EntryKind
from referral.domain.rewards.operations import AT_BUSINESS, OURS
from referral.surfaces.console.door import may
from referral.surfaces.web.promises import reward_words
from referral.surfaces.web.reasons import GRANTS, HOLDS, OPERATIONS, entry_words, reason_words
from referral.surfaces.web.words import money

MOVED: dict[str, str] = {
    RewardState.PENDING: "earned",
    RewardState.APPROVED: "approved",
    RewardState.GRANTING: "on its way",
    RewardState.GRANTED: "given",
    RewardState.REVERSED: "taken back",
    RewardState.DENIED: "denied",
    RewardState.CANCELLED: "cancelled",
    RewardState.EXPIRED: "expired",
    RewardState.FAILED: "refused",
}
"""What became of a reward when it came to a state, told to staff."""


_CREDIT = {
    EntryKind.GRANT: ("gift", "good"),
    EntryKind.REDEMPTION: ("wallet", "calm"),
    EntryKind.REVERSAL: ("receipt-refund", "good"),
    EntryKind.TAKEN_BACK: ("receipt-refund", "wait"),
    EntryKind.EXPIRY: ("hourglass", "calm"),
}


def visits_together(story: list[Happening]) -> list[Happening]:
    """Tell visits with nothing in between as one, at the time of the newest."""
    shown: list[Happening] = []
    for one in story:
        if one.kind == "visit" and shown and shown[-1].kind == "visit":
            shown[-1].facts["times"] = shown[-1].facts.get("times", 1) + 1
        else:
            shown.append(one)
    return shown


def told(one: Happening) -> dict[str, Any]:
    """Put one happening into words."""
    words = {"at": one.at, **_WORDS[one.kind](one.facts)}
    if one.subject is None:
        return words
    if one.subject.startswith(Reward.prefix):
        return {**words, "url": url_for("console.reward", reward=one.subject)}
    return {**words, "url": url_for("console.why", subject=one.subject)}


def changed(one: Change) -> dict[str, Any]:
    """Put one change of somebody's store credit into words; `undo` is where it is given back."""
    symbol, tone = _CREDIT[one.kind]
    amount = money(abs(one.amount.amount_minor), one.amount.currency)
    said: dict[str, Any] = {
        "at": one.at,
        "title": f"{entry_words(one.kind, for_staff=True)}: {amount}",
        "icon": symbol,
        "tone": tone,
    }
    spent = one.redemption
    if spent is None or one.kind != EntryKind.REDEMPTION:
        return said
    note = f" · {spent.note}" if spent.note else ""
    return {
        **said,
        "body": f"{spent.external_id}{note}",
        "actor": spent.actor_name,
        "undo": _way_back(spent),
    }


def _way_back(spent: Redemption) -> str | None:
    """Return where the operator at work gives it back; None when they may not, or it is done."""
    if spent.reversal is not None:
        return None
    if may("person_redemption_undo"):
        return url_for("console.person_redemption_undo", redemption=spent.public_id)
    if spent.is_at_counter and may("person_counter_undo"):
        return url_for("console.person_counter_undo", redemption=spent.public_id)
    return None


def _signup(facts: dict[str, Any]) -> dict[str, Any]:
    if facts["outcome"] == Outcome.REFERRED:
        title, tone = f"Signed up, sent by {facts['advocate']}", "good"
    elif facts["outcome"] == Outcome.REFUSED:
        title, tone = "Signed up; nobody was credited", "wait"
    else:
        title, tone = "Signed up", "calm"
    body = f"{reason_words(facts['reason'], for_staff=True)} Program: {facts['program']}."
    return {"title": title, "tone": tone, "icon": "user-check", "body": body}


def _move(facts: dict[str, Any]) -> dict[str, Any]:
    worth, state = reward_words(facts["reward"]), facts["state"]
    earned = f"for bringing {facts['friend']}" if facts["side"] == "advocate" else "as a new friend"
    if facts["reason"] == "earned":
        return {"title": f"Earned {worth} {earned}", "tone": "info", "icon": "gift"}
    tones = {"granted": "good", "failed": "bad", "denied": "bad", "reversed": "bad"}
    return {
        "title": f"Reward of {worth} {MOVED[state]}",
        "body": reason_words(facts["reason"], for_staff=True) if facts["by"] else None,
        "tone": tones.get(state, "info"),
        "icon": "gift",
        "actor": facts["by"],
    }


def _visit(facts: dict[str, Any]) -> dict[str, Any]:
    if facts.get("times", 1) > 1:
        return {"title": f"Their link was followed {facts['times']} times", "icon": "click"}
    source = f" from {facts['from']}" if facts["from"] else ""
    title = f"Somebody followed their link on a {facts['device']}{source}"
    return {"title": title, "icon": "click"}


def _purchase(facts: dict[str, Any]) -> dict[str, Any]:
    body = f"{facts['external_id']}. {money(facts['base'])} count after tax."
    return {
        "title": f"Paid {money(facts['gross'])}",
        "body": body,
        "icon": "receipt",
        "tone": "good",
    }


def _refund(facts: dict[str, Any]) -> dict[str, Any]:
    words = "A refund failed" if facts["has_failed"] else "Refunded"
    title = f"{words}: {money(facts['amount'])}"
    return {"title": title, "body": facts["external_id"], "icon": "receipt-refund", "tone": "bad"}


def _dispute(facts: dict[str, Any]) -> dict[str, Any]:
    title, tone = _DISPUTES[facts["outcome"]]
    return {"title": title, "body": facts["external_id"], "icon": "scale", "tone": tone}


def _hold(facts: dict[str, Any]) -> dict[str, Any]:
    title = HOLDS[facts["kind"]]
    return {
        "title": title, "body": facts["reason"], "actor": facts["by"],
        "icon": "hand-stop", "tone": "wait",
    }  # fmt: skip


def _release(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": "Hold released", "body": facts["reason"], "actor": facts["by"],
        "icon": "player-play", "tone": "good",
    }  # fmt: skip


def _grant(facts: dict[str, Any]) -> dict[str, Any]:
    worth = f": {money(facts['amount'])}" if facts["amount"] else ""
    title = f"{OPERATIONS[facts['operation']]}{worth}"
    object_id = f" {facts['object_id']}" if facts["object_id"] else ""
    body = f"{GRANTS[facts['state']]}.{object_id}"
    if facts["operation"] in OURS:
        return {"title": title, "body": body, "icon": "gift"}
    if facts["operation"] in AT_BUSINESS:
        return {"title": title, "body": body, "icon": "gift", "actor": "Your gift server"}
    return {"title": title, "body": body, "icon": "credit-card", "actor": "Stripe"}


_DISPUTES = {
    DisputeOutcome.OPEN: ("Payment disputed", "wait"),
    DisputeOutcome.WON: ("Payment disputed, and the dispute was won", "good"),
    DisputeOutcome.LOST: ("Payment disputed, and the dispute was lost", "bad"),
}
_WORDS = {
    "met": lambda facts: {"title": "Came to our notice", "icon": "eye"},
    "customer": lambda facts: {"title": "Became a customer", "icon": "building-store"},
    "link": lambda facts: {
        "title": f"Got a link for {facts['program']}", "body": facts["code"], "icon": "link",
    },
    "visit": _visit,
    "signup": _signup,
    "friend": lambda facts: {
        "title": f"Brought {facts['friend']}", "body": facts["program"],
        "icon": "heart-handshake", "tone": "good",
    },
    "purchase": _purchase,
    "refund": _refund,
    "dispute": _dispute,
    "move": _move,
    "hold": _hold,
    "release": _release,
    "grant": _grant,
}  # fmt: skip
