"""Pages for those who build: the mails of the file outbox, and every piece of the design.

Only in development and tests; anywhere else these addresses do not exist.
"""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, flash, render_template, url_for
from markupsafe import Markup, escape
from sqlalchemy import select

from referral.domain.businesses import Operator
from referral.domain.businesses.credentials import code_now
from referral.foundation import clock
from referral.foundation.db import session
from referral.foundation.errors import NotFound
from referral.surfaces.web.settings import settings

dev = Blueprint("dev", __name__)
_MOST = 100
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")


@dev.get("/dev/outbox")
def outbox() -> str:
    """List the mails that would have been sent, the newest first."""
    files = sorted(_folder().glob("*.eml"), key=lambda file: file.stat().st_mtime, reverse=True)
    mails = [(file.stem, _read(file)) for file in files[:_MOST]]
    return render_template("console/outbox.html", mails=mails, authenticator=_authenticator())


@dev.get("/dev/outbox/<name>")
def mail(name: str) -> str:
    """Show one mail as plain text with its links."""
    file = _folder() / f"{name}.eml"
    if not re.fullmatch(r"[A-Za-z0-9-]{1,100}", name) or not file.is_file():
        raise NotFound
    found = _read(file)
    part = found.get_body(("plain",))
    text = part.get_content() if part is not None else ""
    return render_template("console/mail.html", mail=found, text=_linked(str(text)))


@dev.get("/look")
def look() -> str:
    """Show every piece pages are built from."""
    if settings().is_production:
        raise NotFound
    flash("Saved.", "success")
    return render_template("components/gallery.html", **_sample())


def _authenticator() -> tuple[str, str] | None:
    """Return the demo's operator and the code their authenticator would show now."""
    email = settings().demo_operator
    operator = session.scalar(select(Operator).where(Operator.email == email)) if email else None
    if operator is None or not operator.is_set_up:
        return None
    return operator.email, code_now(operator, wall=clock.wall_now())


def _folder() -> Path:
    chosen = settings()
    parts = urlsplit(chosen.mail_address)
    if chosen.is_production or parts.scheme != "file":
        raise NotFound
    return Path(chosen.mail_address.removeprefix("file:"))


def _read(file: Path) -> EmailMessage:
    from email.policy import default

    found = message_from_bytes(file.read_bytes(), policy=default)
    if not isinstance(found, EmailMessage):
        raise NotFound
    return found


def _linked(text: str) -> Markup:
    """Escape a text and make its addresses followable."""
    pieces, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = found[0].rstrip(".,)")
        pieces += [escape(text[end : found.start()])]
        pieces += [Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(address)]
        end = found.start() + len(address)
    return Markup("").join([*pieces, escape(text[end:])])


def _sample() -> dict[str, Any]:
    home = url_for("dev.look")
    return {
        "at": clock.now(),
        "qr_src": url_for("static", filename="img/mark.svg"),
        "sample": SimpleNamespace(amount_minor=7000, currency="eur"),
        "nav": [
            {"label": "Today", "url": home, "icon": "layout-dashboard", "current": True},
            {"label": "Rewards", "url": home, "icon": "gift", "count": 3},
        ],
        "home_url": home,
        "business_name": "Nordlicht Coffee",
        "operator_name": "Olive Park",
        "sign_out_url": home,
        "practice_stripe": True,
    }
