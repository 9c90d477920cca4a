"""One POST to a server that may be slow, hostile or gone, within fixed bounds (S-111 to S-117).

The connection goes to the very address that was checked. Redirects, proxies of the environment
and compression are not followed, and neither time nor bytes are without an end.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, cast

from referral.foundation import failpoints
from referral.foundation.db import outside_transaction
from referral.gateways.hooks.addresses import BadAddress, Reach, check_address, resolve

LONGEST_S = 15.0
"""For one try over all, from the connection to the last byte (F-44)."""
CONNECT_S = 5.0
MOST_BYTES = 64 * 1024
"""Of the whole answer, its head included."""
_DEFAULT_PORTS = {"https": 443, "http": 80}


class NoAnswer(Exception):
    """Nothing whole came back, so what became of the request is not known.

    Why is not told apart: whoever may set an address learns nothing of a network by it (S-116).
    """

    said = "No whole answer came from it within 15 seconds."


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `after_s` is how long the server asks us to wait."""

    status: int
    body: bytes
    after_s: float | None = None


def post(url: str, body: bytes, headers: Mapping[str, str], *, reach: Reach) -> Answer:
    """Send one request; raises BadAddress before anything is sent, and NoAnswer."""
    outside_transaction()
    parts = check_address(url, reach)
    host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]
    until = time.monotonic() + LONGEST_S
    try:
        wire = _connect(host, port, is_tls=parts.scheme == "https", until=until, reach=reach)
        with wire:
            kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
            connection = kind(host, port)
            connection.sock = cast(Any, wire)
            return _exchange(connection, parts.path or "/", parts.query, body, headers)
    except ssl.SSLCertVerificationError:
        raise BadAddress("Its certificate is not one that browsers trust.") from None
    except (OSError, HTTPException, _TooMuch):
        raise NoAnswer from None


def _exchange(
    connection: HTTPConnection, path: str, query: str, body: bytes, headers: Mapping[str, str]
) -> Answer:
    target = f"{path}?{query}" if query else path
    fixed = {
        "Content-Type": "application/json",
        "User-Agent": "Referral",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    failpoints.reached("CP2")
    connection.request("POST", target, body=body, headers={**fixed, **headers})
    answer = connection.getresponse()
    found = Answer(answer.status, answer.read(), _seconds(answer.getheader("Retry-After")))
    failpoints.reached("CP3")
    return found


def _connect(host: str, port: int, *, is_tls: bool, until: float, reach: Reach) -> _Wire:
    address = resolve(host, port, reach)
    plain = socket.create_connection((address, port), timeout=CONNECT_S)
    try:
        plain.settimeout(max(0.1, until - time.monotonic()))
        if not is_tls:
            return _Wire(plain, until)
        return _Wire(ssl.create_default_context().wrap_socket(plain, server_hostname=host), until)
    except BaseException:
        plain.close()
        raise


def _seconds(said: str | None) -> float | None:
    return float(said) if said and said.isascii() and said.isdigit() and len(said) < 7 else None


class _TooMuch(Exception):
    """The answer is longer than anybody reads."""


class _Wire:
    """A socket as http.client uses one, with one end of time and bytes for all that is read."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock, self._until, self._left = sock, until, MOST_BYTES

    def __enter__(self) -> _Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def sendall(self, content: bytes) -> None:
        self._set_time()
        self._sock.sendall(content)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reading(self))

    def close(self) -> None:
        """Stay open for the answer that is still read; the one who opened it closes it."""

    def read_into(self, room: memoryview) -> int:
        self._set_time()
        count = self._sock.recv_into(room)
        self._left -= count
        if self._left < 0:
            raise _TooMuch
        return count

    def _set_time(self) -> None:
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._sock.settimeout(left_s)


class _Reading(io.RawIOBase):
    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        return self._wire.read_into(memoryview(room))
