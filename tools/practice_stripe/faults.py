"""Faults waiting for the calls they match: practice for everything that can go wrong."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any

from .errors import malformed

# Before the call is read: nothing happens at Stripe and no idempotency key is held.
BEFORE = ("refuse", "reset_before", "hang_before", "429", "409", "500")
# While it runs: `slow` holds the key; a stored 500 is what the key answers from then on.
DURING = ("slow", "500_stored", "500_stored_after_effect")
# After the effect and its answer are stored: only the answer is lost or spoilt.
AFTER = ("hang_after", "reset_after", "wrong_amount", "invalid_json", "drip")
KINDS = (*BEFORE, *DURING, *AFTER)


@dataclass
class Fault:
    """One way to go wrong, for the next `times` calls that match, after `skip` that pass."""

    kind: str
    method: str | None = None
    path: str = ""
    pattern: str | None = None
    times: int = 1
    skip: int = 0
    seconds: float = 30.0
    code: str = "rate_limit"
    change: dict[str, Any] = field(default_factory=dict)

    def matches(self, method: str, path: str) -> bool:
        """Whether a call is meant: by method, path prefix and regular expression."""
        return (
            self.method in (None, method)
            and path.startswith(self.path)
            and (self.pattern is None or re.search(self.pattern, path) is not None)
        )


class Faults:
    """The queue of faults, first come first served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, kind: str, match: dict[str, Any] | None = None, **terms: Any) -> None:
        """Queue a fault; raises Refusal for an unknown kind or term."""
        if kind not in KINDS:
            raise malformed(f"kind must be one of {', '.join(KINDS)}", param="kind")
        try:
            fault = Fault(kind, **(match or {}), **terms)
            re.compile(fault.pattern or "")
        except (TypeError, re.error) as error:
            raise malformed(f"Cannot make this fault: {error}", param="match") from None
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Forget every waiting fault."""
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """The faults that have not struck yet."""
        with self._lock:
            return [dict(vars(one)) for one in self._waiting]

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this call, if one matches; counts it."""
        with self._lock:
            for fault in self._waiting:
                if not fault.matches(method, path):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None
