"""Holds each answer against the document: its status, its media type and its shape."""

import re
from functools import cache
from typing import Any

from openapi_schema_validator import OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse

from referral.surfaces.api.openapi import write_document
from referral.surfaces.api.routes import RESOURCES

HERE = "urn:document"


@cache
def document() -> dict[str, Any]:
    """Return the document as it is served."""
    return write_document(RESOURCES)


def check(method: str, path: str, answer: TestResponse) -> None:
    """Refuse an answer the document does not promise; what it does not name is not its own."""
    operation = _operation(method, path)
    if operation is None:
        return
    promised = operation["responses"].get(str(answer.status_code))
    assert promised is not None, f"{method} {path} may not answer {answer.status_code}"
    if "$ref" in promised:
        promised = document()["components"]["responses"][promised["$ref"].rsplit("/", 1)[1]]
    content = promised["content"].get(answer.content_type)
    assert content is not None, f"{method} {path} may not answer {answer.content_type}"
    _validator(content["schema"]["$ref"]).validate(answer.get_json())


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for template, operations in document()["paths"].items():
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
            found: dict[str, Any] | None = operations.get(method.lower())
            return found
    return None


@cache
def _validator(reference: str) -> OAS31Validator:
    whole = Resource.from_contents(document(), default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(HERE, whole)
    return OAS31Validator({"$ref": HERE + reference}, registry=registry)
