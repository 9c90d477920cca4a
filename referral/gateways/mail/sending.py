"""The two ways a mail leaves: an SMTP server, or a folder that keeps one file for each.

MAIL_URL is `smtp://[user:password@]host[:port]` (with `?tls=starttls` encrypted before anything
is said), `smtps://…` (encrypted from the first byte), or `file:FOLDER`.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from referral.foundation.db import outside_transaction
from referral.gateways.mail.letters import Mail, Unaddressed, letter

TIMEOUT_S = 5
"""For each step of the conversation; all of them stay within a worker's lease of 20 s."""

_PORTS = {"smtp": 25, "smtps": 465, "starttls": 587}


class MailTrouble(Exception):
    """A mail did not leave; `said` is for staff and names no address."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(said)


class Retryable(MailTrouble):
    """It may leave later: the server is away, busy, or does not accept us as it is set up."""


class Permanent(MailTrouble):
    """It will never leave: the server refuses this recipient or this message."""


def send(mail: Mail, *, through: str) -> None:
    """Send a mail by the address of a MAIL_URL; raises Retryable or Permanent.

    Refuses to run inside a transaction. The server may get it twice when an answer is lost.
    """
    outside_transaction()
    try:
        message = letter(mail)
    except Unaddressed:
        raise Permanent("The recipient or the sender is not one plain address.") from None
    route = urlsplit(through)
    if route.scheme == "file":
        _keep(message, mail.key, Path(through.removeprefix("file:")))
    elif route.scheme in ("smtp", "smtps") and route.hostname:
        _post(message, mail, route)
    else:
        raise Retryable("MAIL_URL does not say how mail leaves.")


def _keep(message: EmailMessage, key: str, folder: Path) -> None:
    """Write the mail as a file that is there whole or not at all; its name sorts by age."""
    name = re.sub(r"[^A-Za-z0-9-]", "", key)
    partial = folder / f".{name}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial.write_bytes(message.as_bytes())
        os.replace(partial, folder / f"{name}.eml")
    except OSError as error:
        raise Retryable(f"The outbox cannot be written: {error.strerror}.") from error


def _post(message: EmailMessage, mail: Mail, route: SplitResult) -> None:
    try:
        with _connect(route) as server:
            if route.username:
                server.login(unquote(route.username), unquote(route.password or ""))
            server.send_message(message, from_addr=mail.sender, to_addrs=[mail.to])
    except smtplib.SMTPRecipientsRefused as refusal:
        code = max(code for code, _ in refusal.recipients.values())
        raise _kind_of(code)(f"The server refused the recipient ({code}).") from None
    except smtplib.SMTPDataError as refusal:
        raise _kind_of(refusal.smtp_code)(
            f"The server refused the message ({refusal.smtp_code})."
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise Permanent("The server cannot carry this address.") from None
    except smtplib.SMTPResponseException as refusal:
        raise Retryable(f"The server refused us ({refusal.smtp_code}).") from None
    except (smtplib.SMTPException, OSError, ssl.SSLError) as error:
        raise Retryable(f"The server does not answer ({type(error).__name__}).") from error


def _connect(route: SplitResult) -> smtplib.SMTP:
    host = route.hostname or ""
    starts_tls = parse_qs(route.query).get("tls") == ["starttls"]
    port = route.port or _PORTS["starttls" if starts_tls else route.scheme]
    if route.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port, timeout=TIMEOUT_S)
    if starts_tls:
        try:
            server.starttls(context=ssl.create_default_context())
        except smtplib.SMTPNotSupportedError:
            server.close()
            raise smtplib.SMTPServerDisconnected("no STARTTLS") from None
        except BaseException:
            server.close()
            raise
    return server


def _kind_of(code: int) -> type[MailTrouble]:
    return Permanent if code >= 500 else Retryable
