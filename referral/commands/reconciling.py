"""`reconcile-first`: after a restore, have every act looked for at Stripe before it is sent."""

from __future__ import annotations

import uuid
from datetime import datetime

import click
from flask.cli import with_appcontext

from referral.commands.businesses import find_business
from referral.commands.speaking import COMMAND, refusals_in_a_line
from referral.domain.businesses import Business, connection_of, record, within
from referral.domain.rewards.ending_early import end_early
from referral.domain.rewards.recovering import reconcile_first, recover_all, recovery_of
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.ids import public_id


@click.command("reconcile-first")
@click.option("--business", help="Only this business: biz_…; else all that are connected.")
@click.option("--end", "is_end", is_flag=True, help="Send again without looking; needs --business.")
@with_appcontext
def reconcile(business: str | None, is_end: bool) -> None:
    """Look at Stripe before anything is sent, until what is there is known here."""
    if is_end and business is None:
        raise click.UsageError("--end needs --business.")
    at = clock.now()
    with refusals_in_a_line(), transaction():
        owner = None if business is None else find_business(business).id
        said = _end(owner, at=at) if is_end and owner else _begin(owner, at=at)
    click.echo(said)


def _begin(owner: uuid.UUID | None, *, at: datetime) -> str:
    """Have one business or all look first; without Stripe there is nowhere to look."""
    reason = "Asked for by the command, as after a restore."
    if owner is None:
        keys = recover_all(reason=reason, at=at)
    else:
        with within(owner):
            keys = [owner] if connection_of(owner) else []
            if keys:
                reconcile_first(owner, reason=reason, at=at)
    for key in keys:
        _write(key, "recovering.began", at=at)
    if keys:
        return f"{len(keys)} look before they send."
    whose = "it is not" if owner else "none is"
    return f"0 look before they send: {whose} connected to Stripe."


def _end(owner: uuid.UUID, *, at: datetime) -> str:
    """Have a business send without looking, if it looks, and say what is held for it."""
    with within(owner):
        if recovery_of(owner) is None:
            return "0 ended: it did not look before it sends."
        held = end_early(owner, actor=COMMAND, at=at)
    _write(owner, "recovering.ended", at=at)
    more = f"{held} rewards may have been given before: held until somebody releases them."
    return f"1 ended.\n{more}" if held else "1 ended."


def _write(owner: uuid.UUID, did: str, *, at: datetime) -> None:
    with within(owner):
        record(owner, did, subject=public_id(Business.prefix, owner), actor=COMMAND, at=at)
