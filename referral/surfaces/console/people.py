"""People: found by whatever is at hand, and one with everything that happened."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from referral.domain.attribution import Outcome
from referral.domain.reports import console as lists
from referral.domain.reports.story import Happening, customers_of, links_of, story_of
from referral.surfaces.console.frame import page
from referral.surfaces.web.reasons import GRANTS, HOLDS, OPERATIONS, STATES, reason_words
from referral.surfaces.web.settings import public_url
from referral.surfaces.web.words import money


def show_all() -> str:
    """List people, or those a search finds."""
    asked = request.args.get("q", "").replace("\x00", "")[:200]
    found = lists.people(asked, request.args.get("after"))
    return page(
        "people",
        asked=asked,
        people=found.rows,
        tallies=lists.tallies(found.rows),
        next_url=_address(asked, found.next) if found.next else None,
        first_url=_address(asked, None) if request.args.get("after") else None,
    )


def show(person: str) -> str:
    """Show one person with everything that happened."""
    shown = lists.find_person(person)
    return page(
        "person",
        person=shown,
        links=[(link, clicks, public_url(f"/r/{link.code}")) for link, clicks in links_of(shown)],
        customers=customers_of(shown),
        tally=lists.tallies([shown])[shown.id],
        story=[_told(one) for one in _visits_together(story_of(shown))],
    )


def _address(asked: str, after: str | None) -> str:
    return url_for("console.people", q=asked or None, after=after)


def _visits_together(story: list[Happening]) -> list[Happening]:
    """Tell visits with nothing in between as one, at the time of the newest."""
    told: list[Happening] = []
    for one in story:
        if one.kind == "visit" and told and told[-1].kind == "visit":
            told[-1].facts["times"] = told[-1].facts.get("times", 1) + 1
        else:
            told.append(one)
    return told


def _told(one: Happening) -> dict[str, Any]:
    """Put one happening into words."""
    told = {"at": one.at, **_WORDS[one.kind](one.facts)}
    if one.subject is not None:
        known = {"rwd": "console.reward"}.get(one.subject[:3])
        told["url"] = (
            url_for(known, reward=one.subject)
            if known
            else url_for("console.why", subject=one.subject)
        )
    return told


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
    amount, state = money(facts["amount"]), facts["state"]
    earned = f"for bringing {facts['friend']}" if facts["side"] == "advocate" else "as a new friend"
    if facts["reason"] == "earned":
        return {"title": f"Earned {amount} {earned}", "tone": "info", "icon": "gift"}
    tones = {"granted": "good", "failed": "bad", "denied": "bad", "reversed": "bad"}
    return {
        "title": f"Reward of {amount}: {STATES[state].staff.rstrip('.').lower()}",
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
    title = f"Payment disputed: {facts['outcome']}"
    return {"title": title, "body": facts["external_id"], "icon": "scale", "tone": "bad"}


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
    title = f"{OPERATIONS[facts['operation']]}: {money(facts['amount'])}"
    object_id = f" {facts['object_id']}" if facts["object_id"] else ""
    body = f"{GRANTS[facts['state']]}.{object_id}"
    return {"title": title, "body": body, "icon": "credit-card", "actor": "Stripe"}


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
