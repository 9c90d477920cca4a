"""The `flask` commands: setting up, serving, working, auditing; each prints what comes next."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from referral.domain.businesses import (
    Actor,
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
from referral.domain.businesses.keys import KeyKind
from referral.domain.businesses.team import memberships_of
from referral.domain.programs import (
    Approval,
    Kind,
    Offer,
    OfferTerms,
    ProgramTerms,
    Side,
    TouchRule,
    Trigger,
    create_program,
    publish_offer,
)
from referral.domain.programs.programs import ProgramState
from referral.foundation import clock
from referral.foundation.db import session, transaction
from referral.foundation.errors import Invalid, Refusal
from referral.foundation.ids import parse_public_id
from referral.surfaces.web.sessions import VisitorKind, end_sessions
from referral.surfaces.web.settings import public_url, settings

COMMAND = Actor("command", "Command line")


def add_commands(app: Flask) -> None:
    """Add every command to `flask`."""
    for command in (new_business, new_program, reset_operator, audit_ledger, work, serve, demo):
        app.cli.add_command(command)


@click.command("create-business")
@click.option("--name", required=True, help="What customers call the business.")
@click.option("--site-url", required=True, help="The business's own site.")
@click.option("--currency", required=True, help="ISO 4217 code, such as eur.")
@click.option("--owner-email", required=True, help="Who signs in to the console first.")
@click.option(
    "--stripe-secret-key", default="", help="sk_test_…, sk_live_…, rk_test_… or rk_live_…."
)
@click.option("--stripe-webhook-secret", default="", help="The endpoint's signing secret, whsec_….")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def new_business(
    name: str,
    site_url: str,
    currency: str,
    owner_email: str,
    stripe_secret_key: str,
    stripe_webhook_secret: str,
    as_json: bool,
) -> None:
    """Create a business with its owner and keys; the keys are shown once."""
    from referral.domain.businesses.credentials import issue_setup_token

    at = clock.now()
    with _refusals(), transaction():
        business = create_business(name, site_url=site_url, currency=currency, at=at)
        with within(business.id):
            owner = invite(business.id, owner_email, role=Role.OWNER, name="", at=at)
            made = {
                "id": business.public_id,
                "slug": business.slug,
                "secret_key": issue_key(business.id, KeyKind.SECRET, name="Server", at=at),
                "publishable_key": issue_key(
                    business.id, KeyKind.PUBLISHABLE, name="Widget", at=at
                ),
                "owner_sign_in_url": public_url(
                    f"/console/set-up/{issue_setup_token(owner, at=at)}"
                ),
                "portal_url": public_url(f"/portal/{business.slug}"),
                "stripe_webhook_url": public_url(f"/hooks/stripe/{business.public_id}"),
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
    _print(made, as_json=as_json)


@click.command("create-program")
@click.option("--business", required=True, help="The business's id, biz_….")
@click.option("--name", required=True)
@click.option("--landing-url", required=True, help="Where friends land.")
@click.option("--advocate-offer", default="", help="KIND:AMOUNT or KIND:RATE%.")
@click.option("--friend-offer", default="", help="KIND:AMOUNT or KIND:RATE%.")
@click.option(
    "--trigger",
    type=click.Choice([one.value for one in Trigger]),
    default=Trigger.FIRST_PURCHASE.value,
)
@click.option("--hold-days", type=click.IntRange(0, 365), default=30, show_default=True)
@click.option(
    "--approval",
    type=click.Choice([one.value for one in Approval]),
    default=Approval.AUTOMATIC.value,
)
@click.option(
    "--touch", type=click.Choice([one.value for one in TouchRule]), default=TouchRule.FIRST.value
)
@click.option("--budget", type=click.IntRange(0, 10**12), help="In minor units; none: no limit.")
@click.option("--person-cap", type=click.IntRange(1, 10**12), help="Per advocate, minor units.")
@click.option("--click-window-days", type=click.IntRange(1, 730), default=90, show_default=True)
@click.option("--qualify-window-days", type=click.IntRange(1, 730), default=180, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def new_program(
    business: str,
    name: str,
    landing_url: str,
    advocate_offer: str,
    friend_offer: str,
    trigger: str,
    hold_days: int,
    approval: str,
    touch: str,
    budget: int | None,
    person_cap: int | None,
    click_window_days: int,
    qualify_window_days: int,
    as_json: bool,
) -> None:
    """Create a program with an offer for each side."""
    at = clock.now()
    with _refusals(), transaction():
        owner = _business(business)
        with within(owner.id):
            terms = ProgramTerms(
                name=name,
                landing_url=landing_url,
                touch_rule=TouchRule(touch),
                approval=Approval(approval),
                hold_days=hold_days,
                click_window_days=click_window_days,
                qualify_window_days=qualify_window_days,
            )
            program = create_program(owner, terms, at=at, budget_minor=budget)
            wanted = [
                read_offer(Side.ADVOCATE, advocate_offer, trigger, person_cap=person_cap),
                read_offer(Side.FRIEND, friend_offer, trigger),
            ]
            offers = [publish_offer(program, one, at=at) for one in wanted if one is not None]
            record(owner.id, "program.created", subject=program.public_id, actor=COMMAND, at=at)
    _print(
        {
            "id": program.public_id,
            "name": program.name,
            "state": ProgramState(program.state).value,
            "landing_url": program.landing_url,
            "currency": program.currency,
            "offers": [_offer(one) for one in offers],
        },
        as_json=as_json,
    )


@click.command("reset-operator")
@click.option("--email", required=True, help="Who lost their authenticator and recovery codes.")
@with_appcontext
def reset_operator(email: str) -> None:
    """Let an operator set up their sign-in anew; their sessions end and the old proofs die."""
    from referral.domain.businesses.credentials import forget_proofs

    at = clock.now()
    with _refusals(), transaction():
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
    click.echo(public_url(f"/console/set-up/{token}"))


@click.command("audit-ledger")
@with_appcontext
def audit_ledger() -> None:
    """Check every invariant that data can show; exits 1 when one is violated."""
    from referral.domain.reports.auditor import audit

    report = audit(clock.now())
    for line in report.lines():
        click.echo(line)
    sys.exit(1 if report.violations else 0)


@click.command("work")
@click.option("--threads", type=click.IntRange(1, 32), default=2, show_default=True)
@with_appcontext
def work(threads: int) -> None:
    """Do what is due, until stopped."""
    from referral.worker import run

    run(current_app._get_current_object(), threads=threads)  # type: ignore[attr-defined]


@click.command("serve")
@click.option(
    "--demo", "with_demo", is_flag=True, help="Migrate, seed an empty database, say where."
)
@with_appcontext
def serve(with_demo: bool) -> None:
    """Serve web and worker together; whichever dies is started again."""
    from referral.serving import supervise

    if with_demo:
        _refuse_in_production()
    sys.exit(supervise(with_demo=with_demo))


@click.command("demo")
@with_appcontext
def demo() -> None:
    """Tell the demo's story into an empty database."""
    from referral.demo import is_empty, tell

    _refuse_in_production()
    if not is_empty():
        raise click.ClickException("The database is not empty; the demo leaves it alone.")
    tell()


def _refuse_in_production() -> None:
    if settings().is_production:
        raise click.ClickException("The demo has public passwords; it never runs in production.")


def read_offer(
    side: Side, text: str, trigger: str, *, person_cap: int | None = None
) -> OfferTerms | None:
    """Read `account_credit:1000` or `discount:20%`; raises Invalid saying how to write it."""
    if not text.strip():
        return None
    kind, _, amount = text.strip().partition(":")
    field = f"{side}_offer"
    if kind not in [*Kind]:
        raise Invalid(fields={field: f"The kind is one of: {', '.join(Kind)}."})
    chosen = Trigger.SIGNUP if kind == Kind.DISCOUNT else Trigger(trigger)
    amount_minor, rate_bp = _amount_or_rate(amount, field)
    return OfferTerms(
        side=side,
        kind=Kind(kind),
        trigger=chosen,
        amount_minor=amount_minor,
        rate_bp=rate_bp,
        person_cap_minor=person_cap,
    )


def _amount_or_rate(text: str, field: str) -> tuple[int | None, int | None]:
    """Read minor units, or a rate with at most two decimals as basis points."""
    side = field.split("_", maxsplit=1)[0]
    said = f"Write the {side} offer in minor units (1000) or as a rate (10%, 12.5%)."
    number = text.removesuffix("%")
    whole, _, decimals = number.partition(".")
    if not (whole.isascii() and whole.isdigit()) or (decimals and not decimals.isdigit()):
        raise Invalid(fields={field: said})
    if not text.endswith("%"):
        if decimals:
            raise Invalid(fields={field: said})
        return int(whole), None
    if len(decimals) > 2:
        raise Invalid(fields={field: said})
    return None, int(whole) * 100 + int((decimals + "00")[:2])


def _business(text: str) -> Business:
    found = session.get(Business, parse_public_id(Business.prefix, text))
    if found is None:
        raise Invalid(fields={"business": "There is no such business."})
    return found


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "id": offer.public_id,
        "side": offer.side,
        "version": offer.version,
        "trigger": offer.trigger,
        "kind": offer.kind,
        "amount_minor": offer.amount_minor,
        "rate_bp": offer.rate_bp,
        "currency": offer.currency,
        "hold_days": offer.hold_days,
    }


@contextmanager
def _refusals() -> Iterator[None]:
    """Say a refusal in one line instead of a traceback."""
    try:
        yield
    except Refusal as refusal:
        said = "; ".join(f"{name}: {what}" for name, what in refusal.fields.items())
        raise click.ClickException(said or refusal.message) from refusal


def _print(made: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(made, indent=2, ensure_ascii=False))
        return
    for name, value in made.items():
        click.echo(f"{name}: {value}")
