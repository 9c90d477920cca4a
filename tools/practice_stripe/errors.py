"""The ways practice Stripe says no, in Stripe's error shape. Knows no resource."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """An answer that is an error.

    `is_kept`: an idempotency key remembers it. `has_effect`: what was written before it stays.
    """

    def __init__(self, status: int, message: str, *, is_kept: bool = True, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.is_kept = is_kept
        self.has_effect = False
        self.headers: dict[str, str] = {}
        kind = fields.pop("type", "invalid_request_error")
        filled = {name: value for name, value in fields.items() if value is not None}
        self.body = {"error": {"message": message, "type": kind, **filled}}


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> Refusal:
    """Refuse a request that is well formed but may not be done (400, kept by its key)."""
    return Refusal(400, message, param=param, code=code)


def malformed(message: str, *, param: str | None = None, code: str | None = None) -> Refusal:
    """Refuse parameters that cannot be read (400, never kept by a key)."""
    return Refusal(400, message, param=param, code=code, is_kept=False)


def missing(noun: str, object_id: str, *, param: str = "id") -> Refusal:
    """Refuse because nothing has this id: 404 for the addressed object, 400 for a named one."""
    status = 404 if param in ("id", "customer_path") else 400
    shown = "customer" if param == "customer_path" else param
    return Refusal(status, f"No such {noun}: '{object_id}'", param=shown, code="resource_missing")


def unauthorized(message: str) -> Refusal:
    """Refuse a missing or wrong API key (401)."""
    return Refusal(401, message, is_kept=False)


def forbidden(right: str) -> Refusal:
    """Refuse a restricted key that lacks `right`, such as `customers:write` (403)."""
    resource, _, act = right.partition(":")
    rak = f"rak_{resource.rstrip('s')}_{act}"
    return Refusal(
        403,
        f"This restricted key may not do that; it would need the permission '{rak}'.",
        is_kept=False,
    )


def unknown_address(method: str, path: str) -> Refusal:
    """Refuse an address practice Stripe does not serve (404)."""
    return Refusal(404, f"Unrecognized request URL ({method}: {path}).", is_kept=False)


def too_many(*, code: str = "rate_limit") -> Refusal:
    """Refuse because of a rate limit or, with `lock_timeout`, a busy object (429)."""
    refusal = Refusal(429, "Too many requests; try again later.", code=code, is_kept=False)
    refusal.headers["Stripe-Rate-Limited-Reason"] = "global-rate"
    return refusal


def key_in_use(key: str) -> Refusal:
    """Refuse because the first call with this idempotency key is still running (409)."""
    return Refusal(
        409,
        f"Another request with the idempotency key '{key}' is in progress; try again later.",
        type="idempotency_error",
        code="idempotency_key_in_use",
        is_kept=False,
    )


def key_reused(key: str) -> Refusal:
    """Refuse a key that was first used with other parameters or another address (400)."""
    return Refusal(
        400,
        f"The idempotency key '{key}' was first used with another address or other parameters.",
        type="idempotency_error",
        is_kept=False,
    )


def broken(*, is_kept: bool) -> Refusal:
    """Refuse with an internal error (500); a kept one must not be retried under its key."""
    refusal = Refusal(500, "Something went wrong on our end.", type="api_error", is_kept=is_kept)
    if is_kept:
        refusal.headers["Stripe-Should-Retry"] = "false"
    return refusal


def declined(code: str = "card_declined") -> Refusal:
    """Refuse a payment the card's bank would not make (402)."""
    refusal = Refusal(402, "The card was declined.", type="card_error", code=code)
    refusal.has_effect = True
    return refusal
