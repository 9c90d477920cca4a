"""Money paid out: what waits and what helps, what was sent and taken back, and who owes what."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request, url_for

from referral.domain import journey
from referral.domain.reports import console as lists
from referral.domain.reports.payouts import Payout, Sums, debts, payout_sums, payouts
from referral.domain.rewards.debts import NothingOwed
from referral.domain.rewards.grants import GrantState, Waiting
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.errors import Invalid
from referral.gateways.stripe import StripeBalance, balances_of
from referral.surfaces.console.door import actor
from referral.surfaces.console.forms import read_reason
from referral.surfaces.console.frame import page
from referral.surfaces.web.needs import needs_words
from referral.surfaces.web.reasons import GRANTS, OPERATIONS, waiting_words
from referral.surfaces.web.words import money

NOTHING_TO_SEND = "Nothing to send"
SHOWN = ("waiting", "sent", "reversed", "failed")


def show() -> str:
    """List payouts with what each waits for, and say how much balance is missing."""
    asked = request.args.get("show", "")
    chosen = asked if asked in SHOWN else ""
    found, next_id = payouts(chosen, request.args.get("after"))
    balances = {one.currency: one for one in balances_of(g.business.id)}
    sums = payout_sums(g.business.id)
    return page(
        "payouts",
        payouts=[_line(one) for one in found],
        shown=chosen,
        next_url=url_for("console.payouts", show=chosen or None, after=next_id) if next_id else "",
        sums=sums,
        balances=balances,
        gaps=[gap for one in sums if (gap := _gap(one, balances.get(one.currency)))],
    )


def show_debts() -> str:
    """List what people owe, and let it be forgiven."""
    return _debts({}, "")


def forgive(reward: str) -> Any:
    """Let the debt of one reward go, with a reason."""
    found = lists.find_reward(reward)
    try:
        reason = read_reason(request.form)
    except Invalid as refusal:
        return _debts(refusal.fields, found.public_id), 422
    try:
        with transaction():
            amount_minor = journey.forgive_debt(found, actor=actor(), reason=reason, at=clock.now())
    except NothingOwed as refusal:
        flash(refusal.message, "warning")
    else:
        flash(f"{money(amount_minor, found.currency)} is forgiven.", "success")
    return redirect(url_for("console.debts"), 303)


def _debts(errors: dict[str, str], about: str) -> str:
    found, next_id = debts(request.values.get("after"))
    return page(
        "debts",
        debts=found,
        errors=errors,
        about=about,
        next_url=url_for("console.debts", after=next_id) if next_id else "",
    )


def _gap(one: Sums, balance: StripeBalance | None) -> dict[str, str] | None:
    """Say how much of a currency is needed, there, and missing; None when there is enough."""
    available_minor = balance.available_minor if balance else 0
    if one.short_minor <= available_minor:
        return None
    return {
        "needed": money(one.short_minor, one.currency),
        "available": money(available_minor, one.currency),
        "missing": money(one.short_minor - available_minor, one.currency),
    }


def _line(one: Payout) -> dict[str, Any]:
    """Return a payout as the list shows it: where it stands, and what helps."""
    grant, reward, payee = one.grant, one.reward, one.payee
    waits_for = grant.still_waits_for
    if waits_for and reward.is_held:
        waits_for = Waiting.HELD
    notes = [waiting_words(waits_for, for_staff=True)] if waits_for else [grant.proof or ""]
    if waits_for == Waiting.PAYEE_NOT_READY and payee is not None:
        if payee.is_rejected:
            notes.append("Stripe turned this account away for good.")
        notes += [f"Stripe asks for: {', '.join(needs_words(payee.needs))}."] if payee.needs else []
    if reward.netted_minor and not grant.takes:
        settles = f"{money(reward.netted_minor, reward.currency)} of {money(reward)}"
        notes.append(f"{settles} settles a debt and is not sent.")
    is_sent = grant.takes or grant.state == GrantState.FAILED or not reward.is_settling
    return {
        "grant": grant,
        "reward": reward,
        "what": OPERATIONS[grant.operation] if is_sent else NOTHING_TO_SEND,
        "state": GRANTS[grant.state],
        "note": " ".join(filter(None, notes)),
        "account": payee.account_id if payee and is_sent else None,
    }
