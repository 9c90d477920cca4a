"""How every page looks and what it may do: it says that no real money is moved."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import urlsplit

from .replies import Reply


def page(
    title: str, body: str, *, leads_to: str = "", also_leads_to: str = "", status: int = 200
) -> Reply:
    """A whole page; its form may lead to these addresses in the end."""
    html = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Practice Stripe</title>
<link rel="stylesheet" href="/practice.css"></head>
<body><header><strong>Practice Stripe</strong>: no real money is moved here</header>
<main><h1>{escape(title)}</h1>{body}</main></body></html>
"""
    headers = {"Content-Type": "text/html; charset=utf-8", **safety(leads_to, also_leads_to)}
    return Reply(status, html.encode(), headers)


def safety(*leads_to: str) -> dict[str, str]:
    """Headers for a page. Chromium holds redirects after a form to form-action as well."""
    sites = ["'self'"]
    sites += [f"{one.scheme}://{one.netloc}" for one in map(urlsplit, leads_to) if one.netloc]
    policy = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {' '.join(sites)}"
    )
    return {
        "Cache-Control": "no-store",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str | None, ...]]) -> str:
    """A table under its heading, which scrolls sideways where it must."""
    if not rows:
        return f"<section><h2>{title}</h2><p>None yet.</p></section>"
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell or '-')}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    return (
        f'<section><h2>{title}</h2><div class="wide" tabindex="0" role="region" '
        f'aria-label="{title}"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody>'
        "</table></div></section>"
    )
