"""The first sign-in: a password, an authenticator, and the recovery codes shown once.

The link is used up by finishing, not by being opened (S-29).
"""

from __future__ import annotations

import base64
from typing import Any

from flask import make_response, redirect, request, url_for

from referral.domain.businesses import Operator, credentials
from referral.domain.businesses.credentials import SetupEnd
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import Gone, Invalid
from referral.surfaces.console.frame import card
from referral.surfaces.console.sign_in import begin_session
from referral.surfaces.web import sessions
from referral.surfaces.web.qr import draw

_WHY = {
    SetupEnd.UNKNOWN: "This link is not one of ours. Open it from the mail, or copy it whole.",
    SetupEnd.DONE: "You have set up your sign-in already: sign in with your password.",
    SetupEnd.RESET: "Your sign-in was reset after this link was made. Use the newer link.",
    SetupEnd.OLD: "This link is more than seven days old. Ask whoever invited you for a new one.",
}


class SetupEnded(Gone):
    """The link opens nothing any more; whoever holds it reads why."""

    code = "setup_ended"
    message = _WHY[SetupEnd.UNKNOWN]


def show_password(token: str) -> Any:
    """Ask for a password."""
    return _unreferred(card("setup_password", operator=_operator(token), errors={}))


def choose_password(token: str) -> Any:
    """Take the password and go on to the authenticator."""
    operator = _operator(token)
    try:
        with transaction():
            credentials.choose_password(operator, request.form.get("password", "")[:1000])
    except Invalid as refusal:
        operator = _operator(token)
        page = card("setup_password", operator=operator, errors=refusal.fields)
        return _unreferred(page, 422)
    return redirect(url_for("console.setup_authenticator", token=token), 303)


def show_authenticator(token: str) -> Any:
    """Show the secret as a QR code and as text, and ask for a first code."""
    operator = _operator(token)
    if operator.password_digest is None:
        return redirect(url_for("console.setup", token=token), 303)
    return _unreferred(_authenticator(operator, {}))


def confirm_authenticator(token: str) -> Any:
    """Take the first code, sign in, and show the recovery codes once."""
    operator = _operator(token)
    if operator.password_digest is None or operator.sealed_totp is None:
        return redirect(url_for("console.setup", token=token), 303)
    sessions.current_row()
    typed = request.form.get("code", "")[:40]
    try:
        with transaction():
            codes = credentials.confirm_totp(operator, typed, wall=clock.wall_now(), at=clock.now())
            begin_session(operator)
    except Invalid as refusal:
        return _unreferred(_authenticator(_operator(token), refusal.fields), 422)
    return _unreferred(card("recovery_codes", codes=codes, is_first=True))


def _operator(token: str) -> Operator:
    operator = credentials.operator_of_setup_token(token[:100], at=clock.now())
    if operator is None:
        raise SetupEnded(_WHY[credentials.why_setup_ended(token[:100])])
    return operator


def _authenticator(operator: Operator, errors: dict[str, str]) -> str:
    with transaction():
        secret = credentials.begin_totp(operator)
    return card(
        "setup_authenticator",
        qr_src=_picture(credentials.totp_address(operator)),
        secret=" ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
        errors=errors,
    )


def _picture(text: str) -> str:
    """Draw a QR code as an address that needs no request, so that no cache keeps the secret."""
    path, size = draw(text)
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path stroke="#000" d="{path}"/></svg>'
    )
    return "data:image/svg+xml;base64," + base64.b64encode(drawing.encode()).decode()


def _unreferred(page: str, status: int = 200) -> Any:
    """Keep the address, which holds a secret, from being told to the next page (S-36)."""
    answer = make_response(page, status)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
