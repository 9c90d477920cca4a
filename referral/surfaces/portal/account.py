"""A person's own account: where they are signed in, and how to sign out."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, url_for
from sqlalchemy import select

from referral.domain.reports.payouts import is_paid_in_money
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.surfaces.portal.pages import page
from referral.surfaces.portal.visitors import device_words
from referral.surfaces.web.sessions import (
    IDLE,
    UserSession,
    VisitorKind,
    current_row,
    end_sessions,
    sign_out,
)

_MOST_SHOWN = 20


def show(slug: str) -> str:
    """Show who is signed in, and where."""
    now = clock.now()
    query = (
        select(UserSession)
        .where(UserSession.kind == VisitorKind.PERSON, UserSession.subject_id == g.person.id)
        .where(UserSession.ended_at.is_(None), UserSession.expires_at > now)
        .where(UserSession.seen_at > now - IDLE[VisitorKind.PERSON])
        .order_by(UserSession.seen_at.desc())
        .limit(_MOST_SHOWN)
    )
    here = current_row()
    places = [
        {
            "device": device_words(row.device),
            "since": row.created_at,
            "seen": row.seen_at,
            "is_here": here is not None and row.id == here.id,
        }
        for row in session.scalars(query)
    ]
    is_paid = is_paid_in_money(g.person.id)
    return page("account", person=g.person, places=places, now=now, is_paid=is_paid)


def leave(slug: str) -> Any:
    """Sign this browser out."""
    with transaction():
        sign_out(at=clock.now())
    flash("You are signed out.", "success")
    return redirect(url_for("portal.sign_in", slug=slug), 303)


def leave_all(slug: str) -> Any:
    """Sign every browser of this person out, this one too (S-42)."""
    at = clock.now()
    with transaction():
        end_sessions(VisitorKind.PERSON, g.person.id, at=at)
        sign_out(at=at)
    flash("You are signed out everywhere.", "success")
    return redirect(url_for("portal.sign_in", slug=slug), 303)
