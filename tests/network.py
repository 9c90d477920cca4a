"""Shut the network for every test, but for this machine itself."""

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest

GUARDED = ("connect", "connect_ex", "sendto", "sendmsg")


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """Fail any test whose process looks up or calls another machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in GUARDED:
            patch.setattr(socket.socket, name, _guarded(name))
        patch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo))
        yield


def _guarded(name: str) -> Any:
    call = getattr(socket.socket, name)

    def guard(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1]
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
            _refuse_unless_local(address[0])
        return call(self, *arguments)

    return guard


def _guarded_lookup(call: Any) -> Any:
    def guard(host: Any, *arguments: Any, **named: Any) -> Any:
        if host is not None:
            _refuse_unless_local(host if isinstance(host, str) else bytes(host).decode())
        return call(host, *arguments, **named)

    return guard


def _refuse_unless_local(host: str) -> None:
    if not _is_local(host):
        pytest.fail(f"a test reached for {host}: only loopback and Unix sockets are open")


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in ("", "localhost")
    return address.is_loopback or address.is_unspecified
