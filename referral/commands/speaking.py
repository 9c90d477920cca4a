"""How every command speaks: what was made, where it can be opened, and refusals in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from referral.domain.businesses import Actor
from referral.foundation.errors import Refusal
from referral.serving import address_in_use, in_a_line
from referral.surfaces.web.settings import settings

COMMAND = Actor("command", "Command line")


@contextmanager
def refusals_in_a_line(**called: str) -> Iterator[None]:
    """Say a refusal, or a database that cannot be used, in one line instead of a traceback.

    What is wrong is named as the option it was given with; `called` tells the name of an option
    where the field has another.
    """
    try:
        yield
    except Refusal as refusal:
        said = " ".join(
            f"{_option(called.get(name, name))}: {what}" for name, what in refusal.fields.items()
        )
        raise click.ClickException(said or refusal.message) from refusal
    except DBAPIError as error:
        raise click.ClickException(in_a_line(error)) from error


def _option(name: str) -> str:
    """Return the option of this name as it is typed; a name that is no option stays as it is."""
    options = {one.name: one.opts[0] for one in click.get_current_context().command.params}
    return options.get(name, name)


def link(path: str) -> str:
    """Return an address to open: at BASE_URL, or where this machine's server last said it serves.

    Without BASE_URL and PORT, a command in development cannot know the port of `make run` in
    another shell; the server has left it in the instance folder.
    """
    chosen = settings()
    is_told = bool(chosen.base_url) or "port" in chosen.model_fields_set
    base = chosen.public_url if is_told else address_in_use() or chosen.public_url
    return base + path


def show(made: dict[str, Any], *, as_json: bool) -> None:
    """Print what was made, as JSON or as lines."""
    if as_json:
        click.echo(json.dumps(made, indent=2, ensure_ascii=False))
        return
    for name, value in made.items():
        for one in value if isinstance(value, list) else [value]:
            click.echo(f"{name}: {_in_words(one)}")


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        said = ((name, _in_words(known)) for name, known in value.items() if known is not None)
        return ", ".join(f"{name} {known}" for name, known in said if known)
    if isinstance(value, list | tuple):
        return " / ".join(_in_words(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
