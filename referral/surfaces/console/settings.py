"""Settings: the business with its sites; the other settings hang off this page."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, g, redirect, request, url_for
from sqlalchemy import select

from referral.domain.businesses import Site, add_site, record
from referral.domain.businesses.businesses import set_time_zone
from referral.domain.businesses.sites import remove_site
from referral.foundation import clock
from referral.foundation.calendar import zones
from referral.foundation.db import session, transaction
from referral.foundation.errors import Conflict, Invalid, NotFound
from referral.surfaces.console.door import actor
from referral.surfaces.console.frame import page, refused
from referral.surfaces.web.settings import public_url


def show() -> str:
    """Show the business and its sites."""
    return _page("", {})


def add() -> Any:
    """Add a site the business speaks from."""
    at, typed = clock.now(), request.form.get("site_url", "")[:2000]
    try:
        with transaction():
            site = add_site(g.business, typed, at=at)
            _write("site.added", site, at)
    except Invalid as refusal:
        return _page(typed, refusal.fields), 422
    flash(f"{site.origin} may use the widget now.", "success")
    return redirect(url_for("console.settings"), 303)


def change_time_zone() -> Any:
    """Say where the business's days and months begin."""
    at, typed = clock.now(), request.form.get("time_zone", "")[:60]
    before = g.business.time_zone
    try:
        with transaction():
            set_time_zone(g.business, typed)
            record(
                g.business.id,
                "business.time_zone_set",
                subject=g.business.public_id,
                actor=actor(),
                at=at,
                details={"time_zone": [before, g.business.time_zone]},
            )
    except Invalid as refusal:
        return _page("", refusal.fields, time_zone=typed), 422
    flash(f"Days and months begin when they do in {g.business.time_zone}.", "success")
    return redirect(url_for("console.settings"), 303)


def remove(site: uuid.UUID) -> Any:
    """Remove a site; the widget stops answering there."""
    shown = session.scalar(select(Site).where(Site.id == site))
    if shown is None:
        raise NotFound
    try:
        with transaction():
            remove_site(g.business, shown)
            _write("site.removed", shown, clock.now())
    except Conflict as refusal:
        return refused(refusal, show)
    flash(f"{shown.origin} is no longer one of your sites.", "success")
    return redirect(url_for("console.settings"), 303)


def _write(action: str, site: Site, at: Any) -> None:
    subject = g.business.public_id
    details = {"origin": site.origin}
    record(g.business.id, action, subject=subject, actor=actor(), at=at, details=details)


def _page(typed: str, errors: dict[str, str], *, time_zone: str | None = None) -> str:
    return page(
        "settings",
        business=g.business,
        sites=session.scalars(select(Site).order_by(Site.id)).all(),
        portal_url=public_url(f"/portal/{g.business.slug}"),
        typed={"site_url": typed, "time_zone": time_zone or g.business.time_zone},
        zones=[(zone, zone.replace("_", " ")) for zone in zones()],
        errors=errors,
    )
