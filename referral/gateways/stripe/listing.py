"""What was paid and refunded at Stripe since a moment, listed a page at a time.

Events are kept for thirty days; these objects are kept for good, so they tell what no event can.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from referral.gateways.stripe.account import StripeAccount
from referral.gateways.stripe.client import call, client_for

A_PAGE = 100
"""The most that Stripe lists at a time."""


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """Some objects as Stripe lists them, the newest first, and the id the next page follows."""

    objects: list[dict[str, Any]]
    next: str | None


def paid_invoices(account: StripeAccount, since: datetime, after: str | None) -> ObjectPage:
    """List invoices that were made since a moment and are paid, with their payments."""
    invoices = client_for(account.secret_key, api_base=account.api_base).v1.invoices
    asked = _page(since, after, status="paid", expand=["data.payments"])
    return _listed(lambda: invoices.list(params=asked), after)  # type: ignore[arg-type]


def finished_sessions(account: StripeAccount, since: datetime, after: str | None) -> ObjectPage:
    """List checkouts that were begun since a moment and came to their end."""
    sessions = client_for(account.secret_key, api_base=account.api_base).v1.checkout.sessions
    asked = _page(since, after, status="complete")
    return _listed(lambda: sessions.list(params=asked), after)  # type: ignore[arg-type]


def refunds(account: StripeAccount, since: datetime, after: str | None) -> ObjectPage:
    """List refunds that were made since a moment."""
    found = client_for(account.secret_key, api_base=account.api_base).v1.refunds
    asked = _page(since, after)
    return _listed(lambda: found.list(params=asked), after)  # type: ignore[arg-type]


def _page(since: datetime, after: str | None, **asked: Any) -> dict[str, Any]:
    page = {"created": {"gte": int(since.timestamp())}, "limit": A_PAGE, **asked}
    return {**page, "starting_after": after} if after else page


def _listed(ask: Callable[[], Any], after: str | None) -> ObjectPage:
    """Read a page; one that leads no further than the last would never come to an end."""

    def read() -> ObjectPage:
        page = ask()
        objects = [one.to_dict() for one in page.data]
        last = str(objects[-1]["id"]) if objects else None
        return ObjectPage(objects, last if page.has_more and last != after else None)

    return call(read, changes=False)
