"""The bare limit: the same addresses answered by Flask alone, with nothing known or stored."""

from flask import Flask, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as BaseResponse

PAGE_BYTES = 12_000
_PAGE = "<!doctype html><title>bare</title>" + " " * PAGE_BYTES

app = Flask(__name__, static_folder=None)


@app.get("/healthz")
def alive() -> Response:
    """Answer while the process lives."""
    return jsonify(status="ok")


@app.get("/r/<code>")
def follow(code: str) -> BaseResponse:
    """Send everybody on."""
    return redirect(f"https://shop.example/hello?ref={code}")


@app.post("/api/v1/signups")
def sign_up() -> tuple[Response, int]:
    """Read the body and answer."""
    return jsonify(person=request.get_json()["person"]), 201


@app.post("/hooks/stripe/<business>")
def receive(business: str) -> Response:
    """Read the body and answer."""
    return jsonify(received=len(request.get_data()))


@app.get("/portal/<slug>")
def home(slug: str) -> str:
    """Answer a page of the usual size that nobody had to draw."""
    return _PAGE
