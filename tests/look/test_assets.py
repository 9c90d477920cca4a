"""Icons are drawn inline, and assets are kept by browsers until they change."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask

ROOT = Path(__file__).parents[2]
ICONS = ROOT / "static" / "vendor" / "tabler-icons"


def draw(gallery: Flask, source: str) -> str:
    """Return the source rendered as a template."""
    with gallery.test_request_context():
        return gallery.jinja_env.from_string(source).render()


def test_an_icon_beside_words_is_silent(gallery: Flask):
    assert 'aria-hidden="true"' in draw(gallery, "{{ icon('gift') }}")


def test_an_icon_that_speaks_alone_escapes_its_label(gallery: Flask):
    drawn = draw(gallery, "{{ icon('gift', '\"><script>') }}")

    assert 'role="img" aria-label="&#34;&gt;&lt;script&gt;"' in drawn


def test_an_icon_nobody_vendored_stops_the_page(gallery: Flask):
    with pytest.raises(FileNotFoundError):
        draw(gallery, "{{ icon('nobody-drew-this') }}")


def test_every_icon_that_a_template_names_is_vendored():
    sources = [path.read_text() for path in (ROOT / "templates").rglob("*.html")]
    named = {name for source in sources for name in re.findall(r'icon\("([a-z0-9-]+)"', source)}

    assert named
    assert {name for name in named if not (ICONS / f"{name}.svg").is_file()} == set()


def kept(gallery: Flask, address: str) -> str:
    """Return how long the asset at that address may be kept."""
    with gallery.test_client().get(address) as response:
        return response.headers.get("Cache-Control", "")


def test_an_asset_with_its_version_is_kept_for_a_year(gallery: Flask):
    address = draw(gallery, "{{ static_url('css/referral.css') }}")

    assert set(kept(gallery, address).split(", ")) == {"public", "max-age=31536000", "immutable"}


def test_an_asset_without_a_version_is_asked_for_again(gallery: Flask):
    assert kept(gallery, "/static/css/referral.css") == "no-cache"


def test_a_missing_asset_is_not_kept(gallery: Flask):
    assert kept(gallery, "/static/none.css?v=1") == ""


def test_modules_share_one_version(gallery: Flask):
    drawn = draw(gallery, "{{ static_url('js/copy.js') }} {{ static_url('js/share.js') }}")

    assert len(set(re.findall(r"v=(\w+)", drawn))) == 1


def test_a_style_sheet_travels_packed_to_those_who_can_read_it(gallery: Flask):
    sheet = (ROOT / "static" / "css" / "referral.css").read_bytes()
    client = gallery.test_client()

    with client.get("/static/css/referral.css", headers={"Accept-Encoding": "gzip"}) as packed:
        assert gzip.decompress(packed.data) == sheet
        assert packed.headers["Vary"] == "Accept-Encoding"
    with client.get("/static/css/referral.css") as plain:
        assert plain.data == sheet
        assert "Content-Encoding" not in plain.headers


def test_an_asset_already_kept_is_not_sent_again(gallery: Flask):
    client = gallery.test_client()
    packed = {"Accept-Encoding": "gzip"}
    with client.get("/static/css/referral.css", headers=packed) as first:
        etag = first.headers["ETag"]

    with client.get("/static/css/referral.css", headers=packed | {"If-None-Match": etag}) as again:
        assert (again.status_code, again.data) == (304, b"")
