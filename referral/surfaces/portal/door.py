"""Who stands at the portal's door: the business by its slug, the person by their session."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Response, flash, g, redirect, request, url_for
from sqlalchemy import select

from referral.domain.businesses import Business, StripeConnection, across_businesses
from referral.domain.businesses.ownership import enter
from referral.domain.people import Person
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.surfaces.web.policy import Need
from referral.surfaces.web.practice import is_practising
from referral.surfaces.web.sessions import current_row

_CONTROLS = re.compile(r"[^\x21-\x7e]|\\")


def check_person(need: Need) -> Any:
    """Let a signed-in person of this business in, else lead to the sign-in page.

    Two statements: the session, and the person with their business.
    """
    slug = (request.view_args or {})["slug"]
    row = current_row()
    found = _person(row.subject_id, slug) if row else None
    if found is None:
        enter_business(slug)
        return _to_sign_in(slug)
    g.person, g.business, g.is_practice = found
    enter(g.business.id)
    return None


def enter_business(slug: str) -> Business:
    """Name the business of a public page; raises NotFound."""
    business = session.scalar(select(Business).where(Business.slug == slug))
    if business is None:
        raise NotFound("There is no such business here.")
    enter(business.id)
    g.business = business
    return business


def signed_in_here(business: Business) -> bool:
    """Tell whether this browser is signed in to this business's portal already."""
    row = current_row()
    return row is not None and row.business_id == business.id


def safe_next(text: str | None, slug: str) -> str:
    """Return the address when it lies in this portal, else the portal's first page (S-69)."""
    home = url_for("portal.home", slug=slug)
    if not text or len(text) > 500 or _CONTROLS.search(text):
        return home
    try:
        parts = urlsplit(text)
    except ValueError:
        return home
    inside = parts.path == home or parts.path.startswith(home + "/")
    is_plain = text.startswith(home) and ".." not in parts.path and "//" not in parts.path
    return text if inside and is_plain and not (parts.scheme or parts.netloc) else home


def _person(subject_id: Any, slug: str) -> tuple[Person, Business, bool] | None:
    query = (
        select(Person, Business, StripeConnection.is_practice, StripeConnection.is_live)
        .join(Business, Business.id == Person.business_id)
        .outerjoin(StripeConnection, StripeConnection.business_id == Business.id)
        .where(Person.id == subject_id, Business.slug == slug)
        .execution_options(**across_businesses())
    )
    row = session.execute(query).first()
    if row is None:
        return None
    person, business, is_practice, is_live = row
    is_connected = is_live is not None
    return (
        person,
        business,
        is_connected and is_practising(is_practice=is_practice, is_live=is_live),
    )


def _to_sign_in(slug: str) -> Response:
    """Lead to the sign-in page, and back here afterwards when this was a page."""
    if request.method == "POST":
        flash("You were signed out, nothing was changed.", "warning")
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    wanted = None if back == url_for("portal.home", slug=slug) else back
    return redirect(url_for("portal.sign_in", slug=slug, next=wanted), 303)  # type: ignore[return-value]
