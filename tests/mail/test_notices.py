"""From a notice to a mail: written once, sent, wiped."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from referral.domain.businesses import across_businesses, within
from referral.domain.notices import Notice, notify
from referral.domain.reports.auditor import audit
from referral.foundation import clock, due, failpoints
from referral.foundation.db import session, transaction
from referral.worker import work_all
from tests.cast import Shop, open_shop
from tests.servers import SmtpCatcher, free_port

SIGN_IN = {
    "code": "012345",
    "link": "http://localhost/portal/x/sign-in/secret",
    "device": "Firefox on Linux",
    "place": "203.0.113.*",
    "asked": "14:05 UTC",
    "is_known": True,
    "is_joining": False,
}


@pytest.fixture
def posting(app: Flask, smtp_catcher: SmtpCatcher) -> Iterator[SmtpCatcher]:
    """A mail server the worker sends through."""
    with posts_through(app, smtp_catcher.url):
        yield smtp_catcher


@contextmanager
def posts_through(app: Flask, address: str) -> Iterator[None]:
    before = app.extensions["settings"]
    app.extensions["settings"] = before.model_copy(update={"mail_url": address})
    yield
    app.extensions["settings"] = before


def writes(shop: Shop, kind: str, *, at: datetime | None = None, **said: object) -> None:
    with within(shop.business.id), transaction():
        notify(
            shop.business.id,
            kind,
            to="alice@mail.example",
            once_key=f"{kind}:1",
            at=at or clock.now(),
            said=said,
        )


def only_notice() -> Notice:
    session.expire_all()
    return session.scalars(select(Notice).execution_options(**across_businesses())).one()


def text_of(got: EmailMessage) -> str:
    body = got.get_body(("plain",))
    assert body is not None
    return body.get_content()


def test_an_advocate_is_told_that_a_friend_came(posting: SmtpCatcher):
    shop = open_shop(at=clock.now())
    link = shop.link_of(shop.customer("alice"))
    shop.signup("bob", token=shop.click(link))

    work_all()
    (got,) = posting.wait_for(1)

    assert got["To"] == "alice@mail.example"
    assert got["Subject"] == "Bob came to Corner Coffee because of you"
    assert "http://localhost/portal/corner-coffee" in text_of(got)
    assert "bob@mail.example" not in got.as_string()


def test_a_sign_in_mail_holds_code_link_and_who_asked(posting: SmtpCatcher):
    writes(open_shop("Bob & Co", at=clock.now()), "sign_in", **SIGN_IN)

    work_all()
    (got,) = posting.wait_for(1)

    assert got["Subject"] == "012 345 is your code for Bob & Co"
    for said in ("012 345", SIGN_IN["link"], "Firefox on Linux", "203.0.113.*", "14:05 UTC"):
        assert str(said) in text_of(got)


def test_what_was_said_is_wiped_when_it_is_sent(posting: SmtpCatcher):
    writes(open_shop(at=clock.now()), "sign_in", **SIGN_IN)

    work_all()
    work_all()

    kept = only_notice()
    assert kept.sealed == ""
    assert kept.sent_at is not None
    assert (kept.due_at, kept.dead_at) == (None, None)
    assert len(posting.messages) == 1


def test_nobody_is_mailed_who_is_not_known(posting: SmtpCatcher):
    writes(open_shop(at=clock.now()), "sign_in", **{**SIGN_IN, "is_known": False})

    work_all()

    kept = only_notice()
    assert (kept.sealed, kept.sent_at, kept.due_at) == ("", None, None)
    assert posting.messages == []
    session.commit()
    assert audit(clock.now()).violations == []


def test_a_sign_in_mail_that_comes_too_late_is_not_sent(posting: SmtpCatcher):
    long_ago = clock.now() - timedelta(minutes=10)
    writes(open_shop(at=clock.now()), "sign_in", at=long_ago, **SIGN_IN)

    work_all()

    kept = only_notice()
    assert (kept.sealed, kept.sent_at, kept.due_at) == ("", None, None)
    assert posting.messages == []
    session.commit()
    assert audit(clock.now()).violations == []


def test_a_server_that_is_away_delays_the_mail_and_loses_nothing(app: Flask):
    """F-48."""
    with posts_through(app, f"smtp://127.0.0.1:{free_port()}"):
        writes(open_shop(at=clock.now()), "friend_joined", friend="Bob")
        work_all()

    kept = only_notice()
    assert kept.due_at is not None and kept.due_at > clock.now()
    assert kept.last_error == "The server does not answer (ConnectionRefusedError)."
    assert kept.content["friend"] == "Bob"
    with SmtpCatcher() as catcher, posts_through(app, catcher.url):
        with transaction():
            due.replay(only_notice(), at=clock.now())
        work_all()
        assert len(catcher.wait_for(1)) == 1


def test_a_mail_that_cannot_be_written_is_dead_and_seen(app: Flask, tmp_path: Path):
    with posts_through(app, f"file:{tmp_path}"):
        writes(open_shop(at=clock.now()), "no_such_kind")
        work_all()

    kept = only_notice()
    assert kept.dead_at is not None
    assert kept.last_error == "There is no mail called mail/no_such_kind.txt."
    assert list(tmp_path.iterdir()) == []


def test_a_crash_after_sending_sends_the_same_message_again(
    posting: SmtpCatcher, monkeypatch: pytest.MonkeyPatch
):
    """F-48."""
    writes(open_shop(at=clock.now()), "friend_joined", friend="Bob")

    def die(place: str) -> None:
        if place == "notice.sent":
            raise KeyboardInterrupt

    with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
        dying.setattr(failpoints, "reached", die)
        work_all()
    session.rollback()
    with transaction():
        row = only_notice()
        row.lease_until = clock.now() - timedelta(seconds=1)
    work_all()

    first, second = posting.wait_for(2)
    assert first["Message-ID"] == second["Message-ID"]
    assert only_notice().sealed == ""
