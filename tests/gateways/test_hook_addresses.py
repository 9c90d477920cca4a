"""Where a request may go: to nothing inside, however it is spelled (S-107 to S-113)."""

import socket
import threading
import time
from ipaddress import ip_network
from typing import Any

import pytest
from flask import Flask

from referral.gateways.hooks import BadAddress, NoAnswer, Reach, addresses, check_address
from referral.gateways.hooks.addresses import resolve
from referral.gateways.hooks.sending import post

CLOSED, NEAR = Reach(), Reach(loopback=True)
OFFICE = Reach(networks=(ip_network("10.1.0.0/16"), ip_network("169.254.0.0/16")))
INSIDE = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.1", "169.254.169.254", "172.16.0.1",
    "192.0.0.8", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.9",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "2130706433", "0x7f000001", "0177.0.0.1", "0",
    "::", "::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::a00:1",
    "64:ff9b:1::a00:1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
]  # fmt: skip


def answers(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name stand for these addresses."""

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.mark.parametrize("address", INSIDE)
def test_s108_nothing_inside_is_reached(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        found = socket.inet_ntoa(socket.inet_aton(address))
    except OSError:
        found = address
    answers(monkeypatch, found)
    with pytest.raises(BadAddress):
        resolve(address, 443, CLOSED)


@pytest.mark.parametrize("address", ["8.8.8.8", "2a00:1450:4001::1", "::ffff:8.8.8.8"])
def test_the_open_internet_is_reached(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, address)
    assert resolve("shop.example", 443, CLOSED) == address


def test_s111_every_address_of_a_name_must_be_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "8.8.8.8", "10.0.0.1")
    with pytest.raises(BadAddress):
        resolve("shop.example", 443, CLOSED)


def test_a_named_network_is_reached_and_link_local_never(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "10.1.2.3")
    assert resolve("shop.internal", 443, OFFICE) == "10.1.2.3"
    for address in ("10.2.0.1", "169.254.169.254"):
        answers(monkeypatch, address)
        with pytest.raises(BadAddress):
            resolve("shop.internal", 443, OFFICE)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/", "ftp://shop.example/", "file:///etc/passwd", "gopher://x/",
        "https://shop.example:6379/", "https://shop.example:0/", "https://shop.example:99999/",
        "https://a:b@shop.example/", "https://a@shop.example/", "https://shop.example/#x",
        "https://shop.example/a b", "https://shop.example/\r\nX: y", "https:///x", "https://",
        "https://[::1", "https://shöp.example/", "//shop.example/", "", "https://x/" + "y" * 400,
    ],
)  # fmt: skip
def test_s113_a_text_that_is_no_plain_address_is_refused(url: str) -> None:
    for reach in (CLOSED, NEAR):
        with pytest.raises(BadAddress):
            check_address(url, reach)


def test_s107_loopback_is_for_development_alone() -> None:
    for url in ("http://127.0.0.1:5000/x", "http://localhost:5000/", "http://[::1]:5000/"):
        assert check_address(url, NEAR).port == 5000
        with pytest.raises(BadAddress):
            check_address(url, CLOSED)


def test_https_may_use_two_ports() -> None:
    for url in ("https://shop.example/x", "https://shop.example:8443/x?y=1"):
        assert check_address(url, CLOSED).hostname == "shop.example"


def test_a_name_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: host.encode("idna"))
    for host in ("x" * 70 + ".example", "shop..example"):
        with pytest.raises(BadAddress):
            resolve(host, 443, CLOSED)


def test_f44_a_resolver_that_hangs_is_not_waited_for(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, began = threading.Event(), time.monotonic()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: goes_on.wait(10) and [])
    monkeypatch.setattr(addresses, "RESOLVE_S", 0.2)
    with pytest.raises(NoAnswer):
        post("https://shop.example/gifts", b"{}", {}, reach=CLOSED)
    assert time.monotonic() - began < 2
    goes_on.set()


def test_lookups_that_hang_do_not_gather_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on, asked = threading.Event(), []

    def hang(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        goes_on.wait(10)
        return [(0, 0, 0, "", ("8.8.8.8", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(addresses, "RESOLVE_S", 0.02)
    places = threading.BoundedSemaphore(3)
    monkeypatch.setattr(addresses, "_lookups", places)
    for _ in range(5):
        with pytest.raises(TimeoutError):
            resolve("shop.example", 443, CLOSED)
    assert len(asked) == 3
    monkeypatch.setattr(addresses, "RESOLVE_S", 5.0)
    goes_on.set()
    for _ in range(3):
        assert places.acquire(timeout=5)
    for _ in range(3):
        places.release()
    assert resolve("shop.example", 443, CLOSED) == "8.8.8.8"
