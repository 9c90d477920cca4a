"""What templates may call to draw a page: icons, addresses of assets, and the filters of ``words``.

Knows how to draw. Refuses to know any page.
"""

from functools import cache, lru_cache, partial
from pathlib import Path

from flask import Flask
from markupsafe import Markup

from referral.surfaces.web.assets import init_assets, versioned_url
from referral.surfaces.web.words import ago, count, day, hue, initials, moment, money, plain_day

ICON_FOLDER = Path("vendor") / "tabler-icons"


def init_look(app: Flask) -> None:
    """Teach the app's templates the functions and filters below."""
    static = Path(app.static_folder or "static")

    def icon(name: str, label: str | None = None, *, css: str = "") -> Markup:
        """Return the named icon as inline SVG: hidden from readers unless it has a label."""
        return _labelled(_icon_body(static / ICON_FOLDER / f"{name}.svg"), label, css)

    app.jinja_env.globals.update(icon=icon, static_url=partial(versioned_url, static))
    app.jinja_env.filters.update(
        plain_day=plain_day,
        money=money,
        moment=moment,
        day=day,
        ago=ago,
        count=count,
        initials=initials,
        hue=hue,
    )
    init_assets(app)


@cache
def _icon_body(path: Path) -> Markup:
    drawing = path.read_text(encoding="utf-8")
    paths = [line.strip() for line in drawing.splitlines() if line.strip().startswith("<path")]
    # The first path is the transparent 24 by 24 frame.
    return Markup("".join(paths[1:]))  # noqa: S704 - our own vendored file


@lru_cache(maxsize=512)
def _labelled(body: Markup, label: str | None, css: str) -> Markup:
    hidden = Markup('aria-hidden="true"')
    return Markup(
        '<svg class="icon {}" {} viewBox="0 0 24 24" width="20" height="20" fill="none" '
        'stroke="currentColor" stroke-linecap="round" stroke-linejoin="round">{}</svg>'
    ).format(css, Markup('role="img" aria-label="{}"').format(label) if label else hidden, body)
