"""How mail leaves, and what is said when it does not."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from referral.foundation.db import InsideTransaction, transaction
from referral.gateways.mail import Permanent, Retryable, send
from tests.mail.test_letters import mail
from tests.servers import SmtpCatcher, free_port


class Refuser:
    """A mail server that answers one step of the conversation as told."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        return self.answers.get("sender", "250 OK")

    async def handle_DATA(self, server, session, envelope):
        return self.answers.get("data", "250 OK")


@contextmanager
def serving(handler: object, **options: object) -> Iterator[str]:
    """Serve mail on loopback and give the address."""
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    yield f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


def test_a_mail_arrives_by_smtp_at_its_one_recipient(app: Flask, smtp_catcher: SmtpCatcher):
    send(mail(), through=smtp_catcher.url)

    (got,) = smtp_catcher.wait_for(1)
    assert (got["To"], got["Subject"]) == ("alice@mail.example", "Bob came")


def test_a_mail_is_kept_whole_as_one_file(app: Flask, tmp_path: Path):
    outbox = tmp_path / "new" / "outbox"
    for _ in range(2):
        send(mail(), through=f"file:{outbox}")

    (kept,) = outbox.iterdir()
    assert kept.name == "k1.eml"
    assert message_from_bytes(kept.read_bytes(), policy=default)["Subject"] == "Bob came"


def test_no_mail_leaves_while_a_transaction_is_open(app: Flask, tmp_path: Path):
    with pytest.raises(InsideTransaction), transaction():
        send(mail(), through=f"file:{tmp_path}")

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_tried_again(app: Flask, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(Retryable):
        send(mail(), through=f"file:{tmp_path / 'file'}")


@pytest.mark.parametrize(
    ("step", "answer", "trouble"),
    [
        ("rcpt", "550 No such mailbox", Permanent),
        ("rcpt", "450 Mailbox busy", Retryable),
        ("data", "554 Refused as spam", Permanent),
        ("data", "451 Try later", Retryable),
        ("sender", "530 Who are you", Retryable),
        ("sender", "421 Closing", Retryable),
    ],
)
def test_a_refusal_is_for_good_only_when_it_is_of_this_mail(
    app: Flask, step: str, answer: str, trouble: type[Exception]
):
    with serving(Refuser(**{step: answer})) as address, pytest.raises(trouble) as refused:
        send(mail(), through=address)

    assert answer[:3] in str(refused.value)
    assert "alice" not in str(refused.value)


def test_a_server_that_is_away_is_tried_again(app: Flask):
    with pytest.raises(Retryable):
        send(mail(), through=f"smtp://127.0.0.1:{free_port()}")


def test_a_silent_server_does_not_hold_us_up(app: Flask, monkeypatch: pytest.MonkeyPatch):
    """F-48."""
    monkeypatch.setattr("referral.gateways.mail.sending.TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        held: list[socket.socket] = []
        threading.Thread(target=lambda: held.append(silent.accept()[0]), daemon=True).start()

        with pytest.raises(Retryable):
            send(mail(), through=f"smtp://127.0.0.1:{silent.getsockname()[1]}")

        for one in held:
            one.close()


def test_nothing_is_said_in_clear_where_encryption_is_asked_for(app: Flask):
    handler = Refuser()
    with serving(handler) as address, pytest.raises(Retryable):
        send(mail(), through=f"{address}?tls=starttls")


def test_a_name_and_password_are_given_to_the_server(app: Flask):
    asked: list[tuple[str, str]] = []

    def check(server, session, envelope, mechanism, data):
        from aiosmtpd.smtp import AuthResult

        asked.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=True)

    options = {"authenticator": check, "auth_require_tls": False}
    with serving(Refuser(), **options) as address:
        send(mail(), through=address.replace("smtp://", "smtp://alice:p%40ss@"))

    assert asked == [("alice", "p@ss")]


@pytest.mark.parametrize("address", ["", "nonsense", "http://mail.example", "smtp://"])
def test_an_address_that_says_nothing_is_tried_again_once_mended(app: Flask, address: str):
    with pytest.raises(Retryable):
        send(mail(), through=address)


def test_an_impossible_recipient_is_refused_for_good(app: Flask, smtp_catcher: SmtpCatcher):
    with pytest.raises(Permanent):
        send(mail(to="alice@mail.example, bob@mail.example"), through=smtp_catcher.url)

    assert smtp_catcher.messages == []
