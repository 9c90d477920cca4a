"""`reconcile-first`: after a restore, have every act looked for at Stripe before it is sent."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from referral.commands.speaking import COMMAND, refusals_in_a_line
from referral.domain.businesses import Business, record, within
from referral.domain.rewards.ending_early import end_early
from referral.domain.rewards.recovering import reconcile_first, recover_all
from referral.foundation import clock
from referral.foundation.db import transaction
from referral.foundation.ids import parse_public_id, public_id


@click.command("reconcile-first")
@click.option("--business", help="Only this business: biz_…; else all that are connected.")
@click.option("--end", "is_end", is_flag=True, help="Send again without looking; needs --business.")
@with_appcontext
def reconcile(business: str | None, is_end: bool) -> None:
    """Look at Stripe before anything is sent, until what is there is known here."""
    if is_end and business is None:
        raise click.UsageError("--end needs --business.")
    held = 0
    at, reason = clock.now(), "Asked for by the command, as after a restore."
    with refusals_in_a_line(), transaction():
        if business is None:
            keys = recover_all(reason=reason, at=at)
        else:
            keys = [parse_public_id(Business.prefix, business)]
        for key in keys:
            with within(key):
                if is_end:
                    held = end_early(key, actor=COMMAND, at=at)
                elif business is not None:
                    reconcile_first(key, reason=reason, at=at)
                did = "recovering.ended" if is_end else "recovering.began"
                record(key, did, subject=public_id(Business.prefix, key), actor=COMMAND, at=at)
    click.echo(f"{len(keys)} {'ended' if is_end else 'look before they send'}.")
    if held:
        click.echo(f"{held} rewards may have been given before: held until somebody releases them.")
