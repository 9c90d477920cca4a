"""The answer of a process that lives; it needs nothing of the rest to be loaded."""

from flask import Response


def alive() -> Response:
    """Answer while the process lives."""
    return Response('{"status":"ok"}\n', mimetype="application/json")
