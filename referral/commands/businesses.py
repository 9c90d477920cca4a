"""`create-business`: a business with its owner, its keys and its connection to Stripe."""

from __future__ import annotations

from datetime import datetime

import click
from flask.cli import with_appcontext

from referral.commands.speaking import COMMAND, link, refusals_in_a_line, show
from referral.domain.businesses import (
    Business,
    Operator,
    Role,
    connect_stripe,
    create_business,
    invite,
    issue_key,
    record,
    within,
)
from referral.domain.businesses.businesses import set_time_zone
from referral.domain.businesses.credentials import issue_setup_token
from referral.domain.businesses.keys import KeyKind
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid, NotFound
from referral.foundation.ids import parse_public_id


@click.command("create-business")
@click.option("--name", required=True, help="What customers call the business.")
@click.option("--site-url", required=True, help="The business's own site.")
@click.option("--currency", required=True, help="ISO 4217 code, such as eur.")
@click.option("--owner-email", required=True, help="Who signs in to the console first.")
@click.option("--owner-name", default="", help="Signs what they write to people.")
@click.option(
    "--stripe-secret-key", default="", help="sk_test_…, sk_live_…, rk_test_… or rk_live_…."
)
@click.option("--stripe-webhook-secret", default="", help="The endpoint's signing secret, whsec_….")
@click.option("--time-zone", default="UTC", show_default=True, help="Where days begin.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def new_business(
    name: str,
    site_url: str,
    currency: str,
    owner_email: str,
    owner_name: str,
    stripe_secret_key: str,
    stripe_webhook_secret: str,
    time_zone: str,
    as_json: bool,
) -> None:
    """Create a business with its owner and keys; the keys are shown once."""
    at = clock.now()
    with refusals_in_a_line(email="owner_email"), transaction():
        business = create_business(name, site_url=site_url, currency=currency, at=at)
        set_time_zone(business, time_zone)
        with within(business.id):
            owner = invite(business.id, owner_email, role=Role.OWNER, name=owner_name, at=at)
            made = {
                "id": business.public_id,
                "slug": business.slug,
                "secret_key": issue_key(business.id, KeyKind.SECRET, name="Server", at=at),
                "publishable_key": issue_key(
                    business.id, KeyKind.PUBLISHABLE, name="Widget", at=at
                ),
                "owner_sign_in_url": link(_way_in(owner, at=at)),
                "portal_url": link(f"/portal/{business.slug}"),
                "stripe_webhook_url": link(f"/hooks/stripe/{business.public_id}"),
            }
            if stripe_secret_key or stripe_webhook_secret:
                connect_stripe(
                    business.id,
                    secret_key=stripe_secret_key,
                    webhook_secret=stripe_webhook_secret,
                    at=at,
                )
            record(
                business.id, "business.created", subject=business.public_id, actor=COMMAND, at=at
            )
    show(made, as_json=as_json)


def _way_in(owner: Operator, *, at: datetime) -> str:
    """Return where an owner signs in; one who never did sets that up there first."""
    if owner.is_set_up:
        return "/console/sign-in"
    return f"/console/set-up/{issue_setup_token(owner, at=at)}"


def find_business(text: str) -> Business:
    """Return the business of a public id; raises Invalid."""
    unknown = Invalid(fields={"business": "There is no business of this id."})
    try:
        found = session.get(Business, parse_public_id(Business.prefix, text))
    except NotFound:
        raise unknown from None
    if found is None:
        raise unknown
    return found
