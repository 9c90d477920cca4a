"""What we tell people of a browser that asked: its name, its system and its part of the network."""

from __future__ import annotations

import ipaddress

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_words(agent: str) -> str:
    """Say which browser this is, as a person would.

    >>> device_words("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/605")
    'Safari on iPhone'
    >>> device_words("curl/8")
    'an unknown browser'
    """
    browser = next((name for sign, name in _BROWSERS if sign in agent), None)
    system = next((name for sign, name in _SYSTEMS if sign in agent), None)
    if browser is None:
        return "an unknown browser"
    return f"{browser} on {system}" if system else browser


def network_words(address: str | None) -> str:
    """Say where in the network a request came from, without the last part.

    >>> network_words("203.0.113.77"), network_words("2001:db8:1:2::3"), network_words(None)
    ('203.0.113.*', '2001:db8:1:*', 'unknown')
    """
    try:
        known = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if known.version == 4:
        return str(known).rpartition(".")[0] + ".*"
    return ":".join(format(int(part, 16), "x") for part in known.exploded.split(":")[:3]) + ":*"
