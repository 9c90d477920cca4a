"""Signed-in visitors as rows: the cookie holds a random id, the table who it is and until when.

The portal and the console each have a cookie of their own, so that one person may be signed in
to both; signing out, or ending a row, ends the session at once (S-40 to S-45).
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from enum import StrEnum

from flask import Flask, g, request
from flask import session as cookie
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin, login_user, logout_user
from sqlalchemy import Index, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from referral.foundation import clock
from referral.foundation.crypto import plain_hash, random_token
from referral.foundation.db import (
    Key,
    Model,
    Moment,
    Short,
    UTCDateTime,
    one_of,
    session,
    transaction,
)


class VisitorKind(StrEnum):
    """Which surface somebody is signed in to."""

    PERSON = "person"
    OPERATOR = "operator"


IDLE = {VisitorKind.PERSON: timedelta(days=14), VisitorKind.OPERATOR: timedelta(minutes=30)}
LONGEST = {VisitorKind.PERSON: timedelta(days=90), VisitorKind.OPERATOR: timedelta(hours=12)}
_SEEN_EVERY = timedelta(minutes=1)


class UserSession(Model):
    """One signed-in browser; `subject_id` is the person or operator."""

    __table_args__ = (one_of("kind", VisitorKind), Index(None, "kind", "subject_id"))

    id: Mapped[Key]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[Short]
    subject_id: Mapped[uuid.UUID]
    business_id: Mapped[uuid.UUID | None]
    device: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[Moment]
    seen_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=None)


class SignedIn(UserMixin):  # type: ignore[misc]
    """The visitor as Flask-Login sees them: the raw session id is their id."""

    def __init__(self, raw: str, row: UserSession) -> None:
        self.raw = raw
        self.row = row

    def get_id(self) -> str:
        """Return the raw session id, which goes into the signed cookie."""
        return self.raw


class _CookiePerSurface(SecureCookieSessionInterface):
    """One cookie for the console, one for everything else, each as strict as it can be (S-44)."""

    def get_cookie_name(self, app: Flask) -> str:
        name = "console" if _is_console() else "portal"
        return f"__Host-{name}" if self.get_cookie_secure(app) else name

    def get_cookie_samesite(self, app: Flask) -> str:
        return "Strict" if _is_console() else "Lax"

    def get_cookie_secure(self, app: Flask) -> bool:
        return bool(app.extensions["settings"].is_https)


login_manager = LoginManager()


def add_sessions(app: Flask) -> None:
    """Keep sessions as rows and cookies per surface."""
    app.session_interface = _CookiePerSurface()
    login_manager.init_app(app)
    login_manager.session_protection = None


def sign_in(
    kind: VisitorKind, subject_id: uuid.UUID, *, business_id: uuid.UUID | None, at: datetime
) -> UserSession:
    """Begin a new session with a new id (S-40); call inside a transaction."""
    raw = random_token()
    row = UserSession(
        digest=plain_hash(raw),
        kind=kind,
        subject_id=subject_id,
        business_id=business_id,
        device=(request.user_agent.string or "")[:120],
        created_at=at,
        seen_at=at,
        expires_at=at + LONGEST[kind],
    )
    session.add(row)
    session.flush()
    cookie.clear()
    login_user(SignedIn(raw, row))
    return row


def sign_out(*, at: datetime) -> None:
    """End this browser's session; call inside a transaction."""
    row = current_row()
    if row is not None:
        session.execute(update(UserSession).where(UserSession.id == row.id).values(ended_at=at))
    logout_user()
    cookie.clear()


def end_sessions(kind: VisitorKind, subject_id: uuid.UUID, *, at: datetime) -> None:
    """End every session of somebody, as when their address or password changes (S-42)."""
    session.execute(
        update(UserSession)
        .where(UserSession.kind == kind, UserSession.subject_id == subject_id)
        .where(UserSession.ended_at.is_(None))
        .values(ended_at=at)
    )


def current_row() -> UserSession | None:
    """Return the live session of this request, noting once a minute that it was seen."""
    if "session_row" not in g:
        g.session_row = _load(cookie.get("_user_id"))
    row: UserSession | None = g.session_row
    return row


@login_manager.user_loader  # type: ignore[untyped-decorator]
def _signed_in(raw: str) -> SignedIn | None:
    row = current_row()
    return SignedIn(raw, row) if row else None


def _load(raw: object) -> UserSession | None:
    if not isinstance(raw, str) or len(raw) > 100:
        return None
    now = clock.now()
    row = session.scalar(select(UserSession).where(UserSession.digest == plain_hash(raw)))
    if row is None or row.ended_at is not None or now >= row.expires_at:
        return None
    kind = VisitorKind(row.kind)
    if now >= row.seen_at + IDLE[kind] or (kind is VisitorKind.OPERATOR) != _is_console():
        return None
    if now >= row.seen_at + _SEEN_EVERY:
        with transaction():
            session.execute(update(UserSession).where(UserSession.id == row.id).values(seen_at=now))
    return row


def _is_console() -> bool:
    return request.path == "/console" or request.path.startswith("/console/")
