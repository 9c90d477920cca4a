"""Reads Stripe's form bodies: `a[b][]=1` becomes nested mappings and lists."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from .errors import malformed

_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_PART = re.compile(r"\[([^\[\]]*)\]")
_MOST_FIELDS = 1000


def decode(text: str) -> dict[str, Any]:
    """Read a form or query string; lists written as `a[0]` come back as `{"0": …}`.

    Raises Refusal when a name is malformed or used both as a value and as a mapping.
    """
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise malformed("The request's parameters are not a readable form.") from None
    params: dict[str, Any] = {}
    for name, value in pairs:
        _place(params, name, value)
    return params


def _place(params: dict[str, Any], name: str, value: str) -> None:
    match = _NAME.match(name)
    if match is None:
        raise malformed(f"Invalid parameter name: {name}", param=name)
    path = [match.group(1), *_PART.findall(match.group(2))]
    at: Any = params
    for here, following in pairwise(path):
        at = _step(at, here, [] if following == "" else {}, name=name)
    _set(at, path[-1], value, name=name)


def _step(at: Any, part: str, empty: Any, *, name: str) -> Any:
    if isinstance(at, list):
        if part == "" and isinstance(empty, dict):
            at.append(empty)
            return empty
        raise malformed(f"Invalid array: {name}", param=name)
    found = at.setdefault(part, empty)
    if type(found) is not type(empty):
        raise malformed(f"Invalid object: {name}", param=name)
    return found


def _set(at: Any, part: str, value: str, *, name: str) -> None:
    if isinstance(at, list):
        at.append(value)
    elif isinstance(at.get(part), dict | list):
        raise malformed(f"Invalid object: {name}", param=name)
    else:
        at[part] = value
