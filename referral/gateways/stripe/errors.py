"""What a failed call to Stripe means for us; the SDK's own errors never leave this package."""

from __future__ import annotations

from enum import StrEnum


class StripeTrouble(Exception):
    """A call did not give an answer we can book; `said` is safe to show to staff."""

    def __init__(self, said: str) -> None:
        self.said = said[:300]
        super().__init__(self.said)


class Retryable(StripeTrouble):
    """Nothing happened; the same call may be made again later (a refused connection)."""


class Busy(Retryable):
    """Stripe answers, and asks us to come again: too many calls, or a lock (429, 409).

    `after_s` is how long it said to wait, if it did.
    """

    def __init__(self, said: str, *, after_s: float | None = None) -> None:
        super().__init__(said)
        self.after_s = after_s


class OutcomeUnknown(StripeTrouble):
    """Perhaps it happened: only the same key, or a look-up, may be used (timeout, reset, 5xx).

    `is_answered` tells that Stripe did answer, with a server error.
    """

    def __init__(self, said: str, *, is_answered: bool = False) -> None:
        super().__init__(said)
        self.is_answered = is_answered


class StoredFailure(StripeTrouble):
    """Stripe will never answer this key with a result: look before acting (F-7).

    It keeps a server error under the key, or what was asked with it in other words, as another
    version of this product may have done.
    """


class Needs(StrEnum):
    """What has to change before a blocked act can be done."""

    BALANCE = "balance"
    PAYEE = "payee_not_ready"


class Blocked(StripeTrouble):
    """Nothing happened, and nothing can until `needs` is met; then under a new key.

    Stripe keeps the refusal under the key of this try for a day, so the same key is refused again
    whatever has changed. `needs` is "balance" when there is too little money (ours for a transfer,
    the payee's for its reversal) or "payee_not_ready" when the payee may not be paid or is gone.
    """

    def __init__(self, said: str, *, needs: Needs) -> None:
        super().__init__(said)
        self.needs = needs


class Permanent(StripeTrouble):
    """Stripe refused and nothing exists; asking again would be refused again."""


class Misconfigured(StripeTrouble):
    """The key is wrong or lacks a right; nothing goes out until somebody changes it."""


class LacksRight(Misconfigured):
    """The key is one of Stripe's and may not do this."""


class NotFoundThere(Permanent):
    """The object asked for does not exist at Stripe."""
