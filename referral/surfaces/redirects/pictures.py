"""`/q/<code>.svg` and `.png`: the QR picture of a link, small and kept long."""

from __future__ import annotations

import io
from functools import lru_cache

from flask import Response, request

from referral.domain.links import find_by_code, read_code
from referral.foundation.errors import NotFound
from referral.surfaces.web.qr import QUIET, draw
from referral.surfaces.web.settings import public_url

_SCALE = 12


def svg(code: str) -> Response:
    """Answer the picture as one path, under two kilobytes for an ordinary address."""
    return _picture(draw_svg(link_url(code)).encode(), "image/svg+xml")


def png(code: str) -> Response:
    """Answer the picture as PNG, twelve pixels a module, for cards and posters."""
    return _picture(draw_png(link_url(code)), "image/png")


def link_url(code: str) -> str:
    """Return the address of an existing code; raises NotFound."""
    link = find_by_code(read_code(code[:200]))
    if link is None:
        raise NotFound("There is no such code.")
    return public_url(f"/r/{link.code}")


def draw_svg(text: str) -> str:
    """Draw a text's code as one path on a light square."""
    path, size = draw(text)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"'
        f' shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        f'<path stroke="#000" d="{path}"/></svg>'
    )


@lru_cache(maxsize=256)
def draw_png(text: str) -> bytes:
    """Draw a text's QR code as PNG."""
    import qrcode
    from qrcode.constants import ERROR_CORRECT_M

    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET, box_size=_SCALE)
    code.add_data(text)
    picture = io.BytesIO()
    code.make_image().save(picture, "PNG")
    return picture.getvalue()


def _picture(content: bytes, kind: str) -> Response:
    answer = Response(content, content_type=kind)
    answer.headers["Cache-Control"] = "public, max-age=86400"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.add_etag()
    answer.make_conditional(request)
    return answer
