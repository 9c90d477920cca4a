"""What a newcomer is told when the demo runs, and how practice Stripe finds us."""

from __future__ import annotations

from sqlalchemy import select

from referral.demo.shop import CUSTOMER, NAME, OWNER, PASSWORD
from referral.domain.businesses import (
    Business,
    StripeConnection,
    across_businesses,
)
from referral.foundation.db import session
from referral.surfaces.web.settings import public_url


def connect_hooks(practice_url: str) -> None:
    """Have practice Stripe send its events to this server."""
    if not practice_url:
        return
    from tools.practice_stripe import PracticeStripe

    query = select(StripeConnection).where(StripeConnection.is_practice)
    for connection in session.scalars(query.execution_options(**across_businesses())).all():
        business = session.get_one(Business, connection.business_id)
        hook = public_url(f"/hooks/stripe/{business.public_id}")
        PracticeStripe(practice_url).register_webhook(hook, connection.webhook_secret)


def greeting(practice_url: str) -> str:
    """Return the few lines a newcomer sees: where to look and how to sign in."""
    business = session.scalar(select(Business).where(Business.name == NAME).limit(1))
    rows = [("Console", public_url("/console"), "for the business")]
    if business is not None:
        rows = [
            ("Console", public_url("/console"), f"{OWNER}, password: {PASSWORD}"),
            ("Portal", public_url(f"/portal/{business.slug}"), f"sign in as {CUSTOMER}"),
            (
                "Mail",
                public_url("/dev/outbox"),
                "sign-in mails and the one-time code of the console",
            ),
        ]
    if practice_url:
        rows.append(("Stripe", practice_url, "practice Stripe: no real money moves"))
    rows.append(("API", public_url("/api/docs"), "every call, to try out"))
    width = max(len(address) for _, address, _ in rows)
    lines = [f"  {name:8} {address:{width}}  {words}" for name, address, words in rows]
    return "\n".join(["", "  Referral is running. Press Ctrl-C to end it.", "", *lines, ""])
