"""`/widget/v1.js`: the script a business puts on its pages. It needs no database."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from flask import Response, current_app, request

_KEPT_S = 300


def read() -> Response:
    """Answer the script; any page may load it, and a browser asks again after five minutes."""
    path = Path(current_app.static_folder or "static") / "widget" / "v1.js"
    plain, packed = _contents(path, path.stat().st_mtime_ns)
    answer = Response(plain, content_type="text/javascript; charset=utf-8")
    answer.add_etag()
    if request.accept_encodings["gzip"] > 0:
        answer.set_data(packed)
        answer.content_encoding = "gzip"
        answer.set_etag(answer.get_etag()[0] or "", weak=True)
    answer.headers["Cache-Control"] = f"public, max-age={_KEPT_S}, stale-if-error=86400"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.vary.add("Accept-Encoding")
    answer.make_conditional(request)
    return answer


@lru_cache(maxsize=2)
def _contents(path: Path, _changed_ns: int) -> tuple[bytes, bytes]:
    plain = path.read_bytes()
    return plain, gzip.compress(plain, mtime=0)
