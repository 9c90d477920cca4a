"""Who stands at the console's door: an operator by their session, and their role in a business."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from flask import flash, g, redirect, request, url_for

from referral.domain.businesses import Actor, Membership, Role
from referral.domain.businesses.ownership import enter
from referral.domain.reports.staff import membership_at_work
from referral.foundation.errors import NotAllowed
from referral.surfaces.web.policy import Need, declared
from referral.surfaces.web.sessions import current_row

_CONTROLS = re.compile(r"[^\x21-\x7e]|\\")


def check_operator(need: Need) -> Any:
    """Let an operator in whose role the route allows; the role is read afresh for every request."""
    row = current_row()
    if row is None:
        return _to_sign_in()
    membership = membership_at_work(row.subject_id, row.business_id)
    if membership is None:
        raise NotAllowed(
            "You are not on the team of any business here. Ask an owner to invite you."
        )
    g.operator, g.membership = membership.operator, membership
    g.business = membership.business
    enter(g.business.id)
    if Role(membership.role) not in need.roles:
        raise NotAllowed(_too_little(membership))
    return None


def actor() -> Actor:
    """Return the operator at work as what they do is written down."""
    return Actor("operator", g.operator.name, g.operator.id)


def may(endpoint: str) -> bool:
    """Tell whether the operator's role allows a route of this surface."""
    return Role(g.membership.role) in declared()[f"console.{endpoint}"].roles


def safe_next(text: str | None) -> str:
    """Return the address when it lies in the console, else its first page (S-69)."""
    home = url_for("console.overview")
    if not text or len(text) > 500 or _CONTROLS.search(text):
        return home
    try:
        parts = urlsplit(text)
    except ValueError:
        return home
    inside = parts.path == home or parts.path.startswith(home + "/")
    if parts.scheme or parts.netloc or not inside or ".." in parts.path or "//" in parts.path:
        return home
    return text


def _to_sign_in() -> Any:
    """Lead to the sign-in page, and back here afterwards when this was a page."""
    if request.method not in ("GET", "HEAD"):
        flash("You were signed out, nothing was changed.", "warning")
        return redirect(url_for("console.sign_in"), 303)
    back = request.full_path.rstrip("?")
    wanted = None if back == url_for("console.overview") else back
    return redirect(url_for("console.sign_in", next=wanted), 303)


def _too_little(membership: Membership) -> str:
    return (
        f"You are {membership.role} at {membership.business.name}, and that role does not include"
        " this. An owner can change it."
    )
