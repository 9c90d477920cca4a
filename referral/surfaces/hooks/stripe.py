"""`POST /hooks/stripe/<business id>`: keep an event and answer; the worker reads it later.

A repeat of a kept event is a success. What is not signed for this business is refused before it
is parsed, and an event of the other mode (test, live) is kept without effect (S-125).
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from flask import Response, jsonify, request
from prometheus_client import Counter
from sqlalchemy import select

from referral.domain.businesses import Business, StripeConnection, within
from referral.domain.businesses.providers import note_refused
from referral.foundation import clock, failpoints
from referral.foundation.db import session, transaction
from referral.foundation.errors import Malformed, NotFound
from referral.foundation.ids import parse_public_id, public_id
from referral.gateways.stripe import is_event, is_from_stripe, keep

SECRETS_LIVE_S = 30.0
READ_AGAIN_AFTER_S = 1.0
"""A bad signature may mean a new secret, but forgeries must not reach the database (S-131)."""
MOST_REFUSED, REFUSED_WITHIN_S = 5, 300.0
_EVENTS = Counter(
    "referral_stripe_events_total", "Stripe events by what became of them", ["outcome"]
)


class BadSignature(Malformed):
    """The event is not signed with this business's secret, or not now."""

    code = "bad_signature"
    message = "The signature does not match. Check the endpoint's signing secret and the clock."


class BadEvent(Malformed):
    """The body is not an event."""

    code = "bad_event"
    message = "This is not a Stripe event."


@dataclass(frozen=True, slots=True)
class _Secret:
    webhook_secret: str
    is_live: bool
    read_at: float
    before: str | None = None
    before_until: datetime | None = None

    def signed(self, body: bytes, header: str) -> bool:
        """Tell whether it signed this, or the secret before it while both are taken (F-55)."""
        if is_from_stripe(body, header, self.webhook_secret):
            return True
        if self.before is None or self.before_until is None or clock.now() >= self.before_until:
            return False
        return is_from_stripe(body, header, self.before)


_secrets: dict[uuid.UUID, _Secret] = {}
_refused: dict[uuid.UUID, deque[float]] = {}
_told: dict[uuid.UUID, float] = {}
_lock = threading.Lock()
log = structlog.get_logger("referral.web")


def receive(business_id: str) -> Response:
    """Verify, keep, answer."""
    key = parse_public_id(Business.prefix, business_id)
    body = request.get_data()
    secret = _verify(key, body)
    event, payload = _parse(body)
    is_live = bool(event.get("livemode"))
    with within(key), transaction():
        is_new = keep(
            key,
            event_id=event["id"],
            type=event["type"],
            is_live=is_live,
            payload=payload,
            at=clock.now(),
            is_ours=is_live == secret.is_live,
        )
    failpoints.reached("event.kept")
    _EVENTS.labels("kept" if is_new else "repeated").inc()
    return jsonify(received=True)


def _verify(key: uuid.UUID, body: bytes) -> _Secret:
    header = request.headers.get("Stripe-Signature", "")
    for most_s in (SECRETS_LIVE_S, READ_AGAIN_AFTER_S):
        secret = _secret_of(key, most_s=most_s)
        if secret.signed(body, header):
            return secret
    _EVENTS.labels("refused").inc()
    _alarm(key)
    raise BadSignature


def _secret_of(key: uuid.UUID, *, most_s: float) -> _Secret:
    """Return a business's secret, at most so many seconds old."""
    known = _secrets.get(key)
    if known is not None and time.monotonic() < known.read_at + most_s:
        return known
    with within(key):
        connection = session.scalar(
            select(StripeConnection).where(StripeConnection.business_id == key)
        )
    if connection is None:
        raise NotFound("This business is not connected to Stripe.")
    found = _Secret(
        connection.webhook_secret,
        connection.is_live,
        time.monotonic(),
        connection.secret_before,
        connection.secret_before_until,
    )
    with _lock:
        _secrets[key] = found
    return found


def _alarm(key: uuid.UUID) -> None:
    """Tell staff once that nothing comes through: five refused within five minutes (F-56)."""
    now = time.monotonic()
    with _lock:
        lately = _refused.setdefault(key, deque(maxlen=MOST_REFUSED))
        lately.append(now)
        is_enough = len(lately) == MOST_REFUSED and lately[0] > now - REFUSED_WITHIN_S
        if not is_enough or now < _told.get(key, 0.0) + REFUSED_WITHIN_S:
            return
        _told[key] = now
    with within(key), transaction():
        note_refused(key, at=clock.now())
    log.error("signatures_refused", business=public_id(Business.prefix, key))


def _parse(body: bytes) -> tuple[dict[str, Any], str]:
    """Return the event and its text; raises BadEvent for what Stripe would never send."""
    try:
        payload = body.decode()
        event = json.loads(payload)
    except (ValueError, RecursionError):
        raise BadEvent from None
    if not is_event(event):
        raise BadEvent
    return event, payload
