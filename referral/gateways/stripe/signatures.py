"""Whether an event really comes from Stripe: its signature over the raw bytes (S-121 to S-124).

The header reads `t=SECONDS,v1=HEX[,v1=HEX]`; several v1 while a secret is rolled. A business with
two endpoints has two secrets, kept as one text with a comma between. See Stripe's
documentation on verifying webhook signatures manually.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from referral.foundation import clock

TOLERANCE = timedelta(minutes=5)


def is_from_stripe(body: bytes, header: str, secret: str) -> bool:
    """Tell whether the body was signed with a secret of ours within five minutes of now."""
    stamp, signatures = _read(header)
    secrets = [one for one in secret.split(",") if one.strip()]
    if stamp is None or not signatures or not secrets:
        return False
    signed = str(stamp).encode() + b"." + body
    expected = [hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in secrets]
    if not any(
        hmac.compare_digest(one.encode(), given) for one in expected for given in signatures
    ):
        return False
    try:
        return clock.is_fresh(datetime.fromtimestamp(stamp, UTC), tolerance=TOLERANCE)
    except (OverflowError, ValueError, OSError):
        return False


def _read(header: str) -> tuple[int | None, list[bytes]]:
    stamps, signatures = [], []
    for part in header[:2000].split(",")[:20]:
        name, _, value = part.strip().partition("=")
        if name == "t" and value.isascii() and value.isdigit() and len(value) <= 15:
            stamps.append(int(value))
        elif name == "v1":
            signatures.append(value.encode("utf-8", "replace"))
    return (stamps[0] if len(stamps) == 1 else None), signatures
