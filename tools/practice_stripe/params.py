"""What a parameter may hold. Each check takes (value, name) and answers the cleaned value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .errors import malformed

Check = Callable[[Any, str], Any]

MOST_METADATA = 50


def text(most: int = 5000, *, may_unset: bool = False) -> Check:
    """A string of at most `most` characters; empty unsets the field or is refused."""

    def check(value: Any, name: str) -> str | None:
        if not isinstance(value, str):
            raise malformed(f"Invalid string: {name}", param=name)
        if value == "":
            if may_unset:
                return None
            raise malformed(
                f"'{name}' cannot be unset; leave it out or give it a value.",
                param=name,
                code="parameter_invalid_empty",
            )
        if len(value) > most:
            raise malformed(f"Invalid string: must be at most {most} characters", param=name)
        return value

    return check


def integer(least: int | None = None, most: int | None = None) -> Check:
    """A whole number within its bounds."""

    def check(value: Any, name: str) -> int:
        try:
            number = int(value) if isinstance(value, str) else None
        except ValueError:
            number = None
        if number is None or str(number) != value:
            raise _bad_integer(f"Invalid integer: {value}", name)
        if least is not None and number < least:
            raise _bad_integer(f"This value must be greater than or equal to {least}.", name)
        if most is not None and number > most:
            raise _bad_integer(f"This value must be less than or equal to {most}.", name)
        return number

    return check


def percentage(value: Any, name: str) -> float:
    """A share above 0 and at most 100, with at most four decimals."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise malformed(f"Invalid decimal: {value}", param=name) from None
    if not 0 < number <= 100 or round(number, 4) != number:
        raise malformed("Invalid percentage: more than 0, at most 100", param=name)
    return number


def boolean(value: Any, name: str) -> bool:
    """`true` or `false`."""
    if value not in ("true", "false"):
        raise malformed(f"Invalid boolean: {value}", param=name)
    return bool(value == "true")


def currency(value: Any, name: str) -> str:
    """A three-letter currency code, answered in lower case."""
    if not isinstance(value, str) or len(value) != 3 or not value.isascii() or not value.isalpha():
        raise malformed(f"Invalid currency: {value}", param=name)
    return value.lower()


def address_url(value: Any, name: str) -> str:
    """An absolute http or https address."""
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise malformed("Not a valid URL", param=name, code="url_invalid")
    return value


def choice(*values: str) -> Check:
    """One of the given words."""

    def check(value: Any, name: str) -> str:
        if value not in values:
            raise malformed(f"Invalid {name}: must be one of {', '.join(values)}", param=name)
        return str(value)

    return check


def array(item: Check, most: int = 100) -> Check:
    """A list, written as `name[]` or `name[0]`."""

    def check(value: Any, name: str) -> list[Any]:
        items = value
        if isinstance(value, Mapping) and list(value) == [str(n) for n in range(len(value))]:
            items = list(value.values())
        if not isinstance(items, list) or len(items) > most:
            raise malformed("Invalid array", param=name)
        return [item(one, f"{name}[{place}]") for place, one in enumerate(items)]

    return check


def table(fields: Mapping[str, Check], required: Sequence[str] = ()) -> Check:
    """A mapping of known fields: an unknown or a missing one is refused by name."""

    def check(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise malformed("Invalid object", param=name)

        def inside(field: str) -> str:
            return f"{name}[{field}]" if name else field

        unknown = [inside(field) for field in value if field not in fields]
        if unknown:
            many = "s" if len(unknown) > 1 else ""
            raise malformed(
                f"Received unknown parameter{many}: {', '.join(unknown)}",
                param=unknown[0],
                code="parameter_unknown",
            )
        for field in required:
            if field not in value:
                raise malformed(
                    f"Missing required param: {inside(field)}.",
                    param=inside(field),
                    code="parameter_missing",
                )
        return {field: fields[field](one, inside(field)) for field, one in value.items()}

    return check


def metadata(value: Any, name: str) -> dict[str, str]:
    """Names up to 40 and values up to 500 characters; empty values mean "delete"."""
    if value == "":
        return {"": ""}
    if not isinstance(value, Mapping) or len(value) > MOST_METADATA:
        raise malformed("Invalid metadata: a mapping of at most 50 names", param=name)
    for key, one in value.items():
        if not isinstance(one, str) or len(one) > 500 or len(key) > 40:
            raise malformed("Invalid metadata: name or value too long", param=f"{name}[{key}]")
    return dict(value)


def merged(old: Mapping[str, str], change: Mapping[str, str] | None) -> dict[str, str]:
    """Apply a metadata parameter to what is there, as Stripe does."""
    if not change:
        return dict(old)
    if "" in change:
        return {}
    both = {**old, **change}
    return {key: value for key, value in both.items() if value != ""}


EXPAND = array(text(500))
_SPAN = table({bound: integer(0) for bound in ("gt", "gte", "lt", "lte")})


def moment_span(value: Any, name: str) -> Any:
    """A moment in Unix seconds, or bounds for one."""
    return _SPAN(value, name) if isinstance(value, Mapping) else integer(0)(value, name)


def body(fields: Mapping[str, Check], required: Sequence[str] = ()) -> Check:
    """The parameters of a call that is not a list."""
    return table({**fields, "expand": EXPAND}, required)


def page(fields: Mapping[str, Check] | None = None, *, by_time: bool = True) -> Check:
    """The parameters of a list, which most can narrow by time."""
    cursor = text(255)
    paging = {"limit": integer(1, 100), "starting_after": cursor, "ending_before": cursor}
    span = {"created": moment_span} if by_time else {}
    return table({**paging, **span, "expand": EXPAND, **(fields or {})})


def _bad_integer(message: str, name: str) -> Exception:
    return malformed(message, param=name, code="parameter_invalid_integer")
