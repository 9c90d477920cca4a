"""Everybody a person sent, the newest first: a first name, how far they have come, and why."""

from __future__ import annotations

from flask import g, request, url_for

from referral.domain.reports.friends import friends_of, tally_of
from referral.foundation import clock
from referral.surfaces.portal.pages import page
from referral.surfaces.portal.progress import progress_of

_PAGE = 20


def show(slug: str) -> str:
    """Show a page of friends."""
    at, after = clock.now(), request.args.get("after")
    found = friends_of(g.person.id, limit=_PAGE + 1, after=after)
    shown = found[:_PAGE]
    last = shown[-1].referral.public_id if len(found) > _PAGE else None
    return page(
        "friends",
        friends=progress_of(shown, at=at),
        tally=tally_of(g.person.id, at=at),
        next_url=url_for("portal.friends", slug=slug, after=last) if last else None,
        first_url=url_for("portal.friends", slug=slug) if after else None,
    )
