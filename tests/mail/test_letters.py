"""A mail on the wire: one recipient, no header of a stranger's making (S-88)."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from referral.gateways.mail import Mail
from referral.gateways.mail.letters import Unaddressed, letter

AT = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)


def mail(**changes: str) -> Mail:
    said = {
        "key": "k1",
        "to": "alice@mail.example",
        "sender": "no-reply@shop.example",
        "sender_name": "Corner Coffee",
        "subject": "Bob came",
        "text": "Bob came because of you.\n",
        "html": "<p>Bob came because of you.</p>",
        **changes,
    }
    return Mail(at=AT, **said)


def read(one: Mail) -> EmailMessage:
    """Read a mail as the recipient's program does."""
    return message_from_bytes(letter(one).as_bytes(), policy=default)  # type: ignore[return-value]


def test_a_mail_says_who_when_and_that_a_machine_wrote_it():
    headers = dict(read(mail()).items())
    kind = headers.pop("Content-Type")

    assert kind.startswith("multipart/alternative")
    assert headers == {
        "From": "Corner Coffee <no-reply@shop.example>",
        "To": "alice@mail.example",
        "Subject": "Bob came",
        "Date": "Sat, 21 Nov 2026 14:05:00 +0000",
        "Message-ID": "<k1@shop.example>",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
    }


def test_a_mail_can_be_read_as_text_and_as_a_page():
    got = read(mail(text="Grüße\n", html="<p>Grüße</p>"))

    assert got.get_body(("plain",)).get_content().strip() == "Grüße"
    assert got.get_body(("html",)).get_content().strip() == "<p>Grüße</p>"


@pytest.mark.parametrize(
    "evil",
    [
        "x\r\nBcc: mallory@evil.example",
        "x\nBcc: mallory@evil.example",
        "x\rBcc: mallory@evil.example",
        "x\x0bBcc: mallory@evil.example",
        "x\x85Bcc: mallory@evil.example",
        "x\u2028Bcc: mallory@evil.example",
        "=?utf-8?q?x=0D=0ABcc=3A_mallory=40evil.example?=",
        "Corner <mallory@evil.example>, x",
        'Corner" <mallory@evil.example>',
    ],
)
def test_nothing_in_a_name_or_subject_adds_a_header_or_a_recipient(evil: str):
    got = read(mail(subject=evil, sender_name=evil))

    assert "Bcc" not in got
    assert got["To"].addresses[0].addr_spec == "alice@mail.example"
    assert [one.addr_spec for one in got["From"].addresses] == ["no-reply@shop.example"]
    assert len(got.get_all("Subject")) == 1


@pytest.mark.parametrize(
    "to",
    [
        "",
        "alice",
        "a@b@c.example",
        "alice@mail.example, mallory@evil.example",
        "alice@mail.example;mallory@evil.example",
        "Alice <alice@mail.example>",
        "alice@mail.example\r\nBcc: mallory@evil.example",
        "alice@mail.example\n",
        "ali ce@mail.example",
        '"alice"@mail.example',
        "(x)alice@mail.example",
        "@mail.example",
        "alice@",
    ],
)
def test_only_one_plain_address_is_written_to(to: str):
    with pytest.raises(Unaddressed):
        letter(mail(to=to))


def test_a_very_long_subject_is_cut():
    assert len(read(mail(subject="x" * 5000))["Subject"]) == 200
