"""The first page: what both sides get, the link to share, and the people who came by it."""

from __future__ import annotations

from datetime import datetime

from flask import g, request

from referral.domain import journey
from referral.domain.people import Person
from referral.domain.programs import current_offers
from referral.domain.reports.friends import friends_of, tally_of
from referral.domain.reports.portal import Part, own_link, parts_of
from referral.foundation import clock
from referral.foundation.calendar import day_of
from referral.foundation.db import transaction
from referral.surfaces.portal.pages import page
from referral.surfaces.portal.progress import progress_of
from referral.surfaces.portal.sharing import sharing
from referral.surfaces.web.settings import public_url

_FRIENDS_SHOWN = 5


def show(slug: str) -> str:
    """Show a person's link and how their friends are getting on; six statements when warm."""
    person, at = g.person, clock.now()
    parts = _parts(person, at=at)
    chosen = _chosen(parts, request.args.get("program"))
    offers = current_offers(chosen.program.id) if chosen else {}
    friends = friends_of(person.id, limit=_FRIENDS_SHOWN)
    return page(
        "home",
        person=person,
        sharing=sharing(chosen, offers, brand=g.business.name, slug=slug) if chosen else None,
        programs=[part.program for part in parts],
        friends=progress_of(friends, at=at),
        tally=tally_of(person.id, at=at),
    )


def hold_up(slug: str, code: str) -> str:
    """Show the QR alone, to hold up to a friend."""
    link = own_link(g.person.id, code)
    return page("hold_up", link=link, url=public_url(f"/r/{link.code}"))


def _parts(person: Person, *, at: datetime) -> list[Part]:
    """List a person's programs; in an open one they get their link the first time they look."""
    day = day_of(at, g.business.time_zone)
    parts = parts_of(person, day=day)
    missing = [part.program for part in parts if part.link is None]
    if not missing:
        return parts
    with transaction():
        for program in missing:
            journey.enroll(person, program, at=at)
    return parts_of(person, day=day)


def _chosen(parts: list[Part], asked: str | None) -> Part | None:
    """Return the program somebody asked to see, else the first."""
    named = next((part for part in parts if part.program.public_id == asked), None)
    return named or next(iter(parts), None)
