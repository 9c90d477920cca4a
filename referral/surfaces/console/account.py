"""An operator's own account: password, recovery codes, and for which business they work now."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request, url_for
from sqlalchemy import update

from referral.domain.businesses import Business, credentials
from referral.domain.businesses.team import memberships_of
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid, NotFound
from referral.foundation.ids import parse_public_id
from referral.surfaces.console.frame import card, page
from referral.surfaces.web import sessions
from referral.surfaces.web.sessions import UserSession, VisitorKind

_WRONG_PASSWORD = {"present": "This is not your password."}
_SAME_PASSWORD = {"password": "This is your password already. Nothing was changed."}
_WRONG_CODE = {"code": "This code is not right, or was used before. Type the one shown now."}


def show() -> str:
    """Show the operator's own account."""
    return _page({})


def change_password() -> Any:
    """Take a new password; every session ends, and this browser begins a new one (S-42)."""
    operator, at = g.operator, clock.now()
    wanted = request.form.get("password", "")[:1000]
    if not credentials.is_password(operator, request.form.get("present", "")[:1000]):
        return _page(_WRONG_PASSWORD), 422
    if credentials.is_password(operator, wanted):
        return _page(_SAME_PASSWORD), 422
    try:
        with transaction():
            credentials.choose_password(operator, wanted)
            sessions.end_sessions(VisitorKind.OPERATOR, operator.id, at=at)
            sessions.sign_in(VisitorKind.OPERATOR, operator.id, business_id=g.business.id, at=at)
    except Invalid as refusal:
        return _page(refusal.fields), 422
    flash("Your password is changed. You were signed out everywhere else.", "success")
    return redirect(url_for("console.account"), 303)


def renew_codes() -> Any:
    """Make new recovery codes, proved by a fresh code of the authenticator."""
    codes = None
    with transaction():
        typed = request.form.get("code", "")[:40]
        if credentials.check_totp(g.operator, typed, wall=clock.wall_now()):
            codes = credentials.renew_recovery_codes(g.operator)
    if codes is None:
        return _page(_WRONG_CODE), 422
    return card("recovery_codes", codes=codes, is_first=False)


def switch() -> Any:
    """Work for another of the operator's businesses from now on."""
    wanted = parse_public_id(Business.prefix, request.form.get("business", ""))
    if wanted not in {one.business_id for one in memberships_of(g.operator)}:
        raise NotFound
    row = sessions.current_row()
    with transaction():
        session.execute(
            update(UserSession)
            .where(UserSession.id == (row.id if row else None))
            .values(business_id=wanted)
        )
    return redirect(url_for("console.overview"), 303)


def _page(errors: dict[str, str]) -> str:
    return page(
        "account",
        operator=g.operator,
        membership=g.membership,
        memberships=memberships_of(g.operator),
        codes_left=credentials.recovery_codes_left(g.operator),
        errors=errors,
    )
