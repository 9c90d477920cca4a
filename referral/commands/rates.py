"""`import-exchange-rates`: rates from a file on this machine, such as a central bank publishes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from referral.commands.businesses import find_business
from referral.commands.speaking import COMMAND, refusals_in_a_line, show
from referral.domain import journey
from referral.domain.businesses import record, within
from referral.domain.currencies import read_list
from referral.foundation import clock
from referral.foundation.db import transaction


@click.command("import-exchange-rates")
@click.option("--business", required=True, help="The business's id, biz_….")
@click.option(
    "--file",
    "path",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV: Date,USD,JPY,… or base,quote,rate,date.",
)
@click.option("--base", default="eur", show_default=True, help="What the columns are rates for.")
@click.option("--source", default="European Central Bank", show_default=True)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Leave earlier days out; such a file may reach back for decades.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def import_rates(
    business: str, path: Path, base: str, source: str, since: datetime | None, as_json: bool
) -> None:
    """Import exchange rates from a file; those that are known already are left as they are."""
    at = clock.now()
    with refusals_in_a_line(), transaction():
        owner = find_business(business)
        with within(owner.id):
            told = read_list(path.read_text("utf-8-sig"), base=base.lower(), source=source)
            wanted = [one for one in told if since is None or one.day >= since.date()]
            kept = journey.tell_rates(owner, wanted, at=at)
            new = sum(is_new for _, is_new in kept)
            details = {"number": new, "source": source}
            record(
                owner.id, "rate.imported", subject=owner.public_id, actor=COMMAND, at=at,
                details=details,
            )  # fmt: skip
    show({"read": len(kept), "new": new}, as_json=as_json)
