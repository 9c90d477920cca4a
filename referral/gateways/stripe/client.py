"""The one place that imports Stripe's SDK: short timeouts, no retries of its own, our errors only.

Stripe stores the status and body of an executed call under its idempotency key for at least a
day, 500s included, and says so in `Idempotent-Replayed` and `Stripe-Should-Retry`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from referral.foundation import clock, failpoints
from referral.foundation.db import outside_transaction
from referral.gateways.stripe.errors import (
    Blocked,
    Busy,
    LacksRight,
    Misconfigured,
    Needs,
    NotFoundThere,
    OutcomeUnknown,
    Permanent,
    Retryable,
    StoredFailure,
    StripeTrouble,
)
from referral.gateways.stripe.pace import pace_of

if TYPE_CHECKING:
    from stripe import StripeClient, StripeError

T = TypeVar("T")
TIMEOUT_S = (3.0, 8.0)
"""Seconds to connect and to wait for an answer; together well under a worker's lease."""

_BLOCKS = {
    "balance_insufficient": Needs.BALANCE,
    "insufficient_capabilities_for_transfer": Needs.PAYEE,
}
"""Refusals that a later try, under a new key, may not meet again."""
LONGEST_HINT_S = 60.0

_not_after: ContextVar[datetime | None] = ContextVar("not_after", default=None)
_clients: dict[tuple[str, str], StripeClient] = {}
_lock = threading.Lock()


def client_for(secret_key: str, *, api_base: str) -> StripeClient:
    """Return the client of one key; `api_base` is empty for Stripe itself."""
    with _lock:
        found = _clients.get((secret_key, api_base))
        if found is None:
            found = _make(secret_key, api_base)
            _clients[(secret_key, api_base)] = found
        return found


@contextmanager
def sent_before(moment: datetime | None) -> Iterator[None]:
    """Let nothing that changes anything leave us from a moment on; it is Retryable then (F-26).

    A process may be frozen between its decision to send and the sending. Once its claim is over,
    others may have looked, found nothing and sent the same under another key.
    """
    before = _not_after.set(moment)
    try:
        yield
    finally:
        _not_after.reset(before)


def call(act: Callable[[], T], *, changes: bool) -> T:
    """Make one call with no transaction open, and say in our words what went wrong.

    `changes` tells whether the call may have had an effect when no answer came back.
    """
    import stripe

    outside_transaction()
    try:
        return act()
    except stripe.StripeError as error:
        raise _meaning(error, changes=changes) from error
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise OutcomeUnknown(f"The answer could not be read: {type(error).__name__}") from error


def _make(secret_key: str, api_base: str) -> StripeClient:
    import stripe

    stripe.enable_telemetry = False
    stripe.set_app_info("Referral", url="https://referral.example")

    pace = pace_of(secret_key)

    class Transport(stripe.RequestsClient):
        """The SDK's own transport, at our pace, with places to die around the effect."""

        def request(
            self, method: str, url: str, headers: Any, post_data: Any = None, **more: Any
        ) -> Any:
            pace.wait()
            if method == "post":
                failpoints.reached("CP2")
                _refuse_late()
            answer = super().request(method, url, headers, post_data, **more)
            if method == "post":
                failpoints.reached("CP3")
            return answer

    return stripe.StripeClient(
        secret_key,
        base_addresses={"api": api_base} if api_base else {},
        max_network_retries=0,
        http_client=Transport(timeout=TIMEOUT_S),
    )


def _refuse_late() -> None:
    not_after = _not_after.get()
    if not_after is not None and clock.now() >= not_after:
        raise Retryable("We were held up for too long, so nothing was sent.")


def _meaning(error: StripeError, *, changes: bool) -> StripeTrouble:
    import stripe

    said, status, code = _words(error), error.http_status, _code_of(error)
    if isinstance(error, stripe.APIConnectionError):
        return OutcomeUnknown(said) if changes and _may_be_sent(error) else Retryable(said)
    if code == "account_invalid":
        return NotFoundThere(said)  # A connected account that is not, or not any more.
    if isinstance(error, stripe.PermissionError):
        return LacksRight(said)
    if isinstance(error, stripe.AuthenticationError):
        return Misconfigured(said)
    if isinstance(error, stripe.RateLimitError) or status in (409, 429):
        return Busy(said, after_s=_hint(error))
    if isinstance(error, stripe.IdempotencyError):
        return StoredFailure(said)  # The key has an answer for other words, so look what it left.
    if status is None or status >= 500:
        return _server_error(error, said, changes=changes)
    if code in _BLOCKS:
        return Blocked(said, needs=_BLOCKS[code])
    if status == 404 or code == "resource_missing":
        return NotFoundThere(said)
    return Permanent(said) if 400 <= status < 500 else OutcomeUnknown(said)


def _words(error: StripeError) -> str:
    """Say what happened in words for staff; Stripe's own message and code follow."""
    import stripe

    status, code = error.http_status or 0, _code_of(error)
    if isinstance(error, stripe.APIConnectionError):
        what = "Stripe did not answer"
    elif isinstance(error, stripe.RateLimitError) or status in (409, 429):
        what = "Stripe is busy"
    elif status >= 500:
        what = "Stripe had trouble of its own"
    elif status >= 400:
        what = "Stripe refused it"
    else:
        what = "What Stripe answered could not be read"
    message = " ".join((error.user_message or str(error)).split()).rstrip(".")
    return f"{what}: {message} ({code})." if code else f"{what}: {message}."


def _code_of(error: StripeError) -> str | None:
    return error.code or (error.error.code if error.error else None)


def _hint(error: StripeError) -> float | None:
    """Return how many seconds Stripe asks us to wait, at most a minute."""
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    said = str(headers.get("retry-after", ""))
    return min(float(said), LONGEST_HINT_S) if said.isascii() and said.isdigit() else None


def _may_be_sent(error: StripeError) -> bool:
    """Tell whether the request may have reached Stripe: where nobody picked up, it did not."""
    import requests
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    cause = error.__cause__
    if isinstance(cause, requests.ConnectTimeout):
        return False
    tried = cause.args[0] if isinstance(cause, requests.ConnectionError) and cause.args else None
    return not (isinstance(tried, MaxRetryError) and isinstance(tried.reason, NewConnectionError))


def _server_error(error: StripeError, said: str, *, changes: bool) -> StripeTrouble:
    if not changes:
        return Retryable(said)
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    stored = (
        headers.get("stripe-should-retry") == "false"
        or headers.get("idempotent-replayed") == "true"
    )
    if stored and error.http_status:
        return StoredFailure(said)
    return OutcomeUnknown(said, is_answered=error.http_status is not None)
