"""`reset-operator`: a new start for somebody who lost every proof of who they are."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from referral.commands.speaking import COMMAND, link, refusals_in_a_line
from referral.domain.businesses import Operator, record, within
from referral.domain.businesses.credentials import forget_proofs
from referral.domain.businesses.team import memberships_of
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid
from referral.surfaces.web.sessions import VisitorKind, end_sessions


@click.command("reset-operator")
@click.option("--email", required=True, help="Who lost their authenticator and recovery codes.")
@with_appcontext
def reset_operator(email: str) -> None:
    """Let an operator set up their sign-in anew; their sessions end and the old proofs die."""
    at = clock.now()
    with refusals_in_a_line(), transaction():
        operator = session.scalar(select(Operator).where(Operator.email == email.strip().lower()))
        if operator is None:
            raise Invalid(fields={"email": "There is no such operator."})
        token = forget_proofs(operator, at=at)
        end_sessions(VisitorKind.OPERATOR, operator.id, at=at)
        for membership in memberships_of(operator):
            with within(membership.business_id):
                subject = operator.public_id
                record(
                    membership.business_id, "operator.reset", subject=subject, actor=COMMAND, at=at
                )
    click.echo(link(f"/console/set-up/{token}"))
