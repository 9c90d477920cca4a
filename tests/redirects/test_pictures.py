"""A QR picture is small, and a camera reads the link's address off it."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from tests.redirects.street import Street

SCALE = 8


def read_off(picture: Image.Image) -> str:
    (found,) = zxingcpp.read_barcodes(picture)
    return str(found.text)


def rasterised(svg: str) -> Image.Image:
    """Draw the strokes of the picture as a browser would."""
    root = ElementTree.fromstring(svg)
    size = int(root.attrib["viewBox"].split()[2])
    picture = Image.new("L", (size * SCALE, size * SCALE), 255)
    pen = ImageDraw.Draw(picture)
    path = next(one.attrib["d"] for one in root if "stroke" in one.attrib)
    x = y = 0.0
    for command, text in re.findall(r"([MmhHvV])([^MmhHvVzZ]*)", path):
        numbers = [float(one) for one in re.findall(r"-?[\d.]+", text)]
        if command == "M":
            x, y = numbers
        elif command == "m":
            x, y = x + numbers[0], y + numbers[1]
        else:
            assert command == "h"
            box = [x * SCALE, (y - 0.5) * SCALE, (x + numbers[0]) * SCALE - 1]
            pen.rectangle([*box, (y + 0.5) * SCALE - 1], fill=0)
            x += numbers[0]
    return picture


@pytest.mark.parametrize("spell", [str, str.lower, lambda code: f"{code[:5]}-{code[5:]}"])
def test_a_camera_reads_the_address_off_both_pictures(street: Street, spell: type[str]) -> None:
    code = street.code_of()
    svg = street.client.get(f"/q/{spell(code)}.svg")
    png = street.client.get(f"/q/{spell(code)}.png")
    assert (svg.content_type, png.content_type) == ("image/svg+xml", "image/png")
    assert read_off(rasterised(svg.text)) == f"http://localhost/r/{code}"
    assert read_off(Image.open(io.BytesIO(png.data))) == f"http://localhost/r/{code}"


def test_the_svg_is_at_most_two_kilobytes(street: Street) -> None:
    sizes = [
        len(street.client.get(f"/q/{street.code_of(f'friend{number}')}.svg").data)
        for number in range(20)
    ]
    assert max(sizes) <= 2048


def test_a_known_picture_is_not_sent_again(street: Street) -> None:
    path = f"/q/{street.code_of()}.svg"
    first = street.client.get(path)
    again = street.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "max-age=86400" in first.headers["Cache-Control"]
    assert first.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize("kind", ["svg", "png"])
@pytest.mark.parametrize("code", ["ABC", "ZZZZZZZZZZ", "..%2F..%2Fetc%2Fpasswd", "x" * 3000])
def test_an_unknown_code_has_no_picture(street: Street, code: str, kind: str) -> None:
    assert street.client.get(f"/q/{code}.{kind}").status_code == 404


def test_looking_at_a_picture_is_no_visit(street: Street) -> None:
    street.client.get(f"/q/{street.code_of()}.png")
    assert (street.clicks(), street.cookie) == ([], None)
