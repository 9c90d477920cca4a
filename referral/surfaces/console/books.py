"""Whether the books are right: the last audit, what it found here, and asking for another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import flash, g, redirect, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from referral.domain.people import Person
from referral.domain.programs import Program
from referral.domain.reports import audits
from referral.domain.reports.auditor.promises import PROMISES
from referral.domain.reports.console_record import subjects
from referral.domain.rewards import Reward
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.surfaces.console.frame import page, person_link, program_link
from referral.surfaces.web.promises import reward_words
from referral.surfaces.web.words import count

SHOWN = 12
WORK = {
    "audit_run": "Checking the books",
    "awaited_rate": "A purchase in another currency",
    "event_poll": "Looking for missed events at Stripe",
    "notice": "A mail",
    "qualification": "A friend to be counted",
    "reconciliation": "Comparing with Stripe",
    "recovery": "Looking at Stripe before anything is sent",
    "stripe_event": "An event from Stripe",
}
"""Work without a page of its own, by the noun an audit calls it."""


@dataclass(frozen=True, slots=True)
class Told:
    """One finding as staff read it: the promise, what is wrong, and where it is."""

    invariant: str
    promise: str
    said: str
    about: str | Markup


def show() -> str:
    """Show the last audit and what it found in this business."""
    at, waiting, recent = clock.now(), audits.open_audit(), audits.recent_audits(SHOWN)
    last = recent[0] if recent else None
    found = audits.findings_of(last) if last else ()
    known = subjects(one.subject for one in found)
    told = [(one.is_violation, _told(one, known)) for one in found]
    return page(
        "books",
        last=last,
        recent=recent,
        waiting=waiting,
        is_under_way=waiting is not None and _is_under_way(waiting, at),
        is_old=_since(last) + audits.OVERDUE < at,
        wrong=[one for is_violation, one in told if is_violation],
        late=[one for is_violation, one in told if not is_violation],
        promises=PROMISES,
        took_words=took_words,
    )


def audit_now() -> Response:
    """Have the books audited as soon as a worker is free."""
    at = clock.now()
    with transaction():
        audits.audit_soon(at=at)
    flash("The books are checked as soon as a worker is free.", "success")
    return redirect(url_for("console.books"), 303)


def needs(at: datetime) -> list[dict[str, object]]:
    """List what the overview has to say of the books: errors, or that nobody has looked."""
    last = audits.last_audit()
    wrong = sum(one.is_violation for one in audits.findings_of(last)) if last else 0
    hours = int((at - _since(last)) / audits.EVERY)
    lines = []
    if wrong:
        words = "thing is wrong in the books" if wrong == 1 else "things are wrong in the books"
        lines.append({"number": wrong, "words": words, "icon": "alert-triangle"})
    if _since(last) + audits.OVERDUE < at:
        words = "hours since the books were last checked. Does the worker run?"
        lines.append({"number": hours, "words": words, "icon": "clock"})
    return [{**line, "url": url_for("console.books")} for line in lines]


def _since(last: audits.AuditRun | None) -> datetime:
    """Return when the books were checked last; a business that is new has waited since it began."""
    began_at: datetime = g.business.created_at
    return max(last.ended_at, began_at) if last and last.ended_at else began_at


def _is_under_way(run: audits.AuditRun, at: datetime) -> bool:
    return run.lease_until is not None and run.lease_until > at


def _told(found: audits.AuditFinding, known: dict[str, object]) -> Told:
    promise = PROMISES.get(found.invariant, "Work is done in time.")
    return Told(found.invariant, promise, found.said, _about(found.subject, known))


def _about(text: str, known: dict[str, object]) -> str | Markup:
    """Name what a finding is about, and lead to its page where it has one."""
    subject = known.get(text)
    if isinstance(subject, Reward):
        words = f"{reward_words(subject)} for {subject.person.shown_name}"
        url = url_for("console.reward", reward=subject.public_id)
        return Markup('<a href="{}">{}</a>').format(url, words)
    if isinstance(subject, Person):
        return person_link(subject)
    if isinstance(subject, Program):
        return program_link(subject)
    noun, _, _ = text.partition(" ")
    return WORK.get(noun, text)


def took_words(run: audits.AuditRun) -> str:
    """Say how long an audit took."""
    seconds = run.took.total_seconds()
    return "under a second" if seconds < 1 else count(round(seconds), "second")
