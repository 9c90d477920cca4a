"""Signing in: email and password, then the authenticator's code or a recovery code.

Between the two steps there is no session, only a short note in the signed cookie.
"""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from flask import flash, redirect, request, url_for
from flask import session as cookie
from prometheus_client import Counter

from referral.domain.businesses import Actor, Operator, record
from referral.domain.businesses.credentials import check_password, check_totp, use_recovery_code
from referral.domain.businesses.team import memberships_of
from referral.foundation import clock
from referral.foundation.crypto import keyed_hash
from referral.foundation.db import session, transaction
from referral.surfaces.console.door import safe_next
from referral.surfaces.console.frame import card
from referral.surfaces.web import sessions
from referral.surfaces.web.csrf import csrf
from referral.surfaces.web.limits import address_key
from referral.surfaces.web.sessions import VisitorKind

PENDING_LIVES_S = 600
_PENDING = "second_step"
_WRONG = {"email": "Email and password do not belong together. Try again."}
_WRONG_CODE = {"code": "This code is not right, or was used before. Type the one shown now."}
log = structlog.get_logger("referral.console")
_TRIES = Counter("referral_operator_sign_ins_total", "Sign-ins of operators by result", ["result"])


def show() -> Any:
    """Ask for email and password; somebody signed in goes on."""
    back = safe_next(request.args.get("next"))
    if sessions.current_row() is not None:
        return redirect(back, 303)
    return card("sign_in", back=back, email="", errors={})


def try_password() -> Any:
    """Take email and password; whatever is wrong, the answer is the same (S-37)."""
    email = request.form.get("email", "")[:320]
    password = request.form.get("password", "")[:1000]
    back = safe_next(request.form.get("next"))
    if missing := _missing(email, password):
        return card("sign_in", back=back, email=email, errors=missing), 422
    operator = check_password(email, password)
    if operator is None:
        _TRIES.labels("wrong_password").inc()
        log.info("operator_refused", step="password")
        return card("sign_in", back=back, email=email, errors=_WRONG), 422
    cookie.clear()
    until = int(clock.wall_now().timestamp()) + PENDING_LIVES_S
    cookie[_PENDING] = {"operator": operator.id.hex, "until": until, "next": back}
    return redirect(url_for("console.second_step"), 303)


def show_second() -> Any:
    """Ask for the second proof."""
    if _pending() is None:
        return redirect(url_for("console.sign_in"), 303)
    return card("second_step", errors={}, with_recovery="recovery" in request.args)


def try_second() -> Any:
    """Take the second proof and begin the session, with a new id (S-40)."""
    operator, back = _pending(), _back()
    if operator is None:
        return redirect(url_for("console.sign_in"), 303)
    sessions.current_row()
    typed, at = request.form.get("code", "")[:60], clock.now()
    is_recovery = "recovery" in request.form
    with transaction():
        if is_recovery:
            is_right = use_recovery_code(operator, typed, at=at)
        else:
            is_right = check_totp(operator, typed, wall=clock.wall_now())
        if is_right:
            begin_session(operator)
    if not is_right:
        _TRIES.labels("wrong_code").inc()
        log.info("operator_refused", step="code", operator=operator.public_id)
        return card("second_step", errors=_WRONG_CODE, with_recovery=is_recovery), 422
    _TRIES.labels("signed_in").inc()
    if is_recovery:
        flash("A recovery code works once. Make new ones when few are left.", "warning")
    return redirect(back, 303)


@csrf.exempt  # type: ignore[untyped-decorator]
def leave() -> Any:
    """End the session of this browser; without one there is nothing a form could be forged for."""
    if sessions.current_row() is None:
        return redirect(url_for("console.sign_in"), 303)
    csrf.protect()
    with transaction():
        sessions.sign_out(at=clock.now())
    flash("You are signed out.", "success")
    return redirect(url_for("console.sign_in"), 303)


def begin_session(operator: Operator) -> None:
    """Sign an operator in to the first of their businesses; call inside a transaction."""
    at, memberships = clock.now(), memberships_of(operator)
    first = memberships[0].business_id if memberships else None
    sessions.sign_in(VisitorKind.OPERATOR, operator.id, business_id=first, at=at)
    if first is not None:
        by = Actor("operator", operator.name, operator.id)
        record(first, "operator.signed_in", subject=operator.public_id, actor=by, at=at)


def pending_key() -> str:
    """Return who tries a second proof, so that guesses are counted per account."""
    note = cookie.get(_PENDING)
    return f"second {note['operator']}" if isinstance(note, dict) else address_key()


def account_key() -> str:
    """Return which account somebody tries a password of, from which network."""
    email = request.form.get("email", "")[:320].strip().lower()
    return f"{keyed_hash('sign-in limit', email)[:24]} {address_key()}"


def _missing(email: str, password: str) -> dict[str, str]:
    said = {} if email.strip() else {"email": "Type your email."}
    return said if password else {**said, "password": "Type your password."}


def _pending() -> Operator | None:
    note = cookie.get(_PENDING)
    if not isinstance(note, dict) or note["until"] < clock.wall_now().timestamp():
        return None
    return session.get(Operator, uuid.UUID(note["operator"]))


def _back() -> str:
    note = cookie.get(_PENDING)
    return safe_next(note["next"] if isinstance(note, dict) else None)
