"""One mail as it is written on the wire; nothing in it can add a header or a recipient (S-88)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

_LONGEST_SUBJECT = 200


class Unaddressed(Exception):
    """The recipient or the sender is not one plain address."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one address, as text and as HTML.

    `key` tells this mail from every other: sent twice, it carries the same Message-ID.
    """

    key: str
    to: str
    sender: str
    sender_name: str
    subject: str
    text: str
    html: str
    at: datetime


def letter(mail: Mail) -> EmailMessage:
    """Write a mail as a message; raises Unaddressed unless it goes to exactly one address."""
    sender = _address(mail.sender, shown=mail.sender_name)
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = _address(mail.to)
    message["Subject"] = one_line(mail.subject)[:_LONGEST_SUBJECT]
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.key}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def one_line(text: str) -> str:
    """Return the text on one line, without anything that could end a header.

    The standard library reads encoded words in what it is given, line ends inside them too, so
    their opening is taken apart.
    """
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text).replace("=?", "= ?")
    return " ".join(plain.split())


def _address(plain: str, *, shown: str = "") -> Address:
    if re.search(r"[\s,;<>()\"\x00-\x1f\x7f]", plain) or plain.count("@") != 1:
        raise Unaddressed
    try:
        return Address(display_name=one_line(shown), addr_spec=plain)
    except (MessageError, ValueError, IndexError):
        raise Unaddressed from None
