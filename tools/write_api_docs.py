"""Write docs/openapi.json and docs/api.md from the API's routes: `python -m tools.write_api_docs`.

A test holds both files against the routes, so every change of the contract shows in review.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from referral.surfaces.api.openapi import write_document
from referral.surfaces.api.routes import RESOURCES

DOCS = Path(__file__).parents[1] / "docs"


def main() -> None:
    """Write both files."""
    for name, text in written().items():
        (DOCS / name).write_text(text)


def written() -> dict[str, str]:
    """Return what each file must say."""
    document = write_document(RESOURCES)
    return {
        "openapi.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        "api.md": "\n".join(_page(document)),
    }


def _page(document: dict[str, Any]) -> Iterator[str]:
    yield "# The API\n"
    yield "Written from [openapi.json](openapi.json); a running server shows it at `/api/docs`.\n"
    yield document["info"]["description"]
    for tag in document["tags"]:
        yield f"## {tag['name']}\n\n{tag['description']}\n"
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if operation["tags"] == [tag["name"]]:
                    yield from _operation(f"{method.upper()} {path}", operation, document)
    yield "## Objects\n"
    for name, schema in document["components"]["schemas"].items():
        yield from _schema(name, schema)


def _operation(address: str, operation: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    yield f"### {address}\n\n{operation['summary']}.\n"
    if "description" in operation:
        yield f"{operation['description']}\n"
    asked = [one for one in operation["parameters"] if one["in"] != "header"]
    if asked:
        yield _table(
            ("in the address", "what"), [(_code(one["name"]), _asked(one)) for one in asked]
        )
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        examples = [json.dumps(one["value"], indent=2) for one in content["examples"].values()]
        yield f"Takes {_kind(content['schema'])}, such as\n"
        yield from (f"```json\n{example}\n```\n" for example in examples)
    answers = operation["responses"]
    for status, answer in answers.items():
        if status.startswith("2"):
            schema = answer["content"]["application/json"]["schema"]
            yield f"- {status} {_kind(schema)}: {answer['description']}"
    yield from _refusals(answers)
    yield ""


def _refusals(answers: dict[str, Any]) -> Iterator[str]:
    """List what is particular to a route; what any call can meet is told at the beginning."""
    for status, answer in answers.items():
        if not status.startswith("2") and "$ref" not in answer:
            codes = [line[2:] for line in answer["description"].splitlines()]
            yield from (f"- {status} {code}" for code in codes)


def _schema(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"### {name} object\n"
    yield " ".join(schema.get("description", "").split()) + "\n"
    if "enum" in schema:
        yield "One of " + ", ".join(_code(value) for value in schema["enum"]) + ".\n"
    required = schema.get("required", [])
    rows = [
        (_code(field) + ("" if field in required else " (optional)"), _told(told))
        for field, told in schema.get("properties", {}).items()
    ]
    if rows:
        yield _table(("field", "what"), rows)


def _asked(parameter: dict[str, Any]) -> str:
    return _told({"description": parameter.get("description", ""), **parameter["schema"]})


def _told(schema: dict[str, Any]) -> str:
    inner = [one for one in schema.get("anyOf", []) if "description" in one]
    description = schema.get("description") or (inner[0]["description"] if inner else "")
    return f"{_kind(schema)}. {description}".strip()


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()}-object)"
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    kind = {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(
        schema.get("type", ""), schema.get("type", "anything")
    )
    span = [str(schema[key]) for key in ("minimum", "maximum") if key in schema]
    return f"{kind} from {' to '.join(span)}" if span else kind


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    lines = [head, ("---", "---"), *rows]
    return "\n".join(f"| {left} | {right} |" for left, right in lines) + "\n"


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    main()
