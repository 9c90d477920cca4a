"""Style sheets, scripts and fonts: their addresses, how long they are kept, how they travel.

Knows files under the static folder only. Refuses to know pages.
"""

import gzip
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, request, url_for

A_YEAR_S = 31_536_000
PACKABLE = ("text/css", "text/javascript", "application/javascript", "image/svg+xml")


def init_assets(app: Flask) -> None:
    """Let browsers keep a versioned asset for a year, and pack text for those who can read it."""
    app.after_request(_keep_when_versioned)
    app.after_request(partial(_pack, Path(app.static_folder or "static")))


def versioned_url(static: Path, filename: str) -> str:
    """Return the address of an asset, which changes whenever its content does."""
    return url_for("static", filename=filename, v=_version(static / filename))


def _version(path: Path) -> str:
    # Modules import their neighbours by relative address, so they share one version.
    files = sorted(path.parent.glob("*.js")) if path.suffix == ".js" else [path]
    return _digest(tuple((file, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=256)
def _digest(files: tuple[tuple[Path, int], ...]) -> str:
    return sha256(b"".join(file.read_bytes() for file, _ in files)).hexdigest()[:12]


def _keep_when_versioned(response: Response) -> Response:
    if request.endpoint == "static" and "v" in request.args and response.status_code < 400:
        response.cache_control.public = True
        response.cache_control.no_cache = None
        response.cache_control.max_age = A_YEAR_S
        response.cache_control["immutable"] = None
    return response


def _pack(static: Path, response: Response) -> Response:
    if request.endpoint != "static" or response.mimetype not in PACKABLE:
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code == 200 and request.accept_encodings["gzip"] > 0:
        path = static / (request.view_args or {})["filename"]
        response.close()
        response.direct_passthrough = False
        response.set_data(_packed(path, path.stat().st_mtime_ns))
        response.content_encoding = "gzip"
        # The packed bytes are the same asset but not the same bytes.
        response.set_etag(response.get_etag()[0] or "", weak=True)
    return response


@lru_cache(maxsize=64)
def _packed(path: Path, _changed_ns: int) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)
