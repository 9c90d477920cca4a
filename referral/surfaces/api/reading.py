"""Reading a call strictly: JSON and nothing else, every name once, every field one we know.

Knows how a call is written. Refuses to know what it is for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeVar

from flask import request
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from referral.foundation.errors import Invalid
from referral.surfaces.api.contract import EXPLAINED, Asked, In

KEY_HEADER = "Idempotency-Key"
KEY_PATTERN = r"^[!-~]{1,255}$"
Sent = TypeVar("Sent", bound=In)
Question = TypeVar("Question", bound=Asked)


def read_query(asks: type[Question]) -> Question:
    """Read what the address asks for; raises Invalid naming each field."""
    twice = [name for name in request.args if len(request.args.getlist(name)) > 1]
    if twice:
        raise Invalid(fields={name: "Give it once." for name in twice})
    try:
        return asks.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise _refused(error) from None


def read_body(takes: type[Sent]) -> Sent:
    """Read the body; what is no JSON is a 400, what does not fit raises Invalid."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send JSON, with the header Content-Type: application/json.")
    raw = request.get_data()
    try:
        json.loads(raw.decode(), object_pairs_hook=_each_once, parse_constant=_no_number)
        return takes.model_validate_json(raw, strict=True)
    except ValidationError as error:
        if any(one["type"] == "json_invalid" for one in error.errors()):
            raise BadRequest("This is not readable as JSON.") from None
        raise _refused(error) from None
    except (ValueError, RecursionError):
        raise BadRequest(
            "This is not readable as JSON, in UTF-8 and with each name once."
        ) from None


def read_idempotency_key() -> str | None:
    """Read the key under which the call works once; raises Invalid for an unreadable one."""
    key = request.headers.get(KEY_HEADER)
    if key is not None and not re.fullmatch(KEY_PATTERN, key):
        raise Invalid(fields={KEY_HEADER: "Use 1 to 255 letters, digits and signs, no spaces."})
    return key


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a name given twice: two readers could each take another one (S-150)."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name is given twice")
    return dict(pairs)


def _no_number(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _refused(error: ValidationError) -> Invalid:
    """Say what is wrong with each field, never what was sent."""
    return Invalid(fields=dict(_each_field(error)))


def _each_field(error: ValidationError) -> Iterator[tuple[str, str]]:
    for one in error.errors(include_input=False, include_url=False):
        yield ".".join(map(str, one["loc"])) or "body", _said(one["type"], one)


def _said(kind: str, one: Any) -> str:
    if kind == "extra_forbidden":
        return "There is no such field."
    if kind == "missing":
        return "This is required."
    if kind == "string_pattern_mismatch":
        return EXPLAINED[one["ctx"]["pattern"]]
    if kind == "value_error":
        return str(one["ctx"]["error"])
    return f"{one['msg']}."
