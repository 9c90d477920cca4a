"""How the connection to Stripe stands at this moment: asked there, nothing is changed."""

from __future__ import annotations

from flask import g, redirect, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from referral.domain.rewards import Grant
from referral.domain.rewards.grants import GrantState
from referral.foundation import clock
from referral.foundation.db import session
from referral.foundation.money import Money
from referral.gateways.stripe import StripeEvent
from referral.gateways.stripe.errors import StripeTrouble
from referral.surfaces.console.frame import page
from referral.surfaces.web.accounts import account_of
from referral.surfaces.web.reasons import waiting_words

RIGHTS = {
    "customers": "Credit and discounts",
    "coupons": "Discounts",
    "promotion_codes": "Discounts",
    "invoices": "Purchases and refunds",
    "charges": "Refunds, and money back",
    "refunds": "Refunds, and money back",
    "subscriptions": "Free periods",
    "accounts": "Cash",
    "transfers": "Cash",
    "events": "Missed events",
    "balance": "Cash",
    "account": "Whose key it is",
}
"""What needs which of Stripe's resources."""


def show() -> str | Response:
    """Ask Stripe what the key is and may read, and show what waits for it."""
    account = account_of(g.business.id)
    last_event = session.scalars(
        select(StripeEvent).order_by(StripeEvent.id.desc()).limit(1)
    ).first()
    waiting = [
        (waiting_words(why, for_staff=True), count)
        for why, count in session.execute(
            select(Grant.waits_for, func.count())
            .where(Grant.state.in_((GrantState.WAITING, GrantState.SENDING)))
            .group_by(Grant.waits_for)
            .order_by(func.count().desc())
        )
        if why is not None
    ]
    session.commit()
    if account is None:
        return redirect(url_for("console.stripe"), 303)
    health, trouble = None, None
    try:
        health = account.health()
    except StripeTrouble as refused:
        trouble = refused.said
    return page(
        "stripe_health",
        health=health,
        trouble=trouble,
        lacking=[(name, RIGHTS.get(name, name)) for name in health.lacks] if health else [],
        balances=_balances(health.available) if health else [],
        last_event=last_event,
        waiting=waiting,
        asked_at=clock.now(),
    )


def _balances(available: dict[str, int]) -> list[Money]:
    return [Money(amount, currency) for currency, amount in sorted(available.items())]
