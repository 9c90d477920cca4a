"""`serve`, `work`, `audit-ledger` and `demo`: what keeps the product going, and what watches it."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from referral.commands.speaking import refusals_in_a_line
from referral.foundation import clock
from referral.surfaces.web.settings import settings


@click.command("audit-ledger")
@click.option("--provider", is_flag=True, help="Compare with what Stripe holds as well.")
@with_appcontext
def audit_ledger(provider: bool) -> None:
    """Check every invariant that data can show; exits 1 when one is violated.

    With --provider it also exits 1 when Stripe could not be asked about something.
    """
    from referral.domain.reports.auditor import audit

    with refusals_in_a_line():
        report = audit(clock.now())
        if provider:
            from referral.worker.comparing import compare_with_provider

            compare_with_provider(report)
    for line in report.lines():
        click.echo(line)
    unasked = any(warning.invariant == "provider" for warning in report.warnings)
    sys.exit(1 if report.violations or unasked else 0)


@click.command("work")
@click.option("--threads", type=click.IntRange(1, 32), help="How many, usually 4.")
@with_appcontext
def work(threads: int | None) -> None:
    """Do what is due, until stopped."""
    from referral.worker import THREADS, run

    run(current_app._get_current_object(), threads=threads or THREADS)  # type: ignore[attr-defined]


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
    with refusals_in_a_line():
        if not is_empty():
            raise click.ClickException("The database is not empty; the demo leaves it alone.")
        tell()


def _refuse_in_production() -> None:
    if settings().is_production:
        raise click.ClickException("The demo has public passwords; it never runs in production.")
