"""An operator's own account: name, password, recovery codes, and whom they work for now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash, g, redirect, request, url_for
from sqlalchemy import update

from referral.domain.businesses import Actor, Business, Operator, credentials, record, within
from referral.domain.businesses.staff import rename
from referral.domain.businesses.team import memberships_of
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid, NotFound
from referral.foundation.ids import parse_public_id
from referral.surfaces.console.door import actor
from referral.surfaces.console.frame import card, page
from referral.surfaces.web import sessions
from referral.surfaces.web.sessions import UserSession, VisitorKind

_WRONG_PASSWORD = {"present": "This is not your password."}
_SAME_PASSWORD = {"password": "This is your password already. Nothing was changed."}
_WRONG_CODE = {"code": "This code is not right, or was used before. Type the one shown now."}


def show() -> str:
    """Show the operator's own account."""
    return _page({})


def change_name() -> Any:
    """Take another name; every business the operator works for finds it in its record."""
    operator, by, at = g.operator, actor(), clock.now()
    try:
        with transaction():
            rename(operator, request.form.get("name", "")[:1000])
            if operator.name != by.name:
                _record_name(operator, by, at)
    except Invalid as refusal:
        return _page(refusal.fields, name=request.form.get("name")), 422
    flash(f"You are {operator.name} here now.", "success")
    return redirect(url_for("console.account"), 303)


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


def _record_name(operator: Operator, by: Actor, at: datetime) -> None:
    """Write the change down in one order of businesses, so that two never wait for each other."""
    for business_id in sorted(one.business_id for one in memberships_of(operator)):
        with within(business_id):
            record(
                business_id,
                "operator.renamed",
                subject=operator.public_id,
                actor=by,
                at=at,
                details={"name": [by.name, operator.name]},
            )


def _page(errors: dict[str, str], *, name: str | None = None) -> str:
    return page(
        "account",
        operator=g.operator,
        name=g.operator.name if name is None else name,
        membership=g.membership,
        memberships=memberships_of(g.operator),
        codes_left=credentials.recovery_codes_left(g.operator),
        errors=errors,
    )
