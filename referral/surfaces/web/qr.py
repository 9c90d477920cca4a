"""A QR code as the data of one path, for those who draw it themselves."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

QUIET = 4
"""Modules of light margin around the code, as ISO/IEC 18004 demands."""


class Drawing(NamedTuple):
    """Strokes one module wide, in a square of `size` modules with its margin."""

    path: str
    size: int


@lru_cache(maxsize=512)
def draw(text: str) -> Drawing:
    """Draw a text as a QR code that survives the loss of 15 % of itself."""
    import qrcode
    from qrcode.constants import ERROR_CORRECT_M

    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET)
    code.add_data(text)
    rows = code.get_matrix()
    return Drawing("".join(_strokes(y, row) for y, row in enumerate(rows)), len(rows))


def _strokes(y: int, row: list[bool]) -> str:
    """Return a row's dark modules: relative moves over the light ones keep the path short."""
    drawn, x, at = "", 0, 0
    for is_dark, run in groupby(row):
        length = len(list(run))
        if is_dark:
            drawn += (f"m{x - at} 0" if drawn else f"M{x} {y}.5") + f"h{length}"
            at = x + length
        x += length
    return drawn
