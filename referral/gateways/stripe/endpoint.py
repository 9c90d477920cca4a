"""What a business's webhook endpoint at Stripe must be: its version and the events it sends us."""

from __future__ import annotations

from referral.gateways.stripe.reading import EVENTS_READ

API_VERSION = "2026-10-28.endive"
"""The version our library speaks; older ones are understood as well."""

_SAID_ELSEWHERE = frozenset(
    {
        "invoice.payment_succeeded",
        "charge.refund.updated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
    }
)
_OF_PAYEES = frozenset({"account.updated", "account.application.deauthorized"})

EVENTS = tuple(name for name in EVENTS_READ if name not in _SAID_ELSEWHERE)
"""The events to ask for. The others that are read say nothing that these do not."""

LISTED_EVENTS = tuple(name for name in EVENTS if name not in _OF_PAYEES)
"""Those a business's list of events holds, at most 20 for one question; a payee's are not there."""
