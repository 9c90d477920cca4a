"""Calls and replies as they cross the wire, and how a fault spoils them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from . import errors
from .answers import Answer
from .faults import Fault


@dataclass(frozen=True)
class Call:
    """One API call as it arrived; `payee` is the connected account it is made for."""

    method: str
    path: str
    query: str
    body: bytes
    api_key: str | None
    key: str | None
    payee: str | None = None


@dataclass
class Reply:
    """What goes back, and how: `send`, `close`, `reset` or `drip`, after or over `pause_s`."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    ending: str = "send"
    pause_s: float = 0.0


def as_json(value: Any) -> bytes:
    """A JSON body."""
    return json.dumps(value).encode()


def from_answer(answer: Answer) -> Reply:
    """The reply of an executed call, the first time and at each replay."""
    headers = {"Original-Request": answer.request_id}
    if answer.status == 500:
        headers["Stripe-Should-Retry"] = "false"
    return Reply(answer.status, answer.body.encode(), headers)


def from_refusal(refusal: errors.Refusal) -> Reply:
    """The reply of a call that was refused before it ran."""
    return Reply(refusal.status, as_json(refusal.body), dict(refusal.headers))


def break_before(fault: Fault, call: Call) -> Reply:
    """Let a fault strike before the call was read; raises Refusal for the polite ones."""
    if fault.kind == "429":
        raise errors.too_many(code=fault.code)
    if fault.kind == "409":
        raise errors.key_in_use(call.key or "")
    if fault.kind == "500":
        raise errors.broken(is_kept=False)
    if fault.kind == "reset_before":
        return Reply(0, ending="reset")
    return Reply(0, ending="close", pause_s=fault.seconds if fault.kind == "hang_before" else 0)


def break_after(fault: Fault, reply: Reply) -> Reply:
    """Let a fault strike when all is done and stored: lose or spoil the answer."""
    if fault.kind == "hang_after":
        reply.ending, reply.pause_s = "close", fault.seconds
    elif fault.kind == "reset_after":
        reply.ending = "reset"
    elif fault.kind == "drip":
        reply.ending, reply.pause_s = "drip", fault.seconds
    elif fault.kind == "invalid_json":
        reply.body = b'{"id": "<html>'
    elif fault.kind == "wrong_amount" and reply.status == 200:
        reply.body = as_json(_altered(json.loads(reply.body), fault.change))
    return reply


def _altered(thing: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    wrong = {"amount": thing["amount"] * 10} if "amount" in thing else {}
    return {**thing, **(change or wrong)}
