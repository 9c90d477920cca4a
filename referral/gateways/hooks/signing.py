"""Signatures of what we send, as Standard Webhooks 1.0 writes them (A9)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime


def headers_for(
    message_id: str, body: bytes, secrets: Sequence[str], *, at: datetime
) -> dict[str, str]:
    """Return the three headers; each secret signs, so that either is known while one is changed.

    The id stays over every try, the moment is that of this one. A secret is `whsec_` and base64.
    """
    stamp = str(int(at.timestamp()))
    signed = f"{message_id}.{stamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(_signature(secret, signed) for secret in secrets),
    }


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
