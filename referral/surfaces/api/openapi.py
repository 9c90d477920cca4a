"""The OpenAPI 3.1 document, written from the routes and their models; knows no noun itself."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from referral.foundation.errors import Invalid, Refusal, TooMany, Unavailable
from referral.surfaces.api.contract import IN_PATHS, Problem
from referral.surfaces.api.door import KeyInAddress, MissingKey, PublishableKey, UnknownKey
from referral.surfaces.api.idempotency import IdempotencyMismatch
from referral.surfaces.api.layer import Overtaken, Resource, Route
from referral.surfaces.api.reading import KEY_HEADER, KEY_PATTERN
from referral.surfaces.web.errors import status_of

VERSION = "1.0.0"
_INTRODUCTION = Path(__file__).with_name("introduction.md")
_REF = "#/components/schemas/{model}"
_ALWAYS: tuple[type[Refusal], ...] = (
    MissingKey,
    UnknownKey,
    KeyInAddress,
    PublishableKey,
    TooMany,
    Unavailable,
)
_RETRY = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
_SHARED = {
    "401": "WrongKey",
    "403": "WrongKindOfKey",
    "413": "TooLarge",
    "415": "NotJson",
    "429": "TooMany",
    "503": "Unavailable",
}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string", "const": "Bearer"}}},
    429: _RETRY,
    503: _RETRY,
}


class Refused(NamedTuple):
    """One way a call can be refused."""

    status: int
    code: str
    message: str


def write_document(resources: Sequence[Resource]) -> dict[str, Any]:
    """Write the whole document; the same routes always give the same one."""
    schemas = _Schemas(resources)
    paths: dict[str, Any] = defaultdict(dict)
    for resource in resources:
        for route in resource.routes:
            operation = _operation(resource, route, schemas)
            paths[route.path][route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Referral API",
            "version": VERSION,
            "description": _INTRODUCTION.read_text(),
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"secret_key": []}],
        "tags": [{"name": one.name, "description": one.about} for one in resources],
        "paths": dict(paths),
        "components": {
            "schemas": schemas.all,
            "responses": _shared(resources, schemas),
            "securitySchemes": {
                "secret_key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A secret key of the business: `Authorization: Bearer sk_…`.",
                }
            },
        },
    }


class _Schemas:
    """The schemas of every model the routes name, and how to refer to one."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        routes = [route for resource in resources for route in resource.routes]
        wanted: dict[tuple[Any, JsonSchemaMode], None] = {(Problem, "validation"): None}
        for route in routes:
            wanted[(route.gives, "serialization")] = None
            if route.takes is not None:
                wanted[(route.takes, "validation")] = None
        self._refs, whole = models_json_schema(list(wanted), ref_template=_REF)
        written = _public(whole["$defs"])
        self.all: dict[str, Any] = {_name(name): written[name] for name in sorted(written)}

    def of(self, model: type[Any], mode: JsonSchemaMode) -> dict[str, Any]:
        """Return the reference to a model's schema."""
        referred: dict[str, Any] = _public(self._refs[(model, mode)])
        return referred

    def examples(self, reference: dict[str, Any]) -> list[Any]:
        """Return the examples a model gives of itself."""
        found: list[Any] = self.all[reference["$ref"].rsplit("/", 1)[1]].get("examples", [])
        return found


def _name(model: str) -> str:
    """Return what a model is called outside: PersonOut is a Person."""
    return model.removesuffix("Out")


def _public(schema: Any) -> Any:
    """Return a schema with the names used outside, and without titles that repeat the names."""
    if isinstance(schema, list):
        return [_public(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: _public(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }
    return {**kept, "$ref": _name(kept["$ref"])} if "$ref" in kept else kept


def _operation(resource: Resource, route: Route, schemas: _Schemas) -> dict[str, Any]:
    summary, _, description = _told(route).partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [resource.name],
        "summary": summary.rstrip("."),
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_headers(route)],
        "responses": {**_successes(route, schemas), **_refusals(route, schemas)},
    }
    if description:
        operation["description"] = description
    if route.takes is not None:
        sent = schemas.of(route.takes, "validation")
        content: dict[str, Any] = {"schema": sent}
        for number, example in enumerate(schemas.examples(sent)):
            content.setdefault("examples", {})[f"example-{number + 1}"] = {"value": example}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _told(route: Route) -> str:
    """Return what the function says of itself, with each paragraph on one line."""
    paragraphs = (route.view.__doc__ or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _path_parameters(route: Route) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", route.path):
        yield _parameter(name, "path", TypeAdapter(IN_PATHS[name]).json_schema(), required=True)


def _query_parameters(route: Route) -> Iterator[dict[str, Any]]:
    asked = _public(route.asks.model_json_schema(ref_template=_REF))
    for name, schema in asked.get("properties", {}).items():
        yield _parameter(name, "query", _without_null(schema))


def _headers(route: Route) -> Iterator[dict[str, Any]]:
    if route.takes is not None:
        schema = {
            "type": "string",
            "pattern": KEY_PATTERN,
            "description": "The same call with the same key works once and is answered the same.",
        }
        yield _parameter(KEY_HEADER, "header", schema)


def _parameter(
    name: str, place: str, schema: dict[str, Any], *, required: bool = False
) -> dict[str, Any]:
    described = {key: schema[key] for key in schema if key == "description"}
    rest = {key: schema[key] for key in schema if key != "description"}
    return {"name": name, "in": place, "required": required, **described, "schema": rest}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Say of a text in the address only what it is when it is there; it cannot be null."""
    schema = {key: value for key, value in schema.items() if key != "default" or value is not None}
    options = [one for one in schema.pop("anyOf", []) if one != {"type": "null"}]
    return {**schema, **options[0]} if options else schema


def _successes(route: Route, schemas: _Schemas) -> dict[str, Any]:
    content = {"application/json": {"schema": schemas.of(route.gives, "serialization")}}
    replayed = {
        "Idempotent-Replayed": {
            "schema": {"type": "string", "const": "true"},
            "description": "The answer of an earlier call with the same key.",
        }
    }
    headers = {"headers": replayed} if route.takes is not None else {}
    known = "Known before; nothing was made." if route.creates else "Done."
    answers = {"200": {"description": known, "content": content, **headers}}
    if route.creates:
        answers["201"] = {"description": "Made.", "content": content, **headers}
    return answers


def _refusals(route: Route, schemas: _Schemas) -> dict[str, Any]:
    """Return the refusals of a route; those that every route shares are only named."""
    return {
        status: {"$ref": f"#/components/responses/{_SHARED[status]}"}
        if status in _SHARED
        else answer
        for status, answer in _own_refusals(route, schemas).items()
    }


def _shared(resources: Sequence[Resource], schemas: _Schemas) -> dict[str, Any]:
    return {
        _SHARED[status]: answer
        for resource in resources
        for route in resource.routes
        for status, answer in _own_refusals(route, schemas).items()
        if status in _SHARED
    }


def _own_refusals(route: Route, schemas: _Schemas) -> dict[str, Any]:
    by_status: dict[int, list[Refused]] = defaultdict(list)
    for refused in _refused(route):
        by_status[refused.status].append(refused)
    schema = schemas.of(Problem, "validation")
    return {
        str(status): {
            "description": "\n".join(f"- `{one.code}`: {one.message}" for one in refused),
            "content": {"application/problem+json": {"schema": schema}},
            **({"headers": _HEADERS[status]} if status in _HEADERS else {}),
        }
        for status, refused in sorted(by_status.items())
    }


def _refused(route: Route) -> Iterator[Refused]:
    """List every way a call of a route can be refused."""
    takes: tuple[type[Refusal], ...] = ()
    if route.takes is not None:
        takes = (Overtaken, Invalid, IdempotencyMismatch)
        yield Refused(400, "bad_request", "The body is not readable as JSON.")
        yield Refused(413, "too_large", "The body is larger than 1 MB.")
        yield Refused(415, "unsupported_media_type", "The body is not application/json.")
    elif route.is_list:
        yield Refused(400, "bad_request", "`after` is not a `next` of this list.")
    yield from _as_refused((*_ALWAYS, *takes, *route.refuses, *(() if takes else (Invalid,))))


def _as_refused(kinds: Iterable[type[Refusal]]) -> Iterator[Refused]:
    for kind in kinds:
        refusal = kind()
        yield Refused(status_of(refusal), refusal.code, refusal.message)
