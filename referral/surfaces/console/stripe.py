"""The connection to Stripe: how it stands, and connecting; no secret is ever shown again."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request, url_for
from sqlalchemy import select

from referral.domain.businesses import check_keys, connect_stripe, connection_of, record
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from referral.gateways.stripe import API_VERSION, EVENTS, StripeAccount, StripeEvent
from referral.gateways.stripe.errors import (
    LacksRight,
    NotFoundThere,
    Retryable,
    StripeTrouble,
)
from referral.surfaces.console.door import actor
from referral.surfaces.console.frame import page
from referral.surfaces.web.settings import public_url, settings

MOST_SHOWN = 20
KEY, MOVES = "stripe_secret_key", "moves_account"


def show() -> str:
    """Show how the connection stands, and what arrived last."""
    return _page({})


def connect() -> Any:
    """Connect or reconnect, once Stripe has taken the key; what waited goes on by itself."""
    at = clock.now()
    secret_key = request.form.get("stripe_secret_key", "")[:300].strip()
    webhook_secret = request.form.get("stripe_webhook_secret", "")[:300].strip()
    try:
        check_keys(secret_key, webhook_secret)
        account_id = _whose(secret_key)
        with transaction():
            connection = connect_stripe(
                g.business.id,
                secret_key=secret_key,
                webhook_secret=webhook_secret,
                at=at,
                account_id=account_id,
            )
            record(
                g.business.id,
                "stripe.connected",
                subject=g.business.public_id,
                actor=actor(),
                at=at,
                details={
                    "last_four": connection.last_four,
                    "is_live": connection.is_live,
                    "account": connection.account_id,
                },
            )
    except Invalid as refusal:
        return _page(refusal.fields), 422
    if account_id is None:
        flash("The key is kept, and Stripe could not be asked whose it is.", "warning")
    else:
        flash("Stripe is connected. What was waiting for it goes on by itself.", "success")
    return redirect(url_for("console.stripe"), 303)


def _whose(secret_key: str) -> str | None:
    """Ask Stripe whose key it is: None when it cannot say; raises Invalid for one it refuses.

    Customers of one account do not exist in another, so a key of another account is taken only
    from somebody who says that they mean it.
    """
    base = "" if "_live_" in secret_key else settings().stripe_api_base
    before = connection_of(g.business.id)
    known = before.account_id if before is not None else None
    session.commit()
    try:
        account_id = StripeAccount(g.business.id, secret_key, base).whose()
    except (LacksRight, NotFoundThere, Retryable):
        return None
    except StripeTrouble as trouble:
        raise Invalid(fields={KEY: f"Stripe does not take this key. {trouble.said}"}) from trouble
    if known not in (None, account_id) and not request.form.get(MOVES):
        said = (
            f"This key is of another Stripe account ({account_id}) than until now ({known}). "
            "Its customers are others, so rewards of people known there could not be given."
        )
        raise Invalid(fields={KEY: said, MOVES: "Tick this if you mean to move."})
    return account_id


def _page(errors: dict[str, str]) -> str:
    events = select(StripeEvent).order_by(StripeEvent.id.desc()).limit(1)
    waiting = (
        select(StripeEvent)
        .where(StripeEvent.read_at.is_(None), StripeEvent.last_error.is_not(None))
        .order_by(StripeEvent.id)
        .limit(MOST_SHOWN)
    )
    return page(
        "stripe",
        connection=connection_of(g.business.id),
        waiting=session.scalars(waiting).all(),
        last_event=session.scalar(events),
        events=EVENTS,
        api_version=API_VERSION,
        hook_url=public_url(f"/hooks/stripe/{g.business.public_id}"),
        errors=errors,
    )
