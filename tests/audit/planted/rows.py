"""Rows of the stories that plants begin with, and changes several of them make."""

from typing import Any

from sqlalchemy import Connection

from tests.audit.planting import find


def credit_given(c: Connection) -> Any:
    return find(c, "grant", operation="credit", state="done")


def coffee(c: Connection) -> Any:
    return find(c, "program", state="closed")


def account_of(c: Connection, name: str) -> Any:
    return find(c, "ledger_account", {"name": name}, program_id=coffee(c).id)
