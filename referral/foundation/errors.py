"""Families of refusals; knows what went wrong for a caller, not how any surface says it."""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """Something asked for cannot be done: `code` is stable, `message` tells a person what to do."""

    code: ClassVar[str] = "refused"
    message: str = "This cannot be done."

    def __init__(self, message: str | None = None, *, fields: dict[str, str] | None = None) -> None:
        self.message = message or self.message
        self.fields = fields or {}
        super().__init__(self.message)


class NotFound(Refusal):
    """It does not exist, or not for the one who asks: the answer is the same (S-1)."""

    code = "not_found"
    message = "There is nothing here by that name."


class Gone(Refusal):
    """It existed and has ended."""

    code = "gone"
    message = "This has ended."


class Invalid(Refusal):
    """What was sent cannot be understood or is out of range; `fields` names where."""

    code = "invalid"
    message = "Please check what you sent."


class Malformed(Refusal):
    """What was sent cannot be read at all, or is not signed as it must be."""

    code = "bad_request"
    message = "This request cannot be read."


class Conflict(Refusal):
    """It is understood, but the present state does not allow it."""

    code = "conflict"
    message = "The present state does not allow this."


class NotSignedIn(Refusal):
    """Nobody is signed in, or the key is missing or unknown."""

    code = "not_signed_in"
    message = "Please sign in."


class NotAllowed(Refusal):
    """Somebody is signed in, but their role or key does not allow this."""

    code = "not_allowed"
    message = "You are not allowed to do this."


class TooMany(Refusal):
    """Too often; `retry_after_s` seconds from now it may work again."""

    code = "too_many"
    message = "That was too often. Please wait a little and try again."

    def __init__(self, message: str | None = None, *, retry_after_s: int = 60) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class NotYet(Refusal):
    """What this depends on has not arrived; the work is postponed and tried again."""

    code = "not_yet"
    message = "Something this depends on has not arrived yet."


class Unavailable(Refusal):
    """A part we depend on does not answer; nothing was changed."""

    code = "unavailable"
    message = "This is not available right now. Please try again in a moment."
