"""What visitors send: endless requests of one kind, as bytes, different where it counts."""

import hashlib
import hmac
import json
import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

BROWSER = (
    "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1\r\n"
    "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.9\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Referer: https://chat.example/\r\n"
    "Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: cross-site\r\n"
)


@dataclass(frozen=True)
class World:
    """What was seeded and what a visitor must know of it."""

    business: str
    slug: str
    program: str
    secret_key: str
    webhook_secret: str
    cookie: str
    codes: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can say it."""
        return asdict(self)


def clicks(world: World) -> Iterator[bytes]:
    """Follow links, in an order nobody can cache ahead of."""
    while True:
        yield _get(f"/r/{random.choice(world.codes)}", BROWSER)


def signups(world: World) -> Iterator[bytes]:
    """Sign up somebody new with the code of somebody known."""
    while True:
        name = uuid.uuid4().hex[:16]
        body = {
            "program": world.program,
            "person": {"external_id": name, "email": f"{name}@mail.example", "name": "Bob Baker"},
            "evidence": {"code": random.choice(world.codes)},
        }
        key = f"Authorization: Bearer {world.secret_key}\r\nIdempotency-Key: {name}\r\n"
        yield _post("/api/v1/signups", json.dumps(body).encode(), key)


def hooks(world: World) -> Iterator[bytes]:
    """Deliver new Stripe events, signed as Stripe signs them."""
    while True:
        event = {"id": f"evt_{uuid.uuid4().hex}", **_PAID_INVOICE}
        body = json.dumps(event).encode()
        stamp = int(time.time())
        signed = hmac.new(world.webhook_secret.encode(), b"%d." % stamp + body, hashlib.sha256)
        proof = f"Stripe-Signature: t={stamp},v1={signed.hexdigest()}\r\n"
        yield _post(f"/hooks/stripe/{world.business}", body, proof)


def homes(world: World) -> Iterator[bytes]:
    """Open the portal's first page, signed in."""
    while True:
        yield _get(f"/portal/{world.slug}", f"{BROWSER}Cookie: {world.cookie}\r\n")


KINDS: dict[str, Callable[[World], Iterator[bytes]]] = {
    "click": clicks,
    "signup": signups,
    "hook": hooks,
    "home": homes,
}

_PAID_INVOICE = {
    "object": "event",
    "api_version": "2026-09-30",
    "livemode": False,
    "type": "invoice.paid",
    "data": {
        "object": {
            "id": "in_bench",
            "object": "invoice",
            "customer": "cus_nobody",
            "amount_paid": 12000,
            "currency": "eur",
            "lines": {"object": "list", "data": [{"amount": 12000, "note": "x" * 2000}]},
        }
    },
}


def _get(path: str, headers: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode()


def _post(path: str, body: bytes, headers: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
