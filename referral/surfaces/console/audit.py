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
from referral.domain.rewards import Redemption, Reward
from referral.domain.rewards.charities import Charity
from referral.domain.rewards.gift_stock import GiftStock
from referral.foundation.db import session
from referral.surfaces.console.frame import page, person_link, program_link
from referral.surfaces.console.record_words import details_words, what_words
from referral.surfaces.web.promises import reward_words

PAGE = 50


def show() -> str:
    """List the record, by its running number."""
    query = select(AuditEntry).order_by(AuditEntry.number.desc()).limit(PAGE + 1)
    before = request.args.get("after", "")
    if before.isascii() and before.isdigit() and len(before) < 10:
        query = query.where(AuditEntry.number < int(before))
    rows = session.scalars(query).all()
    shown = rows[:PAGE]
    last = shown[-1].number if len(rows) > PAGE else None
    known = subjects(
        text for one in shown for text in (one.subject, *map(str, one.details.values()))
    )
    return page(
        "audit",
        entries=[_told(entry, known) for entry in shown],
        next_url=url_for("console.audit", after=last) if last else None,
        first_url=url_for("console.audit") if before else None,
    )


def _told(entry: AuditEntry, known: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": entry.number,
        "what": what_words(entry),
        "who": entry.actor_name,
        "about": _about(entry, known),
        "details": details_words(entry, _known_by(entry, known), currency=_currency(entry, known)),
        "at": entry.at,
    }


def _named(entry: AuditEntry) -> tuple[str, str, str]:
    """Return every id of ours that an entry names."""
    return entry.subject, _detail(entry, "program"), _detail(entry, "redemption")


def _detail(entry: AuditEntry, name: str) -> str:
    return str(entry.details.get(name, ""))


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
    if isinstance(subject, Offer) and _detail(entry, "program") in known:
        return program_link(known[_detail(entry, "program")])
    if isinstance(subject, GiftStock):
        return _link(url_for("console.gift_stock", stock=subject.public_id), subject.name)
    if isinstance(subject, Charity):
        return _link(url_for("console.charities", _anchor=subject.public_id), subject.name)
    if entry.action == "rate.told":
        return _link(url_for("console.rates"), "Exchange rates")
    if isinstance(subject, Operator):
        return _link(url_for("console.team"), subject.name)
    if entry.action.startswith("work."):
        return _link(url_for("console.work"), "Given-up work")
    return g.business.name if entry.subject == g.business.public_id else entry.subject


def _link(url: str, words: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url, words)


def _known_by(entry: AuditEntry, known: dict[str, Any]) -> dict[str, str]:
    """Return the business's own word for what an entry names by our id."""
    spent = known.get(_detail(entry, "redemption"))
    return {"reference": spent.external_id} if isinstance(spent, Redemption) else {}


def _currency(entry: AuditEntry, known: dict[str, Any]) -> str:
    subject = known.get(entry.subject)
    return str(subject.currency if isinstance(subject, Program) else g.business.currency)
