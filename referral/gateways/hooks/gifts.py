"""Asking a business's own server for a gift, and reading what it answers.

An answer means something only when it says so in words we know. Everything else leaves open what
became of the request, and the same one is sent again under its id.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from referral.domain.rewards.gift_confirmations import (
    LONGEST_NOTE,
    LONGEST_REASON,
    Verdict,
    Word,
)
from referral.foundation.errors import Invalid
from referral.foundation.text import plain
from referral.gateways.hooks.addresses import BadAddress, Reach
from referral.gateways.hooks.lanes import Crowded, turn_at
from referral.gateways.hooks.sending import Answer, NoAnswer, post
from referral.gateways.hooks.signing import headers_for

REQUESTED, TRIED = "gift.requested", "gift.test"
_ACCEPTED = "accepted"
_AWAY = (408, 425, 429)
"""Besides 5xx: the server may take the same request another time."""
_OF_THIS_ONE = (400, 409, 413, 422)
"""Refusals that may be of this one request, and say nothing of the others."""


class Trouble(Exception):
    """The request has no answer that settles it; `said` tells staff why."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(said)


class Fault(Trouble):
    """The server does not answer, or is not well; `after_s` is how long it asks us to wait."""

    def __init__(self, said: str, after_s: float | None = None) -> None:
        self.after_s = after_s
        super().__init__(said)


class Busy(Trouble):
    """Nothing was sent: enough is on its way to that server at this moment."""


class Misset(Trouble):
    """Nothing gets there as things are set up: somebody must mend it."""


class Unclear(Trouble):
    """The server has answered, and not in a way that says what became of this one."""


class Gone(Trouble):
    """The server said that it is gone for good (410)."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server has taken the request and says later what became of it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One request: where it goes, under which id, and what it asks for."""

    url: str
    secrets: Sequence[str]
    message_id: str
    asked_at: datetime
    gift: dict[str, Any]


def ask_for_gift(wanted: Wanted, *, at: datetime, reach: Reach) -> Word | Accepted:
    """Ask for a gift, under an id that the server knows again; raises Trouble."""
    try:
        with turn_at(wanted.url):
            answer = _send(wanted, REQUESTED, at=at, reach=reach)
    except Crowded:
        raise Busy("Other gifts are being asked for there.") from None
    except NoAnswer as nothing:
        raise Fault(nothing.said) from None
    except BadAddress as refused:
        raise Misset(refused.said) from None
    return _read(answer)


def try_out(wanted: Wanted, *, at: datetime, reach: Reach) -> Answer:
    """Send a signed request that asks for nothing; raises BadAddress and NoAnswer."""
    return _send(wanted, TRIED, at=at, reach=reach)


def _send(wanted: Wanted, kind: str, *, at: datetime, reach: Reach) -> Answer:
    said = {"type": kind, "timestamp": wanted.asked_at.isoformat(), "data": wanted.gift}
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    headers = headers_for(wanted.message_id, body, wanted.secrets, at=at)
    return post(wanted.url, body, headers, reach=reach)


def _read(answer: Answer) -> Word | Accepted:
    said = f"It answered {answer.status}."
    if answer.status >= 500 or answer.status in _AWAY:
        raise Fault(said, answer.after_s)
    if answer.status == 410:
        raise Gone(said)
    if 300 <= answer.status < 400:
        raise Misset(f"{said} Redirects are not followed: set the address it ends at.")
    if answer.status in _OF_THIS_ONE:
        word = _word(_object(answer.body))
        if isinstance(word, Word) and word.verdict == Verdict.REFUSED:
            return word
        raise Unclear(said)
    if answer.status >= 400:
        raise Misset(said)
    found = _object(answer.body)
    if answer.status == 202 and (found is None or "status" not in found):
        return Accepted()
    said_of_it = _word(found)
    if said_of_it is None:
        raise Unclear(f"{said} What became of the gift, and what belongs to that, is missing.")
    return said_of_it


def _word(found: dict[str, Any] | None) -> Word | Accepted | None:
    """Return what an answer says; None for one that says nothing we know."""
    if found is None:
        return None
    if found.get("status") == _ACCEPTED:
        return Accepted()
    try:
        word = _read_word(Verdict(found.get("status", "")), found)
        word.check()
    except (ValueError, Invalid):
        return None
    return word


def _read_word(verdict: Verdict, found: dict[str, Any]) -> Word:
    """Read what belongs to a verdict; what is only for people is cut to what is kept of it."""
    if verdict == Verdict.REFUSED:
        reason = _text(found, "reason") or "It gave no reason."
        return Word(verdict, reason=plain(reason)[:LONGEST_REASON])
    note = plain(_text(found, "note") or "")[:LONGEST_NOTE].strip()
    reference, code = _text(found, "reference"), _text(found, "code")
    return Word(verdict, reference=reference, code=code or None, note=note or None)


def _text(found: dict[str, Any], name: str) -> str | None:
    """Read a text that may be missing; raises ValueError for anything else."""
    value = found.get(name)
    if value is None or isinstance(value, str):
        return value
    raise ValueError("not a text")


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
