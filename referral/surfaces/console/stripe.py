"""The connection to Stripe: how it stands, and connecting; no secret is ever shown again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import flash, g, redirect, request, url_for
from sqlalchemy import select

from referral.domain.businesses import (
    StripeConnection,
    check_keys,
    connect_stripe,
    connection_of,
    record,
)
from referral.domain.rewards.recovering import recovery_of
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from referral.gateways.stripe import (
    API_VERSION,
    EVENTS,
    StripeAccount,
    StripeEvent,
    poll_now,
    poll_of,
)
from referral.gateways.stripe.circuit import circuit_of
from referral.gateways.stripe.errors import (
    LacksRight,
    NotFoundThere,
    Retryable,
    StripeTrouble,
)
from referral.surfaces.console.door import actor
from referral.surfaces.console.frame import page
from referral.surfaces.web.practice import stand_in
from referral.surfaces.web.settings import public_url, settings

MOST_SHOWN = 20
KEY, MOVES, LEAKED = "stripe_secret_key", "moves_account", "secret_leaked"
BOTH_FOR = timedelta(days=1)
"""How long the signing secret before is taken beside a new one."""


def show() -> str:
    """Show how the connection stands, and what arrived last."""
    return _page({})


def connect() -> Any:
    """Connect or reconnect, once Stripe has taken the key; what waited goes on by itself."""
    at = clock.now()
    secret_key = request.form.get("stripe_secret_key", "")[:300].strip()
    webhook_secret = request.form.get("stripe_webhook_secret", "")[:300].strip()
    try:
        _check(secret_key, webhook_secret)
        account_id = _whose(secret_key)
        with transaction():
            connection = connect_stripe(
                g.business.id,
                secret_key=secret_key,
                webhook_secret=webhook_secret,
                at=at,
                account_id=account_id,
                both_for=timedelta(0) if request.form.get(LEAKED) else BOTH_FOR,
            )
            poll_now(g.business.id, at=at)
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


def _check(secret_key: str, webhook_secret: str) -> None:
    check_keys(secret_key, webhook_secret)
    if not webhook_secret.startswith("whsec_"):
        said = "The signing secret of a webhook endpoint starts with whsec_."
        raise Invalid(fields={"stripe_webhook_secret": said})


def _whose(secret_key: str) -> str | None:
    """Ask Stripe whose key it is: None when it cannot say; raises Invalid for one it refuses.

    Customers of one account do not exist in another, and test customers not in live mode. So
    what may be another place is taken only from somebody who says that they mean it.
    """
    is_live = "_live_" in secret_key
    before = connection_of(g.business.id)
    session.commit()
    account_id = _ask(secret_key, "" if is_live else settings().stripe_api_base)
    doubt = _doubt(before, account_id, is_live=is_live) if before is not None else None
    if doubt is not None and not request.form.get(MOVES):
        said = f"{doubt} Customers there are others: rewards of people known here would fail."
        raise Invalid(fields={KEY: said, MOVES: "Tick this if you mean to move."})
    return account_id


def _ask(secret_key: str, api_base: str) -> str | None:
    try:
        return StripeAccount(g.business.id, secret_key, api_base).whose()
    except (LacksRight, NotFoundThere, Retryable):
        return None
    except StripeTrouble as trouble:
        raise Invalid(fields={KEY: f"Stripe does not take this key. {trouble.said}"}) from trouble


def _doubt(before: StripeConnection, account_id: str | None, *, is_live: bool) -> str | None:
    """Say why a new key may lead to another place than the one before, or None."""
    if before.is_live and not is_live:
        return "This is a test key, and you are connected in live mode."
    known = before.account_id
    if known is None or known == account_id:
        return None
    if account_id is None:
        return f"Stripe could not be asked whether this is a key of {known}, as until now."
    return f"This key is of another Stripe account ({account_id}) than until now ({known})."


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
        poll=poll_of(g.business.id),
        recovery=recovery_of(g.business.id),
        circuit=circuit_of(g.business.id),
        refused_at=_refused_at(),
        at=clock.now(),
        waiting=session.scalars(waiting).all(),
        last_event=session.scalar(events),
        events=EVENTS,
        api_version=API_VERSION,
        stand_in=stand_in(),
        hook_url=public_url(f"/hooks/stripe/{g.business.public_id}"),
        errors=errors,
    )


def _refused_at() -> datetime | None:
    """Return when events were refused by their signature, unless one was kept since."""
    kept = select(StripeEvent.id).where(StripeEvent.received_at > StripeConnection.refused_at)
    query = select(StripeConnection.refused_at).where(~kept.exists())
    return session.scalar(query)
