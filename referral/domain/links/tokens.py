"""The signed token a friend carries from the click to the signup, even when nothing was stored.

It names the link and the click; the click's key is a UUIDv7, so it also carries the moment. With
the prefix `wom_` it fits Stripe's `client_reference_id` (letters, digits, `-` and `_`, at most
200 characters; anything else is dropped there without an error).
"""

from __future__ import annotations

import base64
import binascii
import uuid
from dataclasses import dataclass
from datetime import datetime

from referral.foundation.crypto import is_signed, sign
from referral.foundation.ids import moment_of

PREFIX = "wom_"
_PURPOSE = "click token"
_VERSION = b"\x01"
_MAC = 16


@dataclass(frozen=True, slots=True)
class Token:
    """Which link was followed, and by which click."""

    link_id: uuid.UUID
    click_id: uuid.UUID

    @property
    def at(self) -> datetime:
        return moment_of(self.click_id)


def make_token(token: Token) -> str:
    """Write and sign a token: 66 characters of letters, digits, `-` and `_`."""
    said = _VERSION + token.link_id.bytes + token.click_id.bytes
    return base64.urlsafe_b64encode(said + sign(_PURPOSE, said, length=_MAC)).decode().rstrip("=")


def read_token(text: str) -> Token | None:
    """Read a token, with or without its prefix; None for anything we did not sign (S-80)."""
    plain = text.strip().removeprefix(PREFIX)
    if len(plain) != 66:
        return None
    try:
        raw = base64.b64decode(plain + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    said, mac = raw[:-_MAC], raw[-_MAC:]
    if len(said) != 33 or said[:1] != _VERSION or not is_signed(_PURPOSE, said, mac):
        return None
    return Token(uuid.UUID(bytes=said[1:17]), uuid.UUID(bytes=said[17:]))
