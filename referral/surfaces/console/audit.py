"""The record of who did what: append only, chained, the newest first."""

from __future__ import annotations

from typing import Any

from flask import g, request, url_for
from markupsafe import Markup
from sqlalchemy import select

from referral.domain.businesses import AuditEntry, Operator
from referral.domain.people import Person
from referral.domain.programs import Offer, Program
from referral.domain.reports.console_record import subjects
from referral.domain.rewards import Reward
from referral.foundation.db import session
from referral.surfaces.console.frame import page, person_link, program_link
from referral.surfaces.web.promises import reward_words
from referral.surfaces.web.words import money

PAGE = 50
ACTIONS = {
    "books.exported": "Downloaded from the books",
    "budget.set": "Changed a budget",
    "business.created": "Created the business",
    "charity.added": "Added a charity",
    "charity.changed": "Changed a charity",
    "charity.paid": "Marked donations as paid",
    "gift.confirmed": "Said what became of a gift",
    "gift_codes.imported": "Added gift codes",
    "gift_server.removed": "Removed the gift server",
    "gift_server.secret_made": "Made a new signing secret for gifts",
    "gift_server.set": "Changed the gift server",
    "gift_stock.edited": "Changed when a stock counts as low",
    "gift_stock.opened": "Opened a stock of gift codes",
    "key.issued": "Made an API key",
    "key.revoked": "Revoked an API key",
    "link.given": "Gave somebody a link",
    "credit.redeemed": "Took somebody's store credit",
    "credit.reversed": "Gave store credit back",
    "member.invited": "Invited a member",
    "member.removed": "Took somebody off the team",
    "member.role_changed": "Changed a role",
    "offer.published": "Published an offer",
    "operator.renamed": "Changed their name",
    "operator.reset": "Had a sign-in set up anew",
    "operator.signed_in": "Signed in",
    "program.created": "Opened a program",
    "program.edited": "Edited a program",
    "program.moved": "Paused, resumed or closed a program",
    "rate.imported": "Imported exchange rates",
    "rate.told": "Entered an exchange rate",
    "form.on_file": "Put a tax form on file",
    "debt.forgiven": "Forgave a debt",
    "reward.approved": "Approved a reward",
    "reward.approved_by_one": "Approved a reward, one of two",
    "reward.chosen": "Chose how a reward is given",
    "reward.denied": "Denied a reward",
    "reward.extended": "Gave longer to take a reward",
    "reward.held": "Put a reward on hold",
    "reward.released": "Released a reward",
    "reward.retried": "Tried a waiting reward again",
    "reward.taken_back": "Took a given reward back",
    "reward.reissued": "Issued a failed reward again",
    "site.added": "Added a site",
    "site.removed": "Removed a site",
    "business.time_zone_set": "Said where days begin",
    "stripe.connected": "Connected Stripe",
    "recovering.began": "Had Stripe looked at before anything is sent",
    "recovering.ended": "Ended looking at Stripe first",
    "work.retried": "Tried given-up work again",
}
_MOVED = {
    "active": "Resumed a program",
    "closed": "Closed a program for good",
    "paused": "Paused a program",
}
_NAMES = {
    "account": "Account at Stripe",
    "approval": "Approval",
    "automatic_below": "Approved by itself below",
    "budget_minor": "Budget",
    "click_window_days": "Click window in days",
    "day_cap": "For one person a day",
    "expire_days": "Unclaimed rewards expire in days",
    "codes": "Codes",
    "donations": "Donations",
    "file": "File",
    "hold_days": "Hold in days",
    "household_cap": "For one household",
    "is_live": "Mode",
    "kind": "Kind",
    "landing_url": "Landing page",
    "last_four": "Key ends in",
    "month_cap": "For one person a month",
    "low_at": "Low from",
    "name": "Name",
    "origin": "Site",
    "program": "Program",
    "qualify_window_days": "Qualifying window in days",
    "reason": "Reason",
    "reference": "Reference",
    "role": "Role",
    "second_person_from": "Two people from",
    "number": "How many",
    "rate": "Rate",
    "day": "Day",
    "source": "Source",
    "side": "For",
    "state": "State",
    "status": "What became of it",
    "time_zone": "Time zone",
    "touch_rule": "Among equals",
    "url": "Address",
    "version": "Version",
}
_VALUES = {
    ("account", ""): "not told by Stripe",
    ("approval", "automatic"): "automatic",
    ("approval", "staff"): "by the team",
    ("is_live", "True"): "live",
    ("is_live", "False"): "test",
    ("kind", "publishable"): "for the widget",
    ("kind", "secret"): "for servers",
    ("side", "advocate"): "the advocate",
    ("side", "friend"): "the friend",
    ("state", "active"): "open",
    ("status", "fulfilled"): "given",
    ("status", "refused"): "not given",
    ("touch_rule", "first"): "the first counts",
    ("touch_rule", "last"): "the last counts",
}
_PLAIN = {
    "budget": ("currency",),
    "member": ("name",),
    "offer": ("program",),
    "reward": ("state",),
}
"""What an entry's action or subject says already, by the noun of its action."""


def show() -> str:
    """List the record, by its running number."""
    query = select(AuditEntry).order_by(AuditEntry.number.desc()).limit(PAGE + 1)
    before = request.args.get("after", "")
    if before.isascii() and before.isdigit() and len(before) < 10:
        query = query.where(AuditEntry.number < int(before))
    rows = session.scalars(query).all()
    shown = rows[:PAGE]
    last = shown[-1].number if len(rows) > PAGE else None
    known = subjects([*(one.subject for one in shown), *(_program_of(one) for one in shown)])
    return page(
        "audit",
        entries=[_told(entry, known) for entry in shown],
        next_url=url_for("console.audit", after=last) if last else None,
        first_url=url_for("console.audit") if before else None,
    )


def _told(entry: AuditEntry, known: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": entry.number,
        "what": _what(entry),
        "who": entry.actor_name,
        "about": _about(entry, known),
        "details": _details(entry),
        "at": entry.at,
    }


def _what(entry: AuditEntry) -> str:
    """Say what was done; of a program that moved, where to."""
    if entry.action == "program.moved" and isinstance(states := entry.details.get("state"), list):
        return _MOVED.get(states[-1], ACTIONS[entry.action])
    return ACTIONS.get(entry.action, entry.action)


def _program_of(entry: AuditEntry) -> str:
    return str(entry.details.get("program", ""))


def _about(entry: AuditEntry, known: dict[str, Any]) -> str | Markup:
    """Name what an entry is about, and lead to its page where it has one."""
    subject = known.get(entry.subject)
    if isinstance(subject, Reward):
        words = f"{reward_words(subject)} for {subject.person.shown_name}"
        return _link(url_for("console.reward", reward=subject.public_id), words)
    if isinstance(subject, Person):
        return person_link(subject)
    if isinstance(subject, Program):
        return program_link(subject)
    if isinstance(subject, Offer) and _program_of(entry) in known:
        return program_link(known[_program_of(entry)])
    if isinstance(subject, Operator):
        return _link(url_for("console.team"), subject.name)
    if entry.action.startswith("work."):
        return _link(url_for("console.work"), "Given-up work")
    return g.business.name if entry.subject == g.business.public_id else entry.subject


def _link(url: str, words: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url, words)


def _details(entry: AuditEntry) -> str:
    """Write the details of an entry as one line, in one order whichever database kept them."""
    plain = _PLAIN.get(entry.action.partition(".")[0], ())
    currency = str(entry.details.get("currency") or g.business.currency)
    return " · ".join(
        f"{_NAMES.get(name, name)}: {_change(name, value, currency)}"
        for name, value in sorted(entry.details.items())
        if name not in plain
    )


def _change(name: str, value: object, currency: str) -> str:
    if isinstance(value, list) and len(value) == 2:
        before, after = (_value(name, one, currency) for one in value)
        return f"{before} → {after}"
    return _value(name, value, currency)


def _value(name: str, value: object, currency: str) -> str:
    if name == "budget_minor":
        return money(value, currency) if isinstance(value, int) else "no limit"
    text = "" if value is None else str(value)
    return _VALUES.get((name, text), text or "nothing")
