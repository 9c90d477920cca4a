"""Where a request may go: to https in the open internet, never inside ours (S-107 to S-113).

What counts is the address a name stands for, so every spelling of an inside address is refused.
"""

from __future__ import annotations

import re
import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import SplitResult, urlsplit

PORTS = (443, 8443)
LONGEST = 400
RESOLVE_S = 5.0
"""How long the addresses of a name are waited for."""
MOST_LOOKUPS = 32
"""How many names are looked up at once in this process; those nobody waits for any more count."""
_lookups = threading.BoundedSemaphore(MOST_LOOKUPS)
_INSIDE = [
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    )
]  # fmt: skip
"""Not the open internet (IANA's special-purpose registries), besides all outside 2000::/3."""
_GLOBAL = ip_network("2000::/3")
_LINK_LOCAL = [ip_network(text) for text in ("169.254.0.0/16", "fe80::/10")]
Network = IPv4Network | IPv6Network


class BadAddress(Exception):
    """Nothing may be sent there; `said` tells staff why."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(said)


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be reached besides the open internet, by whoever runs this installation."""

    loopback: bool = False
    networks: tuple[Network, ...] = ()

    def includes(self, address: IPv4Address | IPv6Address) -> bool:
        """Tell whether an address may be asked; what is link-local never is."""
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            return self.includes(address.ipv4_mapped)
        if any(address in network for network in _LINK_LOCAL):
            return False
        if address.is_loopback:
            return self.loopback
        if any(address in network for network in self.networks):
            return True
        if isinstance(address, IPv6Address) and address not in _GLOBAL:
            return False
        return not any(address in network for network in _INSIDE)


def check_address(text: str, reach: Reach) -> SplitResult:
    """Return the parts of an address a request may go to, as far as its text tells.

    Raises BadAddress. Plain http, and any port, are for loopback alone, where that is allowed.
    """
    if not re.fullmatch(rf"[!-~]{{1,{LONGEST}}}", text):
        raise BadAddress("Write an address such as https://shop.example/gifts.")
    try:
        parts = urlsplit(text)
        port, host = parts.port, (parts.hostname or "").rstrip(".")
    except ValueError:
        raise BadAddress("This is no address.") from None
    if parts.username is not None or parts.password is not None or "#" in text:
        raise BadAddress("Give the address without a name, a password or a #.")
    is_near = reach.loopback and _is_loopback(host)
    if not host or parts.scheme not in (("https", "http") if is_near else ("https",)):
        raise BadAddress("Use an address that begins with https://.")
    if not is_near and port not in (None, *PORTS):
        raise BadAddress("Use port 443 or 8443.")
    return parts


def resolve(host: str, port: int, reach: Reach) -> str:
    """Return the one address to connect to; every one its name stands for must be allowed.

    Raises BadAddress for one that is not, OSError for a name nobody knows, or not in time.
    """
    found = [entry[4][0] for entry in _look_up(host, port)]
    addresses = [ip_address(str(one).partition("%")[0]) for one in found]
    if not addresses or not all(reach.includes(one) for one in addresses):
        raise BadAddress("This address leads into a private network, where nothing is sent.")
    return str(found[0])


def _look_up(host: str, port: int) -> list[Any]:
    """Ask the system's resolver in a thread of its own, for the call itself knows no end.

    Raises TimeoutError when it takes too long, or when as many as may be are under way.
    """
    if not _lookups.acquire(blocking=False):
        raise TimeoutError
    answer: SimpleQueue[list[Any] | BaseException] = SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except BaseException as refusal:
            answer.put(refusal)
        finally:
            _lookups.release()

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        found = answer.get(timeout=RESOLVE_S)
    except Empty:
        raise TimeoutError from None
    if isinstance(found, UnicodeError):
        raise BadAddress("This is no address.")
    if isinstance(found, BaseException):
        raise found
    return found


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
