"""The connection to Stripe: how it stands, and connecting; no secret is ever shown again."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request, url_for
from sqlalchemy import select

from referral.domain.businesses import StripeConnection, connect_stripe, record
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from referral.gateways.stripe import API_VERSION, EVENTS, StripeEvent
from referral.surfaces.console.door import actor
from referral.surfaces.console.frame import page
from referral.surfaces.web.settings import public_url


def show() -> str:
    """Show how the connection stands, and what arrived last."""
    return _page({})


def connect() -> Any:
    """Connect or reconnect; what waited for it goes on by itself."""
    at, typed = clock.now(), request.form
    try:
        with transaction():
            connection = connect_stripe(
                g.business.id,
                secret_key=typed.get("stripe_secret_key", "")[:300],
                webhook_secret=typed.get("stripe_webhook_secret", "")[:300],
                at=at,
            )
            record(
                g.business.id,
                "stripe.connected",
                subject=g.business.public_id,
                actor=actor(),
                at=at,
                details={"last_four": connection.last_four, "is_live": connection.is_live},
            )
    except Invalid as refusal:
        return _page(refusal.fields), 422
    flash("Stripe is connected. What was waiting for it goes on by itself.", "success")
    return redirect(url_for("console.stripe"), 303)


def _page(errors: dict[str, str]) -> str:
    events = select(StripeEvent).order_by(StripeEvent.id.desc()).limit(1)
    return page(
        "stripe",
        connection=session.scalar(
            select(StripeConnection).where(StripeConnection.business_id == g.business.id)
        ),
        last_event=session.scalar(events),
        events=EVENTS,
        api_version=API_VERSION,
        hook_url=public_url(f"/hooks/stripe/{g.business.public_id}"),
        errors=errors,
    )
