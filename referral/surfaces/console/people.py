"""People: found by whatever is at hand, and one with everything that happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import flash, g, redirect, request, url_for

from referral.domain import journey
from referral.domain.businesses import record
from referral.domain.people import Person
from referral.domain.programs import find_program
from referral.domain.programs.programs import ProgramNotOpen
from referral.domain.reports import console as lists
from referral.domain.reports.credit import changes_of, credit_of
from referral.domain.reports.story import Place, customers_of, links_of, story_of
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import NotFound
from referral.surfaces.console.door import actor
from referral.surfaces.console.frame import page
from referral.surfaces.console.happenings import changed, told, visits_together
from referral.surfaces.web.settings import public_url

_CHANGES = 25
_LONGEST_TOLD = 6


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
    """Show one person with everything that happened, a page of it at a time."""
    return person_page(lists.find_person(person), {}, {}, place=_asked_place())


def person_page(
    shown: Person,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    place: Place | None = None,
) -> str:
    """Draw one person's page, with what was typed into the form for their credit."""
    story = story_of(shown, place=place)
    links = links_of(shown)
    linked = {link.program_id for link, _ in links}
    return page(
        "person",
        person=shown,
        links=[(link, clicks, public_url(f"/r/{link.code}")) for link, clicks in links],
        unlinked=[one for one in lists.programs() if one.is_open and one.id not in linked],
        customers=customers_of(shown),
        tally=lists.tallies([shown])[shown.id],
        credit=credit_of(shown.id, at=clock.now()),
        changes=[changed(one) for one in changes_of(shown.id, limit=_CHANGES)],
        typed=typed,
        errors=errors,
        story=[told(one) for one in visits_together(story.happenings)],
        next_url=_story_address(shown, story.next) if story.next else None,
        first_url=_story_address(shown, None) if place else None,
    )


def give_link(person: str) -> Any:
    """Give a person their link in a running program; repeating it makes no second one."""
    shown, at = lists.find_person(person), clock.now()
    program = find_program(g.business.id, request.form.get("program", ""))
    try:
        with transaction():
            link = journey.enroll(shown, program, at=at)
            if link.created_at == at:
                record(
                    g.business.id,
                    "link.given",
                    subject=shown.public_id,
                    actor=actor(),
                    at=at,
                    details={"program": program.name},
                )
    except ProgramNotOpen:
        flash(f"{program.name} is not open, so nobody gets a link in it now.", "error")
        return redirect(url_for("console.person", person=shown.public_id), 303)
    flash(f"{shown.shown_name} has a link in {program.name}: {link.spoken_code}.", "success")
    return redirect(url_for("console.person", person=shown.public_id), 303)


def _asked_place() -> Place | None:
    """Read where a page of somebody's story begins; raises NotFound."""
    text, told = request.args.get("at"), request.args.get("told", "0")
    if not text:
        return None
    if not (told.isascii() and told.isdigit() and len(told) <= _LONGEST_TOLD):
        raise NotFound
    try:
        return Place(datetime.fromisoformat(text).astimezone(UTC), int(told))
    except (ValueError, OverflowError):
        raise NotFound from None


def _story_address(shown: Person, place: Place | None) -> str:
    return url_for(
        "console.person",
        person=shown.public_id,
        at=place.at.isoformat() if place else None,
        told=place.told or None if place else None,
        _anchor="story",
    )


def _address(asked: str, after: str | None) -> str:
    return url_for("console.people", q=asked or None, after=after)
