"""The frame of the portal's pages: whose they are, and the way between them."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from referral.domain.businesses import Business
from referral.foundation.db import session

_TABS = (
    ("home", "Share", "heart-handshake", ("home", "hold_up")),
    ("friends", "Friends", "users", ("friends",)),
    ("rewards", "Rewards", "gift", ("rewards", "reward", "payouts")),
    ("account", "Account", "user", ("account",)),
)


def page(template: str, **shown: Any) -> str:
    """Draw a page of the signed-in person."""
    slug = g.business.slug
    return render_template(
        f"portal/{template}.html",
        brand=g.business.name,
        home_url=url_for("portal.home", slug=slug),
        site_url=g.business.site_url,
        person_name=g.person.shown_name,
        sign_out_url=url_for("portal.sign_out", slug=slug),
        practice_stripe=g.is_practice,
        slug=slug,
        nav=[
            {
                "label": label,
                "url": url_for(f"portal.{name}", slug=slug),
                "icon": symbol,
                "current": (request.endpoint or "").removeprefix("portal.") in names,
            }
            for name, label, symbol, names in _TABS
        ],
        **shown,
    )


def card(template: str, **shown: Any) -> str:
    """Draw a page for somebody who is not signed in: one card in the middle."""
    return render_template(
        f"portal/{template}.html",
        brand=g.business.name,
        home_url=url_for("portal.home", slug=g.business.slug),
        site_url=g.business.site_url,
        slug=g.business.slug,
        **shown,
    )


def around_bad_news() -> dict[str, str]:
    """Return whose portal an address lies in and the way to its first page, as far as known."""
    slug = request.path.split("/")[2] if request.path.count("/") > 1 else ""
    try:
        name = session.scalar(select(Business.name).where(Business.slug == slug))
    except SQLAlchemyError:
        session.rollback()
        return {}
    return {"brand": name, "home_url": url_for("portal.home", slug=slug)} if name else {}
