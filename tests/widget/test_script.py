"""The script itself: loaded by any page, kept for a while, small, and harmless to look at."""

import re
from pathlib import Path

from flask.testing import FlaskClient

SOURCE = Path(__file__).parents[2] / "static" / "widget" / "v1.js"


def test_any_page_may_load_the_script(client: FlaskClient):
    answer = client.get("/widget/v1.js")

    assert answer.status_code == 200
    assert answer.content_type == "text/javascript; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "max-age=300" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert answer.data == SOURCE.read_bytes()


def test_a_browser_that_has_the_script_does_not_load_it_again(client: FlaskClient):
    tag = client.get("/widget/v1.js").headers["ETag"]

    again = client.get("/widget/v1.js", headers={"If-None-Match": tag})

    assert (again.status_code, again.data) == (304, b"")


def test_the_script_travels_packed_in_seven_kilobytes(client: FlaskClient):
    answer = client.get("/widget/v1.js", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.vary
    assert len(answer.data) <= 7 * 1024


def test_the_script_writes_no_markup_and_evaluates_nothing():
    """S-66."""
    source = SOURCE.read_text()

    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function"
    assert re.findall(forbidden, source) == []
    assert re.findall(r"localStorage|document\.cookie", source) == []
    assert re.findall(r"window\.\w+\s*=[^=]|globalThis", source) == []
