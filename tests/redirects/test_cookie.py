"""The visit's cookie holds signed tokens and nothing else; a changed one credits nobody."""

from __future__ import annotations

import pytest
from flask import Flask

from referral import create_app
from referral.domain.links import read_token
from referral.foundation import clock
from referral.foundation.db import db, session
from tests.cast import open_shop
from tests.fixtures import settings_for
from tests.redirects.street import PHONE, Street, is_landing, token_of


def test_the_first_visit_is_kept_and_the_newest_few(street: Street) -> None:
    codes = [street.code_of(f"friend{number}") for number in range(9)]
    tokens = [token_of(street.follow(code)) for code in codes]
    assert street.cookie == ".".join([tokens[0], *tokens[-5:]])


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(street: Street) -> None:
    said = street.follow(street.code_of()).headers["Set-Cookie"]
    assert "HttpOnly" in said
    assert "SameSite=Lax" in said
    assert "Path=/" in said
    assert "Domain" not in said


def test_the_cookie_lives_as_long_whenever_it_is_given(street: Street) -> None:
    said = street.follow(street.code_of()).headers["Set-Cookie"]
    assert "Max-Age=15552000" in said
    assert "Expires" not in said


def test_over_https_the_cookie_is_bound_to_the_host(database_url: str) -> None:
    app = create_app(settings_for(database_url, base_url="https://refer.example"))
    with app.app_context():
        shop = open_shop(at=clock.now())
        code = shop.link_of(shop.customer("alice")).code
        answer = app.test_client().get(f"/r/{code}", headers=PHONE)
        session.remove()
        db.engine.dispose()
    said = answer.headers["Set-Cookie"]
    assert said.startswith("__Host-visit=")
    assert "Secure" in said


@pytest.mark.parametrize(
    "forged",
    [
        "x",
        "." * 50,
        "A" * 66,
        "A" * 66 + "." + "B" * 66,
        "<script>alert(1)</script>",
        "A" * 3900,
        ".".join(["A" * 66] * 7),
    ],
)
def test_a_forged_cookie_neither_breaks_a_visit_nor_names_anybody(
    street: Street, forged: str
) -> None:
    street.client.set_cookie("visit", forged)
    answer = street.follow(street.code_of())
    assert is_landing(answer)
    assert street.cookie is not None
    named = [one for one in street.cookie.split(".") if read_token(one) is not None]
    assert named == [token_of(answer)]


def test_a_changed_token_is_nobodys(street: Street) -> None:
    token = token_of(street.follow(street.code_of()))
    for place in range(0, 66, 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert read_token(changed) is None
        joined = street.shop.signup("bob", token=changed)
        assert (joined.signup.outcome, joined.signup.reason) == ("refused", "unreadable")


def test_a_token_of_another_installation_is_nobodys(app: Flask, street: Street) -> None:
    from referral.foundation import crypto

    token = token_of(street.follow(street.code_of()))
    ours = app.extensions["settings"].signing_key
    crypto.use_secret("the secret of another installation, also long")
    try:
        assert read_token(token) is None
    finally:
        crypto.use_secret(ours)
    assert read_token(token) is not None
