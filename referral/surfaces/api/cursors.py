"""Paging: where a page ended, signed so that only its own business and list can go on from it."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field
from sqlalchemy import Select
from werkzeug.exceptions import BadRequest

from referral.domain.businesses import Business
from referral.foundation.crypto import is_signed, sign
from referral.foundation.db import session
from referral.surfaces.api.contract import Asked

MOST = 100
_PURPOSE = "api cursor"
_KEY = 16
Row = TypeVar("Row")


def _plain_number(value: object) -> object:
    """Read digits only: lax reading would take `1_0` and ` 5` for numbers too."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError(f"A whole number from 1 to {MOST}.")
    return value


class PageAsked(Asked):
    """Which page of a list."""

    limit: Annotated[
        int,
        Field(ge=1, le=MOST, description="How many items at most."),
        BeforeValidator(_plain_number),
    ] = 25
    after: Annotated[
        str | None,
        Field(max_length=200, description="The `next` of the page before, unchanged."),
    ] = None


def write_cursor(business: Business, name: str, key: uuid.UUID) -> str:
    """Write where a page ended."""
    said = key.bytes + sign(_PURPOSE, _bound(business, name, key.bytes))
    return base64.urlsafe_b64encode(said).decode().rstrip("=")


def read_cursor(business: Business, name: str, text: str) -> uuid.UUID:
    """Read a cursor back; one of another business or list, or an edited one, is refused (S-5)."""
    try:
        said = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        said = b""
    key, signature = said[:_KEY], said[_KEY:]
    if len(signature) != _KEY or not is_signed(_PURPOSE, _bound(business, name, key), signature):
        raise BadRequest("This `after` is not a `next` of this list. Begin again without it.")
    return uuid.UUID(bytes=key)


def page(
    business: Business, name: str, query: Select[Row], column: Any, asked: PageAsked
) -> tuple[list[Row], str | None]:
    """Return the rows of one page of a list, the newest first, and the cursor of the next.

    `column` is the key rows are ordered by, a UUIDv7; one row more is read to see if more follow.
    """
    query = query.order_by(column.desc()).limit(asked.limit + 1)
    if asked.after is not None:
        query = query.where(column < read_cursor(business, name, asked.after))
    rows: list[Any] = list(session.scalars(query))
    if len(rows) <= asked.limit:
        return rows, None
    return rows[:-1], write_cursor(business, name, rows[-2].id)


def _bound(business: Business, name: str, key: bytes) -> bytes:
    return b"\n".join((business.id.bytes, name.encode(), key))
