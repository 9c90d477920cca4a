"""A small app that shows every component, and a browser to look at it with."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, flash, render_template, request
from flask_babel import Babel
from flask_wtf.csrf import CSRFProtect
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from referral.surfaces.web.look import init_look

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"
)
SEEN = {
    "at": AT,
    "qr_src": "/static/img/mark.svg",
    "sample": SimpleNamespace(amount_minor=7000, currency="eur"),
    "nav": [
        {"label": "Today", "url": "/", "icon": "layout-dashboard", "current": True},
        {"label": "Rewards", "url": "/", "icon": "gift", "count": 3},
    ],
    "home_url": "/",
    "business_name": "Nordlicht Coffee",
    "operator_name": "Olive Park",
    "sign_out_url": "/",
    "practice_stripe": True,
}


@pytest.fixture(scope="session")
def gallery() -> Flask:
    """An app whose first page is the gallery of components, under the real content policy."""
    app = Flask(
        "gallery", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static")
    )
    app.config.update(SECRET_KEY="for the gallery only", BABEL_DEFAULT_LOCALE="en_GB")
    CSRFProtect(app)
    Babel(app)
    init_look(app)

    @app.get("/")
    def show() -> str:
        flash("Saved.", "success")
        return render_template("components/gallery.html", **SEEN)

    @app.get("/page")
    def page() -> str:
        return render_template(request.args["name"], brand="Nordlicht Coffee")

    @app.after_request
    def protect(response):
        response.headers["Content-Security-Policy"] = CSP
        return response

    return app


@pytest.fixture(scope="session")
def address(gallery: Flask) -> Iterator[str]:
    """The address of the gallery while it is served."""
    server = make_server("127.0.0.1", 0, gallery, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """The gallery, open in a browser; a message in its console fails the test."""
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    yield page
    context.close()
    assert complaints == []
