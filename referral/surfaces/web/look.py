"""What templates may call to draw a page: icons, addresses of assets, and the filters of ``words``.

Knows where our assets lie and how long a browser may keep them. Refuses to know any page.
"""

from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, request, url_for
from markupsafe import Markup

from referral.surfaces.web.words import ago, count, day, hue, initials, moment, money

ICON_FOLDER = Path("vendor") / "tabler-icons"
A_YEAR_S = 31_536_000


def init_look(app: Flask) -> None:
    """Teach the app's templates the functions and filters below, and cache assets by content."""
    static = Path(app.static_folder or "static")

    def icon(name: str, label: str | None = None, *, css: str = "") -> Markup:
        """Return the named icon as inline SVG: hidden from readers unless it has a label."""
        return _labelled(_icon_body(static / ICON_FOLDER / f"{name}.svg"), label, css)

    def static_url(filename: str) -> str:
        """Return the address of an asset, which changes whenever its content does."""
        return url_for("static", filename=filename, v=_version(static / filename))

    app.jinja_env.globals.update(icon=icon, static_url=static_url)
    app.jinja_env.filters.update(
        money=money, moment=moment, day=day, ago=ago, count=count, initials=initials, hue=hue
    )
    app.after_request(_keep_versioned_assets)


@cache
def _icon_body(path: Path) -> Markup:
    drawing = path.read_text(encoding="utf-8")
    paths = [line.strip() for line in drawing.splitlines() if line.strip().startswith("<path")]
    # The first path is the transparent 24 by 24 frame.
    return Markup("".join(paths[1:]))  # noqa: S704 - our own vendored file


def _labelled(body: Markup, label: str | None, css: str) -> Markup:
    hidden = Markup('aria-hidden="true"')
    return Markup(
        '<svg class="icon {}" {} viewBox="0 0 24 24" width="20" height="20" fill="none" '
        'stroke="currentColor" stroke-linecap="round" stroke-linejoin="round">{}</svg>'
    ).format(css, Markup('role="img" aria-label="{}"').format(label) if label else hidden, body)


def _version(path: Path) -> str:
    # Modules import their neighbours by relative address, so they share one version.
    files = sorted(path.parent.glob("*.js")) if path.suffix == ".js" else [path]
    return _digest(tuple((file, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=256)
def _digest(files: tuple[tuple[Path, int], ...]) -> str:
    return sha256(b"".join(file.read_bytes() for file, _ in files)).hexdigest()[:12]


def _keep_versioned_assets(response: Response) -> Response:
    if request.endpoint == "static" and "v" in request.args and response.status_code < 400:
        response.cache_control.public = True
        response.cache_control.no_cache = None
        response.cache_control.max_age = A_YEAR_S
        response.cache_control["immutable"] = None
    return response
