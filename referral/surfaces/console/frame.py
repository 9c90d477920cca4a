"""The frame of the console's pages: whose business it is, and the way between the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, g, render_template, request, url_for
from markupsafe import Markup

from referral.domain.people import Person
from referral.domain.programs import Program
from referral.domain.programs.kinds import CHOOSABLE, FALLBACKS, Kind
from referral.domain.reports.overview import at_a_glance
from referral.foundation import clock
from referral.foundation.errors import Refusal
from referral.surfaces.console.door import may
from referral.surfaces.web.errors import status_of
from referral.surfaces.web.fallbacks import promise_words
from referral.surfaces.web.practice import is_practising
from referral.surfaces.web.promises import offer_words, reward_words
from referral.surfaces.web.reasons import reason_words
from referral.surfaces.web.rules import approval_words, caps_words

_PLACES = (
    ("overview", "Overview", "layout-dashboard", ("overview", "work")),
    (
        "rewards",
        "Rewards",
        "gift",
        ("reward", "approve", "deny", "hold", "release", "retry", "reissue", "take_back"),
    ),
    ("referrals", "Referrals", "heart-handshake", ("why",)),
    ("people", "People", "users", ("person",)),
    ("programs", "Programs", "speakerphone", ("program", "offer", "budget")),
    ("gifts", "Gifts", "ticket", ("gift", "charit", "donations")),
    ("payouts", "Payouts", "cash", ("payout", "debt")),
    ("books", "Books", "scale", ("books", "ledger", "reconciliation")),
    (
        "settings",
        "Settings",
        "settings",
        ("key", "stripe", "stripe_health", "endpoint", "team", "site", "audit", "account"),
    ),
)
WAYS = {
    Kind.ACCOUNT_CREDIT: "Credit on their next bill",
    Kind.STORE_CREDIT: "Store credit",
    Kind.CASH: "Money to their bank account",
    Kind.GIFT: "A gift",
    Kind.CHARITY: "To a charity",
}
"""What somebody may get another way or choose, in words for staff."""


def page(template: str, **shown: Any) -> str:
    """Draw a page of the signed-in operator."""
    glance = at_a_glance(g.business.id)
    return render_template(
        f"console/{template}.html",
        nav=_nav(awaiting=glance.awaiting),
        practice_stripe=glance.is_connected
        and is_practising(is_practice=glance.is_practice, is_live=glance.is_live),
        now=clock.now(),
        may=may,
        offer_words=offer_words,
        fallback_words=promise_words,
        approval_words=approval_words,
        caps_words=caps_words,
        reason_words=reason_words,
        instead=[(kind.value, WAYS[kind]) for kind in FALLBACKS],
        choosable=[(kind.value, WAYS[kind]) for kind in CHOOSABLE],
        reward_words=reward_words,
        person_link=person_link,
        program_link=program_link,
        **shown,
    )


def refused(refusal: Refusal, again: Callable[[], str]) -> tuple[str, int]:
    """Answer a form with the page as it stands now, and what was refused above it."""
    flash(refusal.message, "error")
    return again(), status_of(refusal)


def card(template: str, **shown: Any) -> str:
    """Draw a page for somebody who is not signed in: one card in the middle."""
    return render_template(f"console/{template}.html", **shown)


def person_link(person: Person) -> Markup:
    """Return a person's name as the way to their page."""
    url = url_for("console.person", person=person.public_id)
    return Markup('<a href="{}">{}</a>').format(url, person.shown_name)


def program_link(program: Program) -> Markup:
    """Return a program's name as the way to its page."""
    url = url_for("console.program", program=program.public_id)
    return Markup('<a href="{}">{}</a>').format(url, program.name)


def around() -> dict[str, Any]:
    """Return what every page of the console has around it, its bad news included."""
    known: dict[str, Any] = {**way_home()}
    if "business" in g and g.business is not None and "operator" in g:
        known |= {
            "business_name": g.business.name,
            "operator_name": g.operator.name,
            "sign_out_url": url_for("console.sign_out"),
        }
    return known


def way_home() -> dict[str, str]:
    """Return the way on from bad news below the console's addresses."""
    return {"home_url": url_for("console.overview")}


def _nav(*, awaiting: int) -> list[dict[str, Any]]:
    here = (request.endpoint or "").removeprefix("console.")
    return [
        {
            "label": label,
            "url": url_for(f"console.{name}"),
            "icon": symbol,
            "current": here == name or here.startswith(beginnings),
            "count": awaiting if name == "rewards" else 0,
        }
        for name, label, symbol, beginnings in _PLACES
    ]
