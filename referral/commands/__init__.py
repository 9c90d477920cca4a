"""The `flask` commands: setting up, serving, working, auditing; each prints what comes next."""

from __future__ import annotations

from flask import Flask

from referral.commands.backup import back_up
from referral.commands.businesses import new_business
from referral.commands.operators import reset_operator
from referral.commands.programs import new_program
from referral.commands.rates import import_rates
from referral.commands.reconciling import reconcile
from referral.commands.running import audit_ledger, demo, serve, work

__all__ = ["add_commands"]


def add_commands(app: Flask) -> None:
    """Add every command to `flask`."""
    setting_up = (new_business, new_program, import_rates, reset_operator)
    for command in (*setting_up, audit_ledger, back_up, reconcile, work, serve, demo):
        app.cli.add_command(command)
