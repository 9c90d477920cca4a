"""The document of the API for programs, and the page that shows it to people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

from flask import Blueprint, Response, render_template

from referral.surfaces.api.layer import Resource
from referral.surfaces.api.openapi import write_document


def add_docs(blueprint: Blueprint, resources: Sequence[Resource]) -> None:
    """Serve the document and its page to anybody; the document is written once."""

    @cache
    def written() -> str:
        return json.dumps(write_document(resources))

    @blueprint.get("/v1/openapi.json")
    def document() -> Response:
        return Response(written(), content_type="application/json")

    @blueprint.get("/docs")
    def docs() -> str:
        return render_template("api/docs.html")
