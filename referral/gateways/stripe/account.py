"""What we ask of one business's Stripe account; each act is safe to repeat with its key.

Amounts are our whole minor units, on the way in and out. Every act writes our marks into its
object's metadata, and has a look-up beside it that finds the object by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from referral.gateways.stripe.client import call
from referral.gateways.stripe.codes import Codes
from referral.gateways.stripe.customers import Customers
from referral.gateways.stripe.endpoint import LISTED_EVENTS
from referral.gateways.stripe.health import Checks
from referral.gateways.stripe.inbox import is_event
from referral.gateways.stripe.made import own_id
from referral.gateways.stripe.payees import Payees
from referral.gateways.stripe.payments import Payments
from referral.gateways.stripe.subscriptions import Subscriptions

EVENTS_A_PAGE = 100
"""The most that Stripe lists at a time."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events as Stripe lists them, the newest first, and whether older ones follow."""

    events: list[dict[str, Any]]
    has_more: bool


@dataclass(frozen=True)
class StripeAccount(Customers, Codes, Payees, Payments, Subscriptions, Checks):
    """The account of one business, by its key: everything that is asked of it."""

    def whose(self) -> str:
        """Return the id of the Stripe account the key belongs to."""
        return call(
            lambda: own_id(self._client.v1.accounts.retrieve_current().to_dict()), changes=False
        )

    def events(self, since: datetime, *, after: str | None = None) -> EventPage:
        """List a page of the events we read that were made since a moment, the newest first.

        `after` is the last event of the page before. Raises NotFoundThere when it is gone. Those
        of payees are not in this list: Stripe lists them only account by account.
        """
        params: dict[str, Any] = {
            "created": {"gte": int(since.timestamp())},
            "types": list(LISTED_EVENTS),
            "limit": EVENTS_A_PAGE,
        }
        if after:
            params["starting_after"] = after

        def listed() -> EventPage:
            page = self._client.v1.events.list(params=params)  # type: ignore[arg-type]
            return _event_page(page, after)

        return call(listed, changes=False)


def _event_page(listed: Any, after: str | None) -> EventPage:
    """Read a page; one that leads no further than the last would never come to an end."""
    events = [one.to_dict() for one in listed.data if is_event(one.to_dict())]
    leads_on = bool(events) and events[-1]["id"] != after
    return EventPage(events, leads_on and bool(listed.has_more))
