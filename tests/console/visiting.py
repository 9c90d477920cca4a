"""Visiting the console as a browser does: forms carry their token, pages are looked at."""

import contextvars
import re
from typing import Any

import pyotp
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from referral.domain.businesses import Operator
from referral.foundation import clock
from referral.foundation.db import session, transaction

PASSWORD = "seven green kettles"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class Visitor(FlaskClient):
    """A browser whose requests share nothing with the test but the database."""

    def open(self, *args: Any, **named: Any) -> TestResponse:
        """Send a request in a context of its own; what the test has loaded is read afresh."""
        session.rollback()
        session.expire_all()
        return contextvars.Context().run(super().open, *args, **named)


def token(page: TestResponse) -> str:
    """Return the token of a page's first form."""
    return re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]


def post(client: FlaskClient, path: str, form: str = "/console/account", **typed) -> TestResponse:
    """Send a form as its page would, with the token of a page that has a form; read it whole."""
    sent = {"csrf_token": token(client.get(form)), **typed}
    return client.post(path, data=sent, buffered=True)


def code_now() -> str:
    """Return what the authenticator shows now."""
    return pyotp.TOTP(SECRET).at(clock.wall_now())


def sign_in(client: FlaskClient, operator: Operator) -> None:
    """Sign in by password and authenticator; an earlier code of this moment is forgotten."""
    with transaction():
        session.execute(update(Operator).where(Operator.id == operator.id).values(totp_last_step=0))
    typed = {"email": operator.email, "password": PASSWORD}
    answer = post(client, "/console/sign-in", "/console/sign-in", **typed)
    assert (answer.status_code, answer.location) == (303, "/console/sign-in/code")
    answer = post(client, "/console/sign-in/code", "/console/sign-in/code", code=code_now())
    assert (answer.status_code, answer.location) == (303, "/console")


def check_page(answer: TestResponse, status: int = 200) -> str:
    """Look at a page: its status, one h1, nothing inline, each id once; returns its text."""
    text = answer.text
    assert answer.status_code == status, text[:2000]
    assert text.count("<h1>") == 1
    assert re.findall(r"<[^>]+\s(?:style|on\w+)=", text) == []
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert sorted(ids) == sorted(set(ids))
    assert set(re.findall(r'<label[^>]*\sfor="([^"]+)"', text)) <= set(ids)
    return text
